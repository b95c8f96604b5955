package diag

// Codes of the comparison of two versions of an API.
const (
	APIBreaking    Code = "TEN0370"
	APIConditional Code = "TEN0371"
	APICompatible  Code = "TEN0372"
)

var evolutionEntries = []Entry{
	{
		Code: APIBreaking, Severity: Error,
		Title: "The change of an API is breaking",
		Explain: "What was accepted may be refused or mean something else, or a client may read what it was not built for. " +
			"The message names the rule, and the documentation of API evolution says why it judges so. Make the change " +
			"in a version of its own, or judge the rule otherwise in a configuration.",
	},
	{
		Code: APIConditional, Severity: Warning,
		Title: "The change of an API is safe under a condition",
		Explain: "The message names the condition. If it holds, nobody is broken: say so with holds in a configuration, and " +
			"the change is compatible.",
	},
	{
		Code: APICompatible, Severity: Note,
		Title:   "The change of an API is compatible",
		Explain: "What was accepted is accepted and means the same. Nobody needs to do anything.",
	},
}
