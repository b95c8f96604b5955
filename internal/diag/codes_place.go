package diag

// Codes of placing.
const (
	Unplaceable        Code = "TEN0401"
	ClusterVanished    Code = "TEN0402"
	BackingUnsupported Code = "TEN0403"
	FormerKey          Code = "TEN0404"
	NameTaken          Code = "TEN0405"
	CannotMove         Code = "TEN0406"
	EarlyRelease       Code = "TEN0407"
	DefinitionConflict Code = "TEN0408"
	KeyDeparted        Code = "TEN0409"
	StillLeaving       Code = "TEN0410"
	NoLongerFits       Code = "TEN0411"
	OverCapacity       Code = "TEN0412"
	Unbounded          Code = "TEN0413"
	CutTooLarge        Code = "TEN0414"
	Departed           Code = "TEN0415"
	StaysAsPublished   Code = "TEN0416"
	Departing          Code = "TEN0417"
)

var placeEntries = []Entry{
	{
		Code: Unplaceable, Severity: Error, Title: "No physical cluster can take a logical cluster",
		Explain: "A new logical cluster needs a physical cluster that supports its backing, stands in one of its regions, " +
			"matches its clusterSelector, has no taint that it does not tolerate, serves the definitions of the APIs that it " +
			"binds, and has room for its whole quota. None has all of these, or the one that placement.cluster demands has not. " +
			"The message goes through the physical clusters one by one. The logical cluster is not built until there is a place " +
			"for it; nobody else is affected.",
	},
	{
		Code: ClusterVanished, Severity: Error, Title: "Logical clusters stand on a physical cluster that is no longer declared",
		Explain: "The document of a physical cluster was removed while logical clusters stand on it. They are not moved, since " +
			"their data would not move with them, and nothing is rendered for them, since the compiler no longer knows the " +
			"physical cluster. What runs there goes on, unmanaged. Declare the physical cluster again, move the logical clusters " +
			"with placement.cluster or delete them, and remove the document when nothing is left on it.",
	},
	{
		Code: BackingUnsupported, Severity: Error, Title: "A physical cluster does not support the backing of a logical cluster on it",
		Explain: "A logical cluster changed its backing, or its physical cluster changed the backings that it supports. A backing " +
			"can't be changed in place: demand a physical cluster that supports it with placement.cluster. The logical cluster " +
			"is moved there, and its copy on the old one stands until it is released.",
	},
	{
		Code: FormerKey, Severity: Error, Title: "A former key can't be taken over",
		Explain: "With `formerly`, a logical cluster or an organization that was renamed takes over the placement and the " +
			"namespaces of its former key. Here that is ambiguous: the new key was built already, or several former keys were, " +
			"or two documents claim the same one. Two logical clusters never become one, since each has namespaces and data of " +
			"its own.",
	},
	{
		Code: NameTaken, Severity: Error, Title: "A namespace finds no name on its physical cluster",
		Explain: "The name of a namespace on a physical cluster is derived from the key of the logical cluster and the name of " +
			"the namespace. Where that name is reserved or was ever given to another namespace there, a name with a hash is used " +
			"instead. Here that one is taken, too, by a namespace that stands or once stood. Names are not given twice, since " +
			"access and data could outlive their owner.",
	},
	{
		Code: CannotMove, Severity: Error, Title: "A logical cluster can't be moved to the physical cluster that it demands",
		Explain: "placement.cluster names another physical cluster than the one that the logical cluster stands on, and that one " +
			"can't take it: its backing, region, labels, taints, API definitions or capacity stand against it. The logical " +
			"cluster stays where it is.",
	},
	{
		Code: EarlyRelease, Severity: Error, Title: "A physical cluster is released in the same step as it is left",
		Explain: "A move leaves a frozen copy of the logical cluster on the physical cluster that it came from, with all data, " +
			"until placement.release lists that physical cluster: then the copy is deleted. A release that stands there before " +
			"the move would delete the copy before anything could be brought over. It may be left from an earlier move: take it " +
			"out, move, and put it in again when the data is where it belongs.",
	},
	{
		Code: DefinitionConflict, Severity: Error, Title: "Logical clusters on one physical cluster bind definitions of a resource that don't go together",
		Explain: "A physical cluster serves one CustomResourceDefinition of each name, put together from all versions of the API set that " +
			"logical clusters there bind. Here that can't be done: the message says what stands against it. What stays is the content that " +
			"most logical clusters bind whose documents did not change, with all that goes together with it; whoever changed is held at the last good document, or the API " +
			"set is, if it changed under them. Change the version for all together, move one side with placement.cluster, or add a " +
			"version to the API set that has what both have.",
	},
	{
		Code: KeyDeparted, Severity: Error, Title: "A deleted logical cluster can't be brought back",
		Explain: "The logical cluster was deleted, and its namespaces were removed from their physical cluster. A document that " +
			"makes it active again would be a new, empty one that looks like the old. Choose another name, or remove the document, " +
			"build on a later day, which forgets the old one, and declare it anew.",
	},
	{
		Code: StillLeaving, Severity: Warning, Title: "A copy of a moved logical cluster waits to be released",
		Explain: "After a move, the copy on the physical cluster that was left stands with all its data, frozen and protected, " +
			"and takes up capacity. It is deleted only when placement.release of the logical cluster lists that physical cluster. " +
			"This is repeated in every build until then.",
	},
	{
		Code: NoLongerFits, Severity: Warning, Title: "A logical cluster stays where it could no longer be placed anew",
		Explain: "The regions, the clusterSelector or the tolerations of a logical cluster, or the region, labels or taints of " +
			"its physical cluster changed, and the two no longer match. A logical cluster is never moved without its document " +
			"saying where to, so it stays. Demand another physical cluster with placement.cluster to move it.",
	},
	{
		Code: OverCapacity, Severity: Warning, Title: "A physical cluster holds more than its capacity",
		Explain: "Capacity decides only where new logical clusters are placed. Quotas that grew, or a capacity that was lowered, " +
			"can bring the sum of what stands on a physical cluster above it. Nothing is moved and nothing new is placed there. " +
			"Copies that a move left behind count until they are gone.",
	},
	{
		Code: Unbounded, Severity: Warning, Title: "A capacity is bounded that quotas on the physical cluster leave open",
		Explain: "The sum of quotas is compared with a physical cluster's capacity. Logical clusters that stand there without a " +
			"quota for one of its amounts count as nothing, so the sum says less than what may be used. New logical clusters " +
			"without such a quota are not placed there.",
	},
	{
		Code: CutTooLarge, Severity: Warning, Title: "A cut holds more objects than it should",
		Explain: "What is rendered for a physical cluster is applied in cuts, each a Kustomization or an Application with at most " +
			"settings.gitops.cut objects, since the time to apply one grows with the square of its size. A logical cluster never " +
			"changes its cut, since that could delete its objects, so a cut whose logical clusters grew can become too large. It " +
			"still works, and gets slower.",
	},
	{
		Code: Departed, Severity: Note, Title: "A deleted logical cluster is gone",
		Explain: "All steps of the deletion are done: nothing is rendered for the logical cluster any more. Its document has no " +
			"purpose left and can be removed, which also forgets its placement and frees its key.",
	},
	{
		Code: Departing, Severity: Note, Title: "A logical cluster is on its way to be deleted",
		Explain: "Its document declares it deleted. It first stays for settings.deletion.grace days, frozen and protected: tenants can " +
			"read and not write, and workloads run. Then its objects are rendered once more without protection, and they go when this has been applied: when " +
			"build is told so with --status, or after three of the engine's intervals. hold: true in the document stops this at any " +
			"step and protects everything again, and state: \"active\" takes it back. The message says on which day the next step follows.",
	},
	{
		Code: StaysAsPublished, Severity: Error, Title: "A logical cluster stays as it was published",
		Explain: "A document is in error, and its last good version is worth less under the rules of this version of tenantry than " +
			"what was published: access, an API, quota or an object would go although neither the document nor anything above it says so. " +
			"So the files and pins of the logical cluster stay as they are. Everything else is built and published, and the run exits 1. " +
			"Mend the document. Once anything changes that is above the logical cluster, such as the access of its organization, its class " +
			"or a policy, or a date comes that is named there, the logical cluster is built like any other.",
	},
}
