package diag

// Codes of what this version of the compiler does not compile. TEN0502 is retired.
const (
	NotCompiled Code = "TEN0501"
)

var policyEntries = []Entry{
	{
		Code: NotCompiled, Severity: Error,
		Title: "Documents of this kind are not compiled yet",
		Explain: "This version of the compiler does not compile policies at the stages that the diagnostic names. " +
			"It refuses them, since a rule that is written down and not enforced is worse than none. Take the " +
			"document out until a version that compiles it is in use.",
	},
}
