package diag

// Codes of the resolve pass: what documents say together.
const (
	UnknownClass         Code = "TEN0201"
	UnknownAPISet        Code = "TEN0202"
	UnknownAPIVersion    Code = "TEN0203"
	RemovedAPIVersion    Code = "TEN0204"
	DeprecatedAPIVersion Code = "TEN0205"
	MissingOrganization  Code = "TEN0210"
	NoOrganization       Code = "TEN0211"
	KeyTaken             Code = "TEN0212"
	NoClass              Code = "TEN0213"
	UnknownResource      Code = "TEN0220"
	ResourceRefused      Code = "TEN0221"
	CRDFileUnusable      Code = "TEN0222"
	CRDInvalid           Code = "TEN0223"
	VersionNotServed     Code = "TEN0224"
	VerbRefused          Code = "TEN0225"
	APISetBroken         Code = "TEN0226"
	SunsetWithoutEnd     Code = "TEN1221"
	AmountInvalid        Code = "TEN0230"
	NamespaceQuota       Code = "TEN0232"
	QuotaLeft            Code = "TEN0233"
	AmountTiny           Code = "TEN0234"
	ContainerBounds      Code = "TEN0235"
	SubjectRefused       Code = "TEN0240"
	SelectorInvalid      Code = "TEN0241"
	RevocationInvalid    Code = "TEN0242"
	RevocationPlace      Code = "TEN0243"
	AccessRevoked        Code = "TEN0244"
	RevocationUseless    Code = "TEN0245"
	RevocationLeft       Code = "TEN0246"
	RevocationBelow      Code = "TEN0247"
	Suspended            Code = "TEN0250"
	ConstraintInvalid    Code = "TEN0251"
)

var resolveEntries = []Entry{
	{
		Code: UnknownClass, Severity: Error,
		Title: "The class does not exist",
		Explain: "A logical cluster, or an organization's default, names a class that no document outside orgs/ " +
			"declares. A class says how a logical cluster is built and what it inherits, so there is no going on " +
			"without one. Write the name of a class that exists, or ask the platform team to declare it.",
	},
	{
		Code: UnknownAPISet, Severity: Error,
		Title: "The API set does not exist here",
		Explain: "A binding names an API set that can't be seen from where the binding stands. A set is looked for in " +
			"the directory of the document and in each directory above it, then outside orgs/. A set below orgs/ " +
			"can only be bound in its own subtree.",
	},
	{
		Code: UnknownAPIVersion, Severity: Error,
		Title: "The API set has no such version or channel",
		Explain: "A binding asks an API set for a name that is neither one of its versions nor one of its channels. " +
			"The message lists both.",
	},
	{
		Code: RemovedAPIVersion, Severity: Error,
		Title: "The bound version was removed",
		Explain: "The version's lifecycle is removed: it can't be bound any more. A binding of it in a last good " +
			"document falls away, and with it the access to its resources; objects that exist stay. Bind the " +
			"version that replaces it.",
	},
	{
		Code: DeprecatedAPIVersion, Severity: Warning,
		Title: "The bound version is deprecated",
		Explain: "The version still works, and will be removed. After its sunset date nobody can newly bind it. Move " +
			"to the version that replaces it before then.",
	},
	{
		Code: MissingOrganization, Severity: Error,
		Title: "An organization that something stands in is not declared",
		Explain: "The key of an organization or a logical cluster says where it stands: acme/payments/prod stands in " +
			"the organization acme/payments, which stands in acme. Each of these needs a document of its own, " +
			"since limits, access and labels flow down from it.",
	},
	{
		Code: NoOrganization, Severity: Error,
		Title: "The logical cluster stands in no organization",
		Explain: "The key of a logical cluster is the path of its organization and its own name, joined by a slash. A " +
			"key without a slash names no organization, so nobody would own the logical cluster and no limit " +
			"would reach it.",
	},
	{
		Code: KeyTaken, Severity: Error,
		Title: "An organization and a logical cluster have the same key",
		Explain: "A key names one thing. With an organization acme/payments there can be no logical cluster " +
			"acme/payments, since nobody could tell which of the two a path or a label means. Give the logical " +
			"cluster another name.",
	},
	{
		Code: NoClass, Severity: Error,
		Title: "The logical cluster has no class",
		Explain: "Neither the document nor an organization above it names a class. Write one into the document, or a " +
			"default into an organization: defaults: class.",
	},
	{
		Code: UnknownResource, Severity: Error,
		Title: "The resource is not built into Kubernetes",
		Explain: "A resource of an API set without a file must be one of Kubernetes' own, keyed by its plural and its " +
			"group: pods, deployments.apps. For a custom resource, name the file that holds its " +
			"CustomResourceDefinition.",
	},
	{
		Code: ResourceRefused, Severity: Error,
		Title: "The resource can't be given to a logical cluster",
		Explain: "Some resources would let a logical cluster reach beyond itself: those that are not namespaced, such " +
			"as namespaces or clusterroles, those that steer scheduling, and, for API sets below orgs/, those by " +
			"which a GitOps engine or the platform acts with rights of its own.",
	},
	{
		Code: CRDFileUnusable, Severity: Error,
		Title: "The file does not hold the CustomResourceDefinition",
		Explain: "A resource of an API set names a file, relative to the directory of the set, that must hold a " +
			"CustomResourceDefinition named like the resource's key. The file is missing, can't be read as YAML " +
			"or JSON, or holds something else.",
	},
	{
		Code: CRDInvalid, Severity: Error,
		Title: "The CustomResourceDefinition is not valid",
		Explain: "The definition would be refused by an API server, or is of no use to a logical cluster: it must be " +
			"of apiextensions.k8s.io/v1, pass the API server's own validation, and have the scope Namespaced.",
	},
	{
		Code: VersionNotServed, Severity: Error,
		Title: "The resource has no such version",
		Explain: "The versions of a resource in an API set are those that may be written. Each must be one that the " +
			"API server serves. The message lists them.",
	},
	{
		Code: VerbRefused, Severity: Error,
		Title: "The verb can't be given to the role",
		Explain: "The verbs in an API set may narrow what view reads, and say what edit and admin may do. They never " +
			"let view write or read secrets, never make quotas and limit ranges writable, and below orgs/ never " +
			"give more than the usual.",
	},
	{
		Code: SunsetWithoutEnd, Severity: Error,
		Title: "A version has a sunset and is not deprecated",
		Explain: "A sunset is the last day on which a deprecated version may be bound. While the version is alpha, beta or " +
			"stable, the day would pass without effect. Deprecate the version, which warns those who bind it, or leave the " +
			"sunset out.",
	},
	{
		Code: APISetBroken, Severity: Error,
		Title: "The API set contradicts itself",
		Explain: "A channel or replacedBy names a version that the set does not have, a channel has the name of a " +
			"version, a channel points to a removed version, or versions replace each other in a circle.",
	},
	{
		Code: AmountInvalid, Severity: Error,
		Title: "The amount is not one that Kubernetes can count",
		Explain: "Objects and bytes are counted in whole numbers, CPU in thousandths of a core, and no amount may " +
			"exceed what 64 bits hold. An amount beyond these would be rounded, and the sum over namespaces would " +
			"no longer be the amount that was asked for.",
	},
	{
		Code: NamespaceQuota, Severity: Error,
		Title: "The namespaces take more than the logical cluster has",
		Explain: "What namespaces name as their own is taken from the quota of the logical cluster, and the rest is " +
			"divided by shares. So the sum must not exceed the logical cluster's amount, and a key must stand " +
			"there too.",
	},
	{
		Code: QuotaLeft, Severity: Warning,
		Title: "A part of the quota goes to no namespace",
		Explain: "Every namespace either names an amount of its own or has a share of 0, and less than the logical " +
			"cluster's whole amount is used. The rest is of no use to anybody, though it counts against ceilings.",
	},
	{
		Code: AmountTiny, Severity: Warning,
		Title: "The amount of memory or storage is tiny",
		Explain: "A number without a unit is an amount of bytes. Less than a mebibyte of memory or storage fits hardly " +
			"anything, so a unit was probably forgotten: 96Gi, not 96.",
	},
	{
		Code: ContainerBounds, Severity: Error,
		Title: "The container defaults contradict each other",
		Explain: "A LimitRange is only accepted where the least is not above the default request, that not above the " +
			"default limit, and that not above the most.",
	},
	{
		Code: SubjectRefused, Severity: Error,
		Title: "The subject can't be given access",
		Explain: "Users and groups whose names begin with system: belong to Kubernetes itself. system:authenticated is " +
			"everybody, system:serviceaccounts is every workload, and system:masters is above all rules. Name a " +
			"group of your identity provider, a user, or a single service account as " +
			"serviceaccount:namespace/name.",
	},
	{
		Code: SelectorInvalid, Severity: Error,
		Title: "The selector is not valid",
		Explain: "Selectors have Kubernetes' semantics: In and NotIn need values, Exists and DoesNotExist take none, " +
			"and keys and values must be valid label keys and values.",
	},
	{
		Code: RevocationInvalid, Severity: Error,
		Title: "The revocation cannot be carried out",
		Explain: "A revocation names a subject as documents name it under access, from an organization or a logical " +
			"cluster that exists, and since a day of the calendar. Nothing is taken away by one that is misspelt, " +
			"so it is an error when it is new or changed.",
	},
	{
		Code: RevocationPlace, Severity: Error,
		Title: "The revocation is in the wrong directory",
		Explain: "A revocation takes access within the subtree of its directory: one in orgs/acme/payments from " +
			"acme/payments and what is below it, one outside orgs/ from everything. Move it to a directory above " +
			"what it names.",
	},
	{
		Code: AccessRevoked, Severity: Warning,
		Title: "The grant has no effect, since the subject's access is revoked",
		Explain: "A document grants access to a subject from which a revocation takes it. The revocation wins, also " +
			"while the document is held at its last good version. Remove the grant, and then the revocation; or, " +
			"if the subject may have access again, remove the revocation.",
	},
	{
		Code: RevocationUseless, Severity: Warning,
		Title:   "The revocation names what no longer exists",
		Explain: "The organization or logical cluster from which access is taken is gone. Remove the revocation.",
	},
	{
		Code: RevocationLeft, Severity: Error,
		Title: "A new name would leave a revocation",
		Explain: "A logical cluster is renamed, or its organization is, and a revocation that applies under the old " +
			"name does not apply under the new one: the subject would have access again. Add a revocation from the " +
			"new name in the same change, or from an organization above both, or remove it.",
	},
	{
		Code: RevocationBelow, Severity: Warning,
		Title: "The revocation does not take away what is granted above",
		Explain: "A revocation takes away what documents of its own directory and of those below it grant. What an " +
			"organization above grants, its owners revoke: a team does not decide who of the platform may look " +
			"into its logical clusters.",
	},
	{
		Code: Suspended, Severity: Warning,
		Title: "The logical cluster is suspended",
		Explain: "Its document is in error or gone, and its last good version can't be had under today's rules, " +
			"because its class or its organization no longer exists. Its data and workloads stay, but tenants " +
			"have no access until the document is put right.",
	},
	{
		Code: ConstraintInvalid, Severity: Error,
		Title: "A constraint or default does not fit the resource",
		Explain: "What a version of an API set demands of a field is held against the schema of the resource, in each " +
			"API version that may be written: the field must exist and have the type that the constraint is " +
			"about, something must be left that it can hold, and a default must be allowed and must not stand " +
			"behind one that the definition has itself. Nobody gets a resource without the demands that its " +
			"document makes.",
	},
}
