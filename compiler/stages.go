package compiler

// A Stage makes one value from the values of the stages before it.
type Stage struct {
	Name string
	// Makes is the value.
	Makes string
	// Purpose says what that is.
	Purpose string
}

const (
	stageSource   = "source"
	stageHistory  = "history"
	stageLoad     = "load"
	stageResolve  = "resolve"
	stageLimit    = "limit"
	stageDivide   = "divide"
	stagePolicies = "policies"
	stageImplicit = "implicit"
	stagePlace    = "place"
	stageExpand   = "expand"
	stageDecide   = "decide"
	stageRender   = "render"
)

// Stages returns the stages of a compilation in their order. Those from resolve to expand
// are repeated in rounds while documents in error are held; see package hold.
func Stages() []Stage {
	return []Stage{
		{stageSource, "Snapshot", "the files of a revision, or those on disk"},
		{stageHistory, "History", "what earlier builds decided, and the date of this one"},
		{stageLoad, "Documents", "the documents, each with its positions, evaluated by CUE"},
		{stageResolve, "Tenancy", "the organization tree, with all that everything inherits"},
		{stageLimit, "Tenancy", "the same, held to the patterns by what logical clusters come to"},
		{stageDivide, "Tenancy", "quotas that are derived from budgets"},
		{stagePolicies, "Policies", "policies in CEL, and the logical clusters that they reach"},
		{stageImplicit, "Implicit", "the objects that implicit documents give to each logical cluster"},
		{stagePlace, "Placement", "where each logical cluster is placed, and what it costs there"},
		{stageExpand, "Desired", "the desired state of each logical cluster and of each physical cluster"},
		{stageDecide, "Pins", "what the next build must not decide anew"},
		{stageRender, "Tree", "the files of the output"},
	}
}
