package plan

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/diag"
)

// Notables are the names by which a run can be made to fail for what is notable
// about a change, with the codes of the findings.
var Notables = []struct {
	Name string
	Code diag.Code
}{
	{"deletion", diag.PlanDeletion},
	{"move", diag.PlanMove},
	{"replacement", diag.PlanReplacement},
	{"suspension", diag.PlanSuspension},
	{"escalation", diag.PlanEscalation},
	{"overcommit", diag.OverCapacity},
	{"breaking", diag.PlanBreaking},
	{"budget", diag.PlanBudget},
	{"loosening", diag.PlanLoosening},
}

// Raise makes errors of the findings that go by one of the names.
func (p *Plan) Raise(names []string) error {
	for _, name := range names {
		i := slices.IndexFunc(Notables, func(n struct {
			Name string
			Code diag.Code
		}) bool {
			return n.Name == name
		})
		if i < 0 {
			var all []string
			for _, n := range Notables {
				all = append(all, n.Name)
			}
			return fmt.Errorf("%q is nothing to fail on: must be among %v", name, all)
		}
		for j := range p.Findings {
			if p.Findings[j].Code == Notables[i].Code {
				p.Findings[j].Severity = diag.Error
			}
		}
	}
	p.Summary = p.Summarize()
	return nil
}
