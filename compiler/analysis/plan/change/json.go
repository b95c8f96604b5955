package change

import (
	"encoding/json"
	"io"
	"slices"
)

// WriteJSON writes the plan as one object. Lists are there even if they are
// empty.
func (p *Plan) WriteJSON(w io.Writer) error {
	out := *p
	out.LogicalClusters = present(out.LogicalClusters)
	out.Access = present(out.Access)
	out.APIs = slices.Clone(present(out.APIs))
	for i := range out.APIs {
		out.APIs[i].LogicalClusters = present(out.APIs[i].LogicalClusters)
	}
	out.Implicit = present(out.Implicit)
	out.Capacity = present(out.Capacity)
	out.Objects = present(out.Objects)
	out.Documents = present(out.Documents)
	out.Findings = present(out.Findings)
	if out.Policy != nil {
		policy := *out.Policy
		policy.Limits, policy.Judgements = present(policy.Limits), present(policy.Judgements)
		out.Policy = &policy
	}
	if out.Cost != nil {
		cost := *out.Cost
		cost.Rows, cost.Causes = present(cost.Rows), present(cost.Causes)
		out.Cost = &cost
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
