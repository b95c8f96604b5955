package change

import (
	"io"
	"slices"

	"github.com/tenantry/tenantry/internal/printer"
)

// WriteJSON writes the plan as one object. Lists are there even if they are
// empty.
func (p *Plan) WriteJSON(w io.Writer) error {
	out := *p
	out.LogicalClusters = printer.List(out.LogicalClusters)
	out.Access = printer.List(out.Access)
	out.APIs = slices.Clone(printer.List(out.APIs))
	for i := range out.APIs {
		out.APIs[i].LogicalClusters = printer.List(out.APIs[i].LogicalClusters)
	}
	out.Implicit = printer.List(out.Implicit)
	out.Capacity = printer.List(out.Capacity)
	out.Objects = printer.List(out.Objects)
	out.Documents = printer.List(out.Documents)
	out.Findings = printer.List(out.Findings)
	if out.Policy != nil {
		policy := *out.Policy
		policy.Limits, policy.Judgements = printer.List(policy.Limits), printer.List(policy.Judgements)
		out.Policy = &policy
	}
	if out.Cost != nil {
		cost := *out.Cost
		cost.Rows, cost.Causes = printer.List(cost.Rows), printer.List(cost.Causes)
		out.Cost = &cost
	}
	return printer.JSON(w, out)
}
