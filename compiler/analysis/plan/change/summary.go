package change

import (
	"github.com/tenantry/tenantry/internal/diag"
)

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

// Summarize counts what the plan holds.
func (p *Plan) Summarize() Summary {
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
		if p.APIs[i].Breaks() {
			s.Breaking++
		}
	}
	if p.Policy != nil {
		for i := range p.Policy.Limits {
			if p.Policy.Limits[i].Loosens {
				s.Loosened++
			}
		}
	}
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
