package diag

// What the API server would say to a write.
const (
	AdmitUnreadable  Code = "TEN0550"
	AdmitNotServed   Code = "TEN0551"
	AdmitAccess      Code = "TEN0552"
	AdmitUnknown     Code = "TEN0553"
	AdmitEscalates   Code = "TEN0554"
	AdmitSchema      Code = "TEN0555"
	AdmitLimits      Code = "TEN0556"
	AdmitPodSecurity Code = "TEN0557"
	AdmitQuota       Code = "TEN0558"
	AdmitGuarded     Code = "TEN0559"
	AdmitDenied      Code = "TEN0560"
	AdmitWarned      Code = "TEN0561"
	AdmitNoted       Code = "TEN0562"
	AdmitWarning     Code = "TEN0563"
	AdmitPods        Code = "TEN0564"
	AdmitPassedOver  Code = "TEN0565"
)

var admitEntries = []Entry{
	{
		Code: AdmitUnreadable, Severity: Error, Title: "A document is no object of Kubernetes",
		Explain: "The file is neither YAML nor JSON from there on, or the document has no apiVersion or no kind. Nothing can be said of what the API server would " +
			"answer to it.",
	},
	{
		Code: AdmitNotServed, Severity: Error, Title: "The API server has no such resource",
		Explain: "The kind is neither one of Kubernetes' own that a logical cluster can have nor defined by an API set of the tenancy repo, or not in this version, or " +
			"the resource has no such subresource. Bind an API set that has it, or mend the apiVersion.",
	},
	{
		Code: AdmitAccess, Severity: Error, Title: "No role allows the write",
		Explain: "The roles of a logical cluster follow from the API sets that it binds, and hold in its own namespaces. The writer has none that allows it there. " +
			"`tenantry access --in LOGICAL-CLUSTER --as SUBJECT` shows what they have, and `tenantry who-can` who may do it.",
	},
	{
		Code: AdmitUnknown, Severity: Error, Title: "A role is not known here",
		Explain: "The answer depends on a role whose content stands neither in the tenancy repo nor among the documents that are judged. It counts as a denial, " +
			"since nobody can tell that the API server would allow it. A Role that stands among the same documents is known.",
	},
	{
		Code: AdmitEscalates, Severity: Error, Title: "A role gives more than its writer has",
		Explain: "RBAC lets nobody write a Role, or bind one, that gives what they do not have themselves, unless they may escalate or bind. Leave out what the message " +
			"lists, or have somebody with these rights write it.",
	},
	{
		Code: AdmitSchema, Severity: Error, Title: "An object does not fit its schema",
		Explain: "The API server refuses the object: a field that it does not know, a value of the wrong type, one that the definition of a custom resource or its " +
			"rules do not allow, or a name that is none. The path names the field.",
	},
	{
		Code: AdmitLimits, Severity: Error, Title: "A container is beyond the bounds of the logical cluster",
		Explain: "The class or the logical cluster bounds what one container may ask for, under containers. The API server's LimitRange holds every pod to it.",
	},
	{
		Code: AdmitPodSecurity, Severity: Error, Title: "A pod violates the Pod Security level",
		Explain: "The namespaces of a logical cluster are held to the level of its class or document, as the physical cluster's release of Kubernetes defines it. Mend the " +
			"pod's security context, or ask for another level.",
	},
	{
		Code: AdmitQuota, Severity: Error, Title: "An object takes more than the quota has",
		Explain: "The object by itself takes more than the namespace's part of the quota, or leaves out an amount that the quota demands of each container. What else " +
			"stands in the namespace is not known here, so less may be left than the message says.",
	},
	{
		Code: AdmitGuarded, Severity: Error, Title: "What is written is not for tenants",
		Explain: "An admission policy of the platform refuses it: the API is not bound, the logical cluster is frozen, or the object, its name or its label belongs to " +
			"the platform.",
	},
	{
		Code: AdmitDenied, Severity: Error, Title: "A policy denies the write",
		Explain: "A rule of a policy with enforcement deny is broken. The message is the policy's own. Change the object, or ask the policy's owners for an exemption.",
	},
	{
		Code: AdmitWarned, Severity: Warning, Title: "A policy warns of the write",
		Explain: "A rule of a policy with enforcement warn is broken. The API server does it, and tells the writer.",
	},
	{
		Code: AdmitNoted, Severity: Note, Title: "A policy notes the write",
		Explain: "A rule of a policy with enforcement audit is broken. The API server does it, and writes it down in its audit log.",
	},
	{
		Code: AdmitWarning, Severity: Warning, Title: "The API server warns of the object",
		Explain: "The API server does it, and tells the writer: most often that pods made of the template would violate the Pod Security level.",
	},
	{
		Code: AdmitPods, Severity: Warning, Title: "Pods of the object would be denied",
		Explain: "The API server takes the object, and its controller makes pods of it, which the API server then denies: the rollout never ends, and nothing says so but " +
			"events. Mend the template.",
	},
	{
		Code: AdmitPassedOver, Severity: Note, Title: "A document is passed over",
		Explain: "The document tells kustomize what to build and is never applied itself. Pipe the build into the command: kustomize build | tenantry admit -f -.",
	},
}
