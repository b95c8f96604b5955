package plan

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/diag"
)

// newFindings returns what only the side after says, and how many errors both
// say. Where a document stands does not tell one from another: it may have gone
// to another file.
func newFindings(before, after []diag.Diagnostic) (fresh []diag.Diagnostic, standing int) {
	type said struct {
		code              diag.Code
		severity          diag.Severity
		document, message string
		file              string // of what speaks of no document
	}
	identity := func(d diag.Diagnostic) said {
		s := said{d.Code, d.Severity, d.Document, d.Message, ""}
		if d.Document == "" {
			s.file = d.Position.File
		}
		return s
	}
	known := map[said]int{}
	for _, d := range before {
		known[identity(d)]++
	}
	for _, d := range after {
		if id := identity(d); known[id] > 0 {
			known[id]--
			if d.Severity == diag.Error {
				standing++
			}
			continue
		}
		fresh = append(fresh, d)
	}
	return fresh, standing
}

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
	p.Summary = p.summarize()
	return nil
}

// String names the object: "acme-payments/tenantry-quota".
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

// Summary counts what a plan holds.
type Summary struct {
	// LogicalClusters by what happens to them.
	LogicalClusters map[string]int `json:"logicalClusters"`
	// Access counts subjects by what happens to their access, Sensitive those that
	// gain what deserves a second look.
	Access    map[string]int `json:"access"`
	Sensitive int            `json:"sensitive"`
	// Breaking counts changes of APIs that break somebody.
	Breaking int `json:"breaking"`
	// Loosened counts limits that may let through what was refused before.
	Loosened int `json:"loosened"`
	// Objects by what happens to them, on all clusters.
	Objects  map[string]int `json:"objects"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
}

func (p *Plan) summarize() Summary {
	s := Summary{LogicalClusters: map[string]int{}, Access: map[string]int{}, Objects: map[string]int{}}
	for _, l := range p.LogicalClusters {
		s.LogicalClusters[l.Action] += len(l.Keys)
	}
	for _, a := range p.Access {
		s.Access[a.Change]++
		if len(a.Sensitive) > 0 {
			s.Sensitive++
		}
	}
	for i := range p.APIs {
		if p.APIs[i].breaks() {
			s.Breaking++
		}
	}
	s.Loosened = p.Policy.loosened()
	for _, o := range p.Objects {
		for action, n := range o.Counts {
			s.Objects[action] += n
		}
	}
	for _, f := range p.Findings {
		switch f.Severity {
		case diag.Error:
			s.Errors++
		case diag.Warning:
			s.Warnings++
		}
	}
	return s
}
