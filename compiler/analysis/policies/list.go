// Package policies answers which policies there are, whom they reach and who is exempt,
// and whether their cases pass.
package policies

import (
	"fmt"
	"io"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/internal/printer"
)

// List is a row for each policy.
type List []row

// row is a policy as JSON.
type row struct {
	ID          string `json:"id"`
	Stage       string `json:"stage"`
	Enforcement string `json:"enforcement"`
	Module      string `json:"module,omitempty"`
	Description string `json:"description,omitempty"`
	// Reaches is how many logical clusters it reaches, those that are exempt
	// included; left out for one logical cluster.
	Reaches    *int           `json:"reaches,omitempty"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Exemption  *lift          `json:"exemption,omitempty"`
	File       string         `json:"file"`
	Line       int            `json:"line"`
}

// lift is the exemption that lifts a policy.
type lift struct {
	Key     string `json:"key"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"`
	File    string `json:"file"`
	Line    int    `json:"line"`
}

func rowOf(p *policy.Policy) row {
	return row{
		ID: p.ID(), Stage: string(p.Stage), Enforcement: string(p.Spec.Enforcement), Module: p.Spec.Module,
		Description: p.Spec.Description, Parameters: p.Parameters, File: p.Pos.File, Line: p.Pos.Line,
	}
}

// All lists all policies, and how many logical clusters each reaches.
func All(r *compiler.Result) List {
	out := List{}
	reached := map[*policy.Policy]int{}
	for _, lc := range r.Tenancy.LogicalClusters {
		for _, e := range r.Policies.Of(lc) {
			reached[e.Policy]++
		}
	}
	for _, p := range r.Policies.All {
		one, n := rowOf(p), reached[p]
		one.Reaches = &n
		out = append(out, one)
	}
	return out
}

// Of lists the policies that reach a logical cluster, in the order in which they apply.
// The error is for one that does not exist.
func Of(r *compiler.Result, key string) (List, error) {
	lc := r.Tenancy.LogicalCluster(key)
	if lc == nil {
		return nil, selection.Missing(r.Tenancy, key)
	}
	out := List{}
	for _, e := range r.Policies.Of(lc) {
		one := rowOf(e.Policy)
		if x := e.Exemption; x != nil {
			one.Exemption = &lift{x.Key, x.Spec.Reason, x.Spec.Expires, x.Pos.File, x.Pos.Line}
		}
		out = append(out, one)
	}
	return out, nil
}

// WriteJSON writes an array of all.
func (l List) WriteJSON(w io.Writer) error { return printer.JSON(w, l) }

// WriteTable writes a row for each.
func (l List) WriteTable(w io.Writer) error {
	last := "EXEMPT UNTIL"
	for _, p := range l {
		if p.Reaches != nil {
			last = "REACHES"
		}
	}
	t := printer.NewTable(w, "POLICY", "STAGE", "ENFORCEMENT", "MODULE", "DECLARED AT", last)
	for _, p := range l {
		end := "-"
		if p.Reaches != nil {
			end = fmt.Sprint(*p.Reaches)
		} else if p.Exemption != nil {
			end = fmt.Sprintf("%s (%s:%d)", p.Exemption.Expires, p.Exemption.File, p.Exemption.Line)
		}
		t.Row(p.ID, p.Stage, p.Enforcement, printer.OrDash(p.Module), fmt.Sprintf("%s:%d", p.File, p.Line), end)
	}
	return t.End()
}
