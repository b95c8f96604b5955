package diag

// Codes of what this version of the compiler does not compile.
const (
	NotCompiled    Code = "TEN0501"
	CostNotChecked Code = "TEN0502"
)

var policyEntries = []Entry{
	{
		Code: NotCompiled, Severity: Error,
		Title: "Documents of this kind are not compiled yet",
		Explain: "This version of the compiler does not compile implicit resources, nor policies at the stages that the diagnostic names. " +
			"It refuses them, since a rule that is written down and not enforced is worse than none. Take the " +
			"document out until a version that compiles it is in use.",
	},
	{
		Code: CostNotChecked, Severity: Warning,
		Title: "Prices and budgets are not checked",
		Explain: "This version of the compiler does not compute costs. Prices and budgets may stand in the repo, and " +
			"nothing comes of them.",
	},
}
