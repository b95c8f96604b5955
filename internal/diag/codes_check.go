package diag

// Codes of the check pass: what documents may say where they stand.
const (
	APINotOffered       Code = "TEN0301"
	ClassNotOffered     Code = "TEN0302"
	RegionNotOffered    Code = "TEN0303"
	OfferExceeds        Code = "TEN0304"
	ChannelNotOffered   Code = "TEN0307"
	UnknownOffer        Code = "TEN0305"
	ClassParent         Code = "TEN0306"
	CeilingExceeded     Code = "TEN0310"
	CeilingLowered      Code = "TEN0311"
	CeilingUnbounded    Code = "TEN0312"
	LimitExceeded       Code = "TEN0313"
	LimitOverruled      Code = "TEN0314"
	LabelOwned          Code = "TEN0320"
	LabelValueRefused   Code = "TEN0321"
	UnknownCluster      Code = "TEN0330"
	PlacementRegion     Code = "TEN0331"
	SourceNamespace     Code = "TEN0332"
	UnknownRegion       Code = "TEN0333"
	UnknownRelease      Code = "TEN0334"
	TooManyObjects      Code = "TEN0335"
	ReservedName        Code = "TEN0340"
	ReservedClusterName Code = "TEN0341"
	FormerKeyStands     Code = "TEN0350"
	FormerKeyTwice      Code = "TEN0351"
	FormerKeyElsewhere  Code = "TEN0352"
	FormerKeyDeleted    Code = "TEN0353"
	SunsetPassed        Code = "TEN0360"
	CRDConflict         Code = "TEN0361"
)

var checkEntries = []Entry{
	{
		Code: APINotOffered, Severity: Error,
		Title: "The API is not offered here",
		Explain: "An organization's offers limit which API sets logical clusters below it may bind; an organization " +
			"further down can only narrow them. Bind what is offered, or ask the owners of the organization to " +
			"offer more.",
	},
	{
		Code: ChannelNotOffered, Severity: Warning,
		Title: "A channel moved to a version that is not offered",
		Explain: "A channel of an API set names another version than before, and an organization does not offer that " +
			"one. Logical clusters that bind the channel stay at the version that they had: nobody asked to lose the " +
			"API. New ones can't bind the channel. Offer the version, or move the channel back.",
	},
	{
		Code: ClassNotOffered, Severity: Error,
		Title: "The class is not offered here",
		Explain: "An organization's offers limit which classes logical clusters below it may have. Use one that is " +
			"offered, or ask the owners of the organization to offer more.",
	},
	{
		Code: RegionNotOffered, Severity: Error,
		Title: "The region is not offered here",
		Explain: "An organization's offers limit the regions in which logical clusters below it may stand. Where a " +
			"class or an organization's defaults name regions, those that are not offered fall away; what a " +
			"document itself names must be offered.",
	},
	{
		Code: OfferExceeds, Severity: Error,
		Title: "An organization offers what it does not have",
		Explain: "Offers narrow down the tree: an organization can't offer an API set, a class or a region that an " +
			"organization above it does not offer.",
	},
	{
		Code: UnknownOffer, Severity: Error,
		Title: "An offer or a rule names something that does not exist",
		Explain: "The name is one that no document declares, so the offer or rule can't mean what its author had in " +
			"mind; most often it is misspelt.",
	},
	{
		Code: ClassParent, Severity: Error,
		Title: "The class may not be used in this organization",
		Explain: "A class can say in which organizations its logical clusters may stand, by path or by the " +
			"organization's labels. This one says that they may not stand here.",
	},
	{
		Code: CeilingExceeded, Severity: Error,
		Title: "The sum exceeds a ceiling",
		Explain: "A ceiling bounds how many logical clusters an organization may have in all its subtree, or the sum " +
			"of their quotas. New and changed documents are held, in the order of their keys, from the point " +
			"where the sum goes over. Ask for less, or ask the owners of the organization for a higher ceiling.",
	},
	{
		Code: CeilingLowered, Severity: Error,
		Title: "What exists exceeds a ceiling",
		Explain: "A ceiling was set below what logical clusters already have. Nothing is taken from anybody: quotas " +
			"stay as they are, but nothing can be added until the sum is below the ceiling again. Lower the " +
			"quotas below the organization, or raise the ceiling.",
	},
	{
		Code: CeilingUnbounded, Severity: Error,
		Title: "A quota lacks an amount that a ceiling bounds",
		Explain: "A ceiling bounds a sum, so every logical cluster below must say how much it may take; one that says " +
			"nothing may take everything. Add the amount to the logical cluster, its class, or an organization's " +
			"defaults.",
	},
	{
		Code: LimitExceeded, Severity: Error,
		Title: "What a logical cluster comes to breaks a limit",
		Explain: "A pattern limits what a logical cluster may come to, wherever that is said: in its document, in the " +
			"defaults or the access of an organization, or in the class that is chosen. The document in error is " +
			"the one that says or chooses it, in the directory of the pattern or below. An organization is held at " +
			"its last good version, and nothing of its logical clusters changes.",
	},
	{
		Code: LimitOverruled, Severity: Warning,
		Title: "What comes from above a limit does not keep to it",
		Explain: "A pattern judges what is said or chosen in its directory or below. A class, a default or the access of " +
			"an organization above the pattern, or a default of the schema, goes before it, and nobody is held for " +
			"it. If the limit is to hold, say the value in documents of the directory; else change the limit.",
	},
	{
		Code: LabelOwned, Severity: Error,
		Title: "The label is not the document's to set",
		Explain: "settings.labels names who may set a label. One that the platform owns comes from classes or from " +
			"patterns outside orgs/. One that organizations own comes also from organizations' documents, or from " +
			"patterns in directories above the logical cluster's own. Otherwise a team could pick the policies " +
			"that reach it.",
	},
	{
		Code: LabelValueRefused, Severity: Error,
		Title: "The label has a value that is not allowed",
		Explain: "settings.labels lists the values that the label may have, and selectors of classes and policies " +
			"count on these. Use one of them, or have the platform team add the value.",
	},
	{
		Code: UnknownCluster, Severity: Error,
		Title:   "The physical cluster does not exist",
		Explain: "placement.cluster must name a physical cluster that a document outside orgs/ declares.",
	},
	{
		Code: PlacementRegion, Severity: Error,
		Title: "The physical cluster stands in a region that is not acceptable",
		Explain: "placement.cluster demands a physical cluster whose region is not among those that the logical " +
			"cluster accepts or that its organizations offer. Change one of the two.",
	},
	{
		Code: SourceNamespace, Severity: Error,
		Title: "The source needs one of the logical cluster's namespaces",
		Explain: "Objects in a team's repository that name no namespace go to source.namespace. It must be one of the " +
			"logical cluster's namespaces, and must be named where there are several.",
	},
	{
		Code: UnknownRegion, Severity: Error,
		Title: "No physical cluster stands in the region",
		Explain: "A region is a name that physical clusters carry. With none of them in it, the logical cluster could " +
			"not be placed there.",
	},
	{
		Code: UnknownRelease, Severity: Warning,
		Title: "A released physical cluster is not known",
		Explain: "placement.release allows the copy on a physical cluster that was left behind by a move to be " +
			"deleted. A name that no physical cluster has does nothing; most often it is misspelt.",
	},
	{
		Code: TooManyObjects, Severity: Error,
		Title: "The logical cluster is too large for one",
		Explain: "A logical cluster is applied as a whole, together with others, and a GitOps engine takes a time that " +
			"grows with the square of the objects. So one logical cluster is at most a thousand objects: for each " +
			"namespace four, and one more for each subject with access. It carries at most a hundred labels.",
	},
	{
		Code: ReservedName, Severity: Error,
		Title: "The name is reserved",
		Explain: "Namespaces on physical clusters are named after organizations. The names kube, openshift, default, " +
			"tenantry, flux-system and argocd, and those that begin with kube-, openshift- or tenantry-, would " +
			"collide with Kubernetes' or the platform's own.",
	},
	{
		Code: ReservedClusterName, Severity: Error,
		Title: "The physical cluster's name is reserved",
		Explain: "management, bootstrap and platform are names of parts of the output, which has a directory for each " +
			"physical cluster beside them.",
	},
	{
		Code: FormerKeyStands, Severity: Error,
		Title: "The former key still stands",
		Explain: "formerly names an earlier key of the same document. A document that stands under that key is another " +
			"one, whose namespaces can't be taken over. Remove it, or leave it out of formerly.",
	},
	{
		Code: FormerKeyTwice, Severity: Error,
		Title: "Two documents claim the same former key",
		Explain: "The namespaces of a former key can go to one successor only. Keep the key in the formerly of one " +
			"document.",
	},
	{
		Code: FormerKeyElsewhere, Severity: Error,
		Title: "A logical cluster of another organization is not given away",
		Explain: "formerly names a key that belongs to another organization, so the namespaces and the data in them " +
			"would go over to this one. That needs the word of the organization that gives: movesTo in its document, " +
			"or in that of an organization above it, names the logical cluster and the key that it gets. An organization " +
			"that is renamed keeps its old document, with movesTo for each logical cluster, until they have moved. What " +
			"merely vanished is nobody's to take.",
	},
	{
		Code: FormerKeyDeleted, Severity: Error,
		Title: "A document would take over a logical cluster to delete it",
		Explain: "A new document that says state: \"deleted\" and names a former key would delete the namespaces and " +
			"data of whatever stands under that key, and those who own it would see another name go. Declare the " +
			"deletion in the document that stands under the key.",
	},
	{
		Code: SunsetPassed, Severity: Error,
		Title: "The bound version is past its sunset",
		Explain: "After the sunset of a deprecated version nobody can newly bind it. A binding that stood before is " +
			"only warned about; a new or changed document is held until it binds another version. Nobody else is " +
			"affected.",
	},
	{
		Code: CRDConflict, Severity: Error,
		Title: "Two bound APIs define the same custom resource differently",
		Explain: "A physical cluster serves one CustomResourceDefinition for each resource. A logical cluster that " +
			"binds two versions which define one resource differently can't stand on any. Bind versions that " +
			"agree.",
	},
}
