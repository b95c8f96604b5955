package diag

// Codes of patches and transformers of rendered objects.
const (
	PatchInvalid    Code = "TEN0570"
	PatchPlace      Code = "TEN0571"
	PatchRefused    Code = "TEN0572"
	PatchFailed     Code = "TEN0573"
	PatchUnmatched  Code = "TEN0574"
	PatchOverridden Code = "TEN0575"
)

var patchesEntries = []Entry{
	{
		Code: PatchInvalid, Severity: Error, Title: "A patch or a transformer can't be read",
		Explain: "A patch has a target and either a strategic merge or a list of JSON patch operations; a transformer has labels, commonAnnotations or images. " +
			"A target is written as kustomize has it: names are regular expressions, selectors are those of Kubernetes. Placeholders of parameters name parameters of the module.",
	},
	{
		Code: PatchPlace, Severity: Error, Title: "A policy inside orgs/ has patches of its own",
		Explain: "What is rendered is the platform's, and so is what may be changed in it. Inside orgs/ a policy uses a module, which stands outside: there the platform says what can be " +
			"set, and the parameters say to what.",
	},
	{
		Code: PatchRefused, Severity: Error, Title: "A patch changes what it may not change",
		Explain: "A patch never changes what an object is (its kind, its name, its namespace), nor what keeps tenants apart: of Namespaces, quotas, limits, RBAC, network policies, what " +
			"the GitOps engine reads, and of everything else that no implicit document gives, it changes labels and annotations only, and none by which the platform, Kubernetes or the engine tell " +
			"what to do. A policy inside orgs/ only adds labels and annotations. The object stays as it is without the policy. With enforcement deny a policy that is new or changed is held at its last " +
			"good version, else the logical cluster that is; with warn or audit it is only said.",
	},
	{
		Code: PatchFailed, Severity: Error, Title: "A patch can't be made",
		Explain: "An object of a logical cluster does not have what the patch builds on, or would be refused by the API server with it. The object stays as it is without the policy. With " +
			"enforcement deny a policy that is new or changed is held at its last good version, else the logical cluster that is; with warn or audit it is only said. Narrow the target, " +
			"select other logical clusters, or exempt.",
	},
	{
		Code: PatchUnmatched, Severity: Warning, Title: "A patch changes no object",
		Explain: "The policy reaches logical clusters, and no object that is rendered for them fits the target. The names in a target are regular expressions that fit the whole name; a Namespace " +
			"stands in no namespace; what teams deploy themselves is not rendered, and is changed by mutations.",
	},
	{
		Code: PatchOverridden, Severity: Warning, Title: "Two policies set one field to different values",
		Explain: "Both policies reach one logical cluster, and both set a field of an object there. The upper one has the last word, so what the lower one says of this field comes to nothing. " +
			"Narrow one of them by its target or its selector, or exempt.",
	},
}
