package diag

// Codes of implicit resources.
const (
	ImplicitFile        Code = "TEN1101"
	ImplicitObject      Code = "TEN1102"
	ImplicitRefused     Code = "TEN1103"
	ImplicitPlaceholder Code = "TEN1104"
	ImplicitTwice       Code = "TEN1105"
	ImplicitMerge       Code = "TEN1106"
	ImplicitLeftOut     Code = "TEN1107"
	ImplicitNobody      Code = "TEN1108"
	LockMissing         Code = "TEN1110"
	LockDiffers         Code = "TEN1111"
	LockStale           Code = "TEN1112"
	LockDamaged         Code = "TEN1113"
	ImplicitSchema      Code = "TEN1114"
)

var implicitEntries = []Entry{
	{
		Code: ImplicitFile, Severity: Error,
		Title: "A file with implicit objects cannot be used",
		Explain: "files names YAML files with Kubernetes objects, relative to the directory of the document and below it. One is " +
			"missing, is no YAML, or holds no object. The document stays as it was last good.",
	},
	{
		Code: ImplicitObject, Severity: Error,
		Title: "An implicit object is not one that an API server takes",
		Explain: "An object needs an apiVersion, a kind and a name, and no namespace. Objects of Kubernetes' own kinds are read as " +
			"strictly as kubectl can: a field that does not exist, a value of the wrong type or an invalid name is an error. What an " +
			"API server refuses would keep everything from being applied that stands beside it.",
	},
	{
		Code: ImplicitRefused, Severity: Error,
		Title: "The object may not be given",
		Explain: "Implicit objects stand in namespaces of logical clusters and must not undermine the platform: nothing that belongs to a " +
			"whole cluster, no name or mark of the platform's own, no secrets in plain text, nothing that a full quota could refuse. " +
			"Documents inside orgs/ are an organization's own: they give ConfigMaps, ServiceAccounts, and RoleBindings to the roles " +
			"view, edit and admin of the logical cluster. docs/implicit.md lists the rules.",
	},
	{
		Code: ImplicitPlaceholder, Severity: Error,
		Title: "A placeholder cannot be filled in",
		Explain: "${tenantry.dev/FIELD} stands for a value of the logical cluster that an object goes to. The set of fields is closed. A " +
			"placeholder in a name or a label must give a valid one whatever it stands for, and a label of the logical cluster may be " +
			"used only where the selector demands that the label is there.",
	},
	{
		Code: ImplicitTwice, Severity: Error,
		Title: "Two implicit documents give the same object",
		Explain: "The same kind and name would stand twice in a namespace. Where two documents collide in some logical clusters, these " +
			"get the object of the document that stands further up, and nobody else is affected. Rename one of the objects, or let " +
			"the selectors exclude each other.",
	},
	{
		Code: ImplicitMerge, Severity: Error,
		Title: "The merge rule cannot hold for the object",
		Explain: "merge and tenant-wins leave an object to the tenants in part or in whole. That would not be safe for roles and role " +
			"bindings, and merge is for ConfigMaps and ServiceAccounts only: in another kind a tenant's fields could make the whole " +
			"object invalid.",
	},
	{
		Code: ImplicitLeftOut, Severity: Warning,
		Title: "Some logical clusters do not get an implicit object",
		Explain: "A document reaches logical clusters that cannot have one of its objects: they do not bind its API, their quota counts " +
			"such objects, or their physical cluster has Argo CD, which cannot create an object only where there is none. They get the " +
			"other objects. Narrow the selector, or change what stands in the way.",
	},
	{
		Code: ImplicitNobody, Severity: Warning,
		Title: "An implicit document reaches nobody",
		Explain: "No logical cluster below the directory of the document matches its selector and classes. It may be meant for later; " +
			"most often something is misspelt.",
	},
	{
		Code: LockMissing, Severity: Error,
		Title: "An implicit document waits to be accepted",
		Explain: "A locked implicit document gives nobody anything until `tenantry lock --accept` has recorded what it gives and whom it " +
			"reaches, in a file beside it that the same pull request carries.",
	},
	{
		Code: LockDiffers, Severity: Error,
		Title: "An implicit document differs from what was accepted",
		Explain: "The content or the selector of a locked implicit document changed. Every logical cluster stays with what was accepted " +
			"last, until `tenantry lock --accept` records the change. The lock's own difference shows a reviewer whom it reaches.",
	},
	{
		Code: LockStale, Severity: Error,
		Title: "A lock holds an implicit document that is gone",
		Explain: "The document was removed, renamed or unlocked, and its lock still holds it: every logical cluster keeps what was " +
			"accepted. `tenantry lock --accept` removes the lock, and with it the objects. Put the document back if that is not meant.",
	},
	{
		Code: LockDamaged, Severity: Error,
		Title: "A lock cannot be read",
		Explain: "The file was edited by hand or merged wrongly: its digests do not fit what it holds. What was built last stays. Take the " +
			"file from the last good commit, or write it anew with `tenantry lock --accept`.",
	},
	{
		Code: ImplicitSchema, Severity: Error,
		Title: "An implicit custom resource does not fit its definition",
		Explain: "The object is held against the CustomResourceDefinitions of its kind in the API sets outside orgs/, with the API server's own code: fields that " +
			"do not exist, types, bounds, and rules in CEL, after defaults are filled in. Placeholders are filled in with the extremes of what they may stand for. " +
			"Where several definitions of the kind serve the version, the object must fit all of them. What an API server refuses would keep everything from being applied " +
			"that stands beside it.",
	},
}
