package diag

// Codes of plans.
const (
	PlanDeletion    Code = "TEN0901"
	PlanMove        Code = "TEN0902"
	PlanReplacement Code = "TEN0903"
	PlanSuspension  Code = "TEN0904"
	PlanEscalation  Code = "TEN0905"
	PlanBudget      Code = "TEN0906"
	PlanLoosening   Code = "TEN0907"
	PlanBreaking    Code = "TEN0908"
)

var planEntries = []Entry{
	{
		Code: PlanDeletion, Severity: Warning, Title: "A change deletes data",
		Explain: "The change declares a logical cluster deleted, or releases the copy that a move left behind. The next build " +
			"renders the objects once more, without protection; a build for a later date leaves them out, and the GitOps engine " +
			"deletes the namespaces with everything in them. Until that later build it can be taken back. " +
			"`tenantry plan --fail-on deletion` makes it an error.",
	},
	{
		Code: PlanMove, Severity: Warning, Title: "A change moves a logical cluster to another physical cluster",
		Explain: "The logical cluster is built on the other physical cluster, empty. Its copy on the one that it leaves stays, " +
			"frozen, with all data, until placement.release names it. The team brings its data over by itself. " +
			"`tenantry plan --fail-on move` makes it an error.",
	},
	{
		Code: PlanReplacement, Severity: Warning, Title: "A change can't be applied to an object that stands",
		Explain: "A field changes that the API server does not let change. The GitOps engine reports an error for everything that " +
			"it applies together with the object, until somebody deletes the object; then it is created anew. " +
			"`tenantry plan --fail-on replacement` makes it an error.",
	},
	{
		Code: PlanSuspension, Severity: Warning, Title: "A change suspends a logical cluster",
		Explain: "The logical cluster is in error and held at its last good document, and that one can't be had under the rules " +
			"of the change. Its tenants lose their access; workloads and data stay. " +
			"`tenantry plan --fail-on suspension` makes it an error.",
	},
	{
		Code: PlanEscalation, Severity: Warning, Title: "A change gives access that deserves a second look",
		Explain: "Somebody gains access to secrets, to running containers or to tokens of service accounts, may impersonate, " +
			"escalate, bind or hand on rights, gains a wildcard, or gains access in another top-level organization. The message " +
			"says which. The roles edit and admin give some of it wherever their API set binds the resources. " +
			"`tenantry plan --fail-on escalation` makes it an error.",
	},
	{
		Code: PlanBudget, Severity: Warning, Title: "A change crosses a budget",
		Explain: "After the change the worst case of an organization with all below it, or of a logical cluster, is above its budget, " +
			"and before it was not, or by less. That comes of prices or factors that rise, of a budget that is lowered, or of what an " +
			"overcommitted budget lets in; a request that does not fit at all is an error of its own. " +
			"`tenantry plan --fail-on budget` makes it an error.",
	},
	{
		Code: PlanLoosening, Severity: Warning, Title: "A change loosens a limit",
		Explain: "Something that was refused before may pass: a policy is removed, enforced less strictly, or reaches fewer logical " +
			"clusters; an exemption lifts one; a pattern, a ceiling, a budget or an offer bounds less; a Pod Security level or a network " +
			"stance is lowered. Where it cannot be shown that a change of rules, parameters, selectors or patterns only refuses more, " +
			"it counts as one that may loosen. `tenantry plan --fail-on loosening` makes it an error.",
	},
	{
		Code: PlanBreaking, Severity: Warning, Title: "A change breaks an API for those who bind it",
		Explain: "A version of an API set gives something else under its name, a channel names another version, or a version is removed, " +
			"and logical clusters bind it: what was valid may be refused, or, by the promise full, what is read may surprise an old " +
			"client. It is judged by the stricter promise of the two sides. `tenantry api diff` tells each change with the rule that " +
			"judges it. `tenantry plan --fail-on breaking` makes it an error.",
	},
}
