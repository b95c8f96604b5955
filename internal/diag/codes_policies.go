package diag

// Codes of policies, modules and exemptions. TEN0501 and TEN0502 are retired.
const (
	PolicyIncomplete   Code = "TEN0510"
	UnknownModule      Code = "TEN0511"
	ModuleBroken       Code = "TEN0512"
	ParameterSchema    Code = "TEN0513"
	ParametersInvalid  Code = "TEN0514"
	ExpressionInvalid  Code = "TEN0515"
	ExpressionDoubtful Code = "TEN0516"
	ExpressionCost     Code = "TEN0517"
	SelectorUnmatched  Code = "TEN0518"
	SelectorTeamLabel  Code = "TEN0519"
	PolicyDenies       Code = "TEN0520"
	PolicyWarns        Code = "TEN0521"
	PolicyNotes        Code = "TEN0522"
	ExemptionUnknown   Code = "TEN0525"
	ExemptionPlace     Code = "TEN0526"
	ExemptionExpired   Code = "TEN0527"
	ExemptionExpiring  Code = "TEN0528"
	ExemptionUseless   Code = "TEN0529"
	TransformVersions  Code = "TEN0530"
	TransformUnserved  Code = "TEN0531"
	PolicyConflict     Code = "TEN0532"
	MoveDenied         Code = "TEN0533"
	MoveWarned         Code = "TEN0534"
	MoveNoted          Code = "TEN0535"
	PolicyRefused      Code = "TEN0585"
	ConnectsToNothing  Code = "TEN0586"
)

var policiesEntries = []Entry{
	{
		Code: PolicyIncomplete, Severity: Error, Title: "A policy does not say what it demands",
		Explain: "A policy either uses a module, which brings the stage, the match constraints, the variables and the rules, or has rules of its own and " +
			"then needs a stage. The two can't be mixed, and rules of one's own have no parameters. matchConstraints and matchConditions pick writes, so " +
			"only policies on writes have them.",
	},
	{
		Code: UnknownModule, Severity: Error, Title: "The module does not exist",
		Explain: "A policy names a module by its key among `modules`, which stand outside orgs/. No document declares this one; most often the name is " +
			"misspelt. The modules that come with the tool must be declared like any other: import their package and name them.",
	},
	{
		Code: ModuleBroken, Severity: Error, Title: "The module that a policy uses is in error",
		Explain: "The module's own document is in error, and has no version that was ever good, so nothing that uses it can be enforced. Mend the module first.",
	},
	{
		Code: ParameterSchema, Severity: Error, Title: "A module's parameters are no schema",
		Explain: "`#parameters` of a module is a CUE struct that says which parameters policies must give, and what these may be. It must stand by itself: " +
			"a schema that can't be evaluated, or that is no struct, could not be held against anything.",
	},
	{
		Code: ParametersInvalid, Severity: Error, Title: "A policy's parameters are not what its module demands",
		Explain: "The parameters are unified with the module's `#parameters` by CUE. One is missing, is not known, or has a value that the schema does not admit. " +
			"The diagnostic names both places.",
	},
	{
		Code: ExpressionInvalid, Severity: Error, Title: "A CEL expression does not compile",
		Explain: "Rules are compiled by the API server's own CEL library. The diagnostic points into the expression: a name that is not known, a field that " +
			"the type does not have, a function that is missing, or a type that does not fit. A rule must yield true or false, a messageExpression text.",
	},
	{
		Code: ExpressionDoubtful, Severity: Warning, Title: "A CEL expression does not fit all the objects that it judges",
		Explain: "The match constraints name several resources, and the expression uses a field that the objects of one of them do not have. There the rule fails to " +
			"evaluate, and the API server refuses the write. Let a match condition keep it from being judged, test with has() what the types share, or write a policy for each kind.",
	},
	{
		Code: ExpressionCost, Severity: Warning, Title: "A CEL expression is likely to cost too much",
		Explain: "The API server stops an expression that costs more than 1,000,000 units, and all of a policy's expressions together at 10,000,000; the write is " +
			"then refused, whatever it is. There is no check when the policy is stored, so this is an estimate of the worst case, with lists and maps of 25 elements. " +
			"Loops within loops are the usual cause.",
	},
	{
		Code: SelectorUnmatched, Severity: Warning, Title: "A policy reaches no logical cluster",
		Explain: "The policy's selector and classes pick no logical cluster of its subtree. It may be meant for some that are yet to come; more often a label " +
			"or a value is misspelt.",
	},
	{
		Code: SelectorTeamLabel, Severity: Warning, Title: "A policy selects by a label that teams control",
		Explain: "A team that can set or leave out the label decides whether the policy reaches it. Name an owner for the label in `settings.labels`, or " +
			"select by class.",
	},
	{
		Code: PolicyDenies, Severity: Error, Title: "A policy denies the logical cluster",
		Explain: "A rule of a policy with enforcement deny is broken. A new or changed document is held at its last good version. A document that did not change, " +
			"or whose last good version breaks the rule as well, is suspended: its tenants lose their access, workloads and data stay. A rule that looks at other " +
			"logical clusters (siblings, sums) suspends nobody. Change the document, or ask the policy's owners for an exemption.",
	},
	{
		Code: PolicyWarns, Severity: Warning, Title: "A policy warns of the logical cluster",
		Explain: "A rule of a policy with enforcement warn is broken. Nothing comes of it but this warning.",
	},
	{
		Code: PolicyNotes, Severity: Note, Title: "A policy notes something of the logical cluster",
		Explain: "A rule of a policy with enforcement audit is broken. It is written down here, and nothing comes of it.",
	},
	{
		Code: ExemptionUnknown, Severity: Error, Title: "An exemption names nothing that it could lift",
		Explain: "An exemption names either a policy or, as ceiling, an organization that has ceilings, declared in its own directory or below. Most often the name is misspelt.",
	},
	{
		Code: ExemptionPlace, Severity: Error, Title: "An exemption stands in the wrong place",
		Explain: "An exemption stands in the directory of what it lifts, or above, so that those who own the policy own the exception. One that stands further " +
			"down could be written by whoever wants to be exempt.",
	},
	{
		Code: ExemptionExpired, Severity: Warning, Title: "An exemption has expired",
		Explain: "The last day of the exemption has passed, so it lifts nothing any more: what it was an exception from applies to its target. Remove the " +
			"document, or have its owners give it a new end.",
	},
	{
		Code: ExemptionExpiring, Severity: Warning, Title: "An exemption expires soon",
		Explain: "The exemption ends within 14 days. From then on, what it was an exception from applies to its target. Mend what it excuses, or have its owners " +
			"give it a new end.",
	},
	{
		Code: ExemptionUseless, Severity: Warning, Title: "An exemption lifts nothing",
		Explain: "The target does not exist, or what the exemption names does not reach it. Remove the document, or name the right target.",
	},
	{
		Code: TransformVersions, Severity: Error, Title: "Two policies change the same objects in different API versions",
		Explain: "Policies at stage transform that may meet on one object become one mutating admission policy, since only within one the API server keeps an order. " +
			"Its mutations all see the object in one API version. Name the same apiVersions in both policies, or leave them out of both.",
	},
	{
		Code: TransformUnserved, Severity: Error, Title: "The physical cluster can't change what is written",
		Explain: "Policies at stage transform become mutating admission policies, which the API server has from Kubernetes 1.36 on; before, they are off unless somebody turns " +
			"them on. Nothing would be changed on this physical cluster. With enforcement deny, a new or changed logical cluster is held back; with warn or audit it is only said. " +
			"Place it elsewhere, upgrade the physical cluster, or exempt the logical cluster.",
	},
	{
		Code: MoveDenied, Severity: Error, Title: "A policy denies an API binding",
		Explain: "A logical cluster would bind an API that it did not bind before, or another version of one, and a policy at stage evolve with enforcement deny does not " +
			"allow it. It stays at the version that it had, or without the API, and everything else of its document holds. Where its own document did not change, because a " +
			"channel moved or an organization binds something else, this is a warning. It moves once the policy allows it, or an exemption is given.",
	},
	{
		Code: MoveWarned, Severity: Warning, Title: "A policy warns of an API binding",
		Explain: "A logical cluster binds an API that it did not bind before, or another version of one, and a policy at stage evolve with enforcement warn is broken by it. " +
			"Nothing comes of it but this warning.",
	},
	{
		Code: MoveNoted, Severity: Note, Title: "A policy notes an API binding",
		Explain: "A logical cluster binds an API that it did not bind before, or another version of one, and a policy at stage evolve with enforcement audit is broken by it. " +
			"It is written down here, and nothing comes of it.",
	},
	{
		Code: PolicyConflict, Severity: Warning, Title: "Two policies can't both hold",
		Explain: "Both reach one logical cluster, and nothing can keep to both. Either two policies use one module and the values that they let be chosen have none in common, so that " +
			"whatever is judged breaks one of them; or one demands a key of a map, such as a label, that the other forbids, or the two leave no value to a field, on a resource that both judge " +
			"whenever it is created; or a policy at stage transform changes what a rule allows into what it denies, which was shown with an object of the policy's own cases. " +
			"Narrow one by a selector, bring their parameters together, or exempt. What could not be shown is not reported: that there is no such warning does not mean that all can be kept.",
	},
	{
		Code: PolicyRefused, Severity: Error, Title: "The API server would not take the policy",
		Explain: "A policy on writes becomes an admission policy, and the API server takes none whose match constraints name something twice by way of a wildcard, " +
			"whose resource names can't be names of objects, whose messages are empty or longer than a line, or which has more than 64 conditions. " +
			"One that it does not take would keep all that is applied with it from the physical cluster.",
	},
	{
		Code: ConnectsToNothing, Severity: Warning, Title: "A policy is about connections to what nobody connects to",
		Explain: "The operation CONNECT is about subresources that stand for a connection, such as pods/exec, pods/attach, pods/portforward and services/proxy. " +
			"A rule that names none of them, nor a wildcard for them, is never asked about one.",
	},
}
