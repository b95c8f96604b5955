package tenancy

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/load"
)

// notCompiled reports the documents and fields that this version of the compiler
// knows and does nothing about. What would limit somebody is an error: a rule
// that is written down and not enforced is worse than none.
func (r *resolver) notCompiled() {
	refuse := func(m *load.Meta, what, would string) {
		r.found.fault(m, diag.New(diag.NotCompiled, m.Pos, "%s are not compiled yet by this version: %s would not be %s", what, m.Key, would).
			Suggest("take it out until a version that compiles it is in use"), "nothing comes of it")
	}
	for _, d := range r.docs.Implicit {
		refuse(&d.Meta, "implicit resources", "rendered")
	}
	for _, d := range r.docs.Prices {
		r.found.add(&d.Meta, diag.New(diag.CostNotChecked, d.Pos, "prices %s is not used: this version computes no costs", d.Key))
	}
	r.budgets()
}

// budgets warns once of all budgets and prices outside price books.
func (r *resolver) budgets() {
	type place struct {
		m   *load.Meta
		pos diag.Position
	}
	var places []place
	for _, d := range r.docs.Organizations {
		if d.Spec.Budget != "" {
			places = append(places, place{&d.Meta, d.At("budget")})
		}
	}
	for _, d := range r.docs.LogicalClusters {
		if d.Spec.Budget != "" {
			places = append(places, place{&d.Meta, d.At("budget")})
		}
	}
	for _, d := range r.docs.Classes {
		if d.Spec.Price != "" {
			places = append(places, place{&d.Meta, d.At("price")})
		}
	}
	for _, d := range r.docs.PhysicalClusters {
		if d.Spec.PriceFactor != "" {
			places = append(places, place{&d.Meta, d.At("priceFactor")})
		}
	}
	if len(places) == 0 {
		return
	}
	first, rest := places[0], places[1:]
	d := diag.New(diag.CostNotChecked, first.pos, "budgets and prices are not checked: this version computes no costs")
	if len(rest) > 0 {
		d.Message += "; " + itoa(len(rest)) + " more stand elsewhere"
	}
	for _, p := range slices.Clip(rest[:min(len(rest), 4)]) {
		d = d.See(p.pos, "%s has one too", p.m)
	}
	r.found.add(first.m, d)
}
