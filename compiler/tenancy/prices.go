package tenancy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// PriceBook is a price book with its document.
type PriceBook struct {
	document.Meta
	Name string
	Spec schema.PriceBook
}

// Resources returns the names, as ResourceQuota has them, of all that has a price
// above nothing, sorted.
func (b *PriceBook) Resources() []string {
	out := make([]string, 0, len(b.Spec.Quota))
	for key, price := range b.Spec.Quota {
		if strings.ContainsAny(string(price), "123456789") {
			out = append(out, schema.ResourceName(key))
		}
	}
	slices.Sort(out)
	return out
}

// prices finds the price book that holds. Where it says so, what it prices is
// nothing in every quota that does not have it: the lowest layer of inheritance.
func (r *resolver) prices() {
	byDay := map[string]*PriceBook{}
	for _, d := range r.docs.Prices {
		b := &PriceBook{Meta: d.Meta, Name: d.Key, Spec: d.Spec}
		from := b.Spec.From
		if _, err := time.Parse(time.DateOnly, from); err != nil && from != "" {
			r.found.fault(&b.Meta, diag.New(diag.PriceInvalid, b.At("from"), "prices %s: there is no day %s", b.Name, from), "it never holds")
			continue
		}
		if other := byDay[from]; other != nil {
			what := "begin on " + from
			if from == "" {
				what = "have no first day"
			}
			at := b.At("from")
			if from == "" {
				at = b.Pos
			}
			r.found.fault(&b.Meta, diag.New(diag.PriceBookClash, at, "prices %s and prices %s both %s", other.Name, b.Name, what).
				See(other.Pos, "the other stands here").Suggest("give one of them another first day"), "the other holds")
			continue
		}
		byDay[from] = b
		r.t.PriceBooks = append(r.t.PriceBooks, b)
		if from <= r.asOf && (r.t.Prices == nil || r.t.Prices.Spec.From < from) {
			r.t.Prices = b
		}
	}
	if b := r.t.Prices; b != nil && b.Spec.WithoutQuota == schema.QuotaZero {
		for key := range b.Spec.Quota {
			name := schema.ResourceName(key)
			r.defaults.quota = r.defaults.quota.With(name, resource.Quantity{Format: resource.DecimalSI})
			r.defaults.origins["quota."+name] = Origin{From: "prices " + b.Name, Pos: b.At("withoutQuota")}
		}
	}
}

// Unit is what an amount of a resource is priced by.
type Unit string

// The units: a core, a GiB, a piece.
const (
	Core  Unit = "core"
	GiB   Unit = "GiB"
	Piece Unit = "piece"
)

// UnitOf returns the unit of a resource by its name in a ResourceQuota.
func UnitOf(name string) Unit {
	switch {
	case isCPU(name):
		return Core
	case isBytes(name):
		return GiB
	}
	return Piece
}

// Units counts an amount of a resource in thousandths of a core, bytes or pieces.
// Every quota of a Tenancy is a whole number of these.
func Units(name string, q resource.Quantity) int64 { return units(name, q) }

// Charge is what the cost of a logical cluster follows from, beside where it
// stands.
type Charge struct {
	Class   string
	Backing schema.Backing
	Quota   Quota
	APIs    []string // API sets declared outside orgs/, sorted
	// Own are the resources of sets that are declared inside orgs/, by their keys.
	Own []string
	// Weights are what of the quota is divided from Budget.
	Weights []Weight
	Budget  schema.Money
}

// Charge returns what the logical cluster's cost follows from.
func (lc *LogicalCluster) Charge() Charge {
	c := Charge{Class: lc.Class.Name, Backing: lc.Backing, Quota: lc.Quota, Weights: lc.Weights, Budget: lc.Spec.Budget}
	for _, b := range lc.APIs {
		if !insideOrgs(b.Version.Set.Dir) {
			c.APIs = append(c.APIs, b.Version.Set.Name)
		}
	}
	c.Own = lc.ownResources(func(string) bool { return true })
	return c
}

// ownResources returns the resources of those bound sets inside orgs/ that pass.
func (lc *LogicalCluster) ownResources(set func(name string) bool) (out []string) {
	for _, b := range lc.APIs {
		if insideOrgs(b.Version.Set.Dir) && set(b.Version.Set.Name) {
			for _, r := range b.Version.Resources {
				out = append(out, r.Key)
			}
		}
	}
	return out
}

// Before returns what a logical cluster's cost followed from before its document
// and the organizations above it changed, under today's classes; by is the nearest
// organization above that changed, nil where none did. It is false where there
// was no such logical cluster. changed reports whether a document is new or
// differs from its last good version. What was divided from the budget is not in
// its quota.
func (t *Tenancy) Before(lc *LogicalCluster, changed func(*document.Meta) bool) (was Charge, by *Organization, ok bool) {
	spec := lc.Spec
	if changed(&lc.Meta) {
		if spec = t.lastGood(lc); spec == nil || spec.State == schema.Deleted {
			return Charge{}, nil, false
		}
	}
	class := spec.Class
	layers := []*schema.Inheritable{&spec.Inheritable, nil}
	for _, o := range lc.Org.Ancestors() {
		d := o.Spec.Defaults
		if o.Missing == nil && changed(&o.Meta) {
			by, d = cmp.Or(by, o), nil
			if t.LastGoodOrganization != nil {
				if former := t.LastGoodOrganization(o.Path); former != nil {
					d = former.Defaults
				}
			}
		}
		if d != nil {
			class = cmp.Or(class, d.Class)
			layers = append(layers, &d.Inheritable)
		}
	}
	if by == nil && spec == lc.Spec {
		return lc.Charge(), nil, true
	}
	if known := findBy(t.Classes, class, func(c *Class) string { return c.Name }); known != nil {
		layers[1] = &known.Spec.Inheritable
	}
	was = Charge{Class: class, Budget: spec.Budget}
	apis := map[string]bool{}
	for _, l := range slices.Backward(layers) {
		if l == nil {
			continue
		}
		was.Backing = cmp.Or(l.Backing, was.Backing)
		own := layer{quota: amounts(l.Quota, &document.Meta{}, nowhere, new(findings))}
		own.weights = weights(l.QuotaFromBudget, own.quota, &document.Meta{}, nowhere, new(findings))
		was.Quota = mergeQuota(was.Quota, &own)
		was.Weights = mergeWeights(was.Weights, &own)
		for set := range l.APIs {
			apis[set] = true
		}
	}
	was.Backing = cmp.Or(was.Backing, schema.DefaultLogicalCluster().Backing)
	was.APIs = slices.Sorted(maps.Keys(apis))
	was.Own = lc.ownResources(func(name string) bool { return apis[name] })
	return was, by, true
}

func nowhere(...string) diag.Position { return diag.Position{} }

// lastGood returns the last good version of a logical cluster's document, which
// may stand under a former key; nil where there is none.
func (t *Tenancy) lastGood(lc *LogicalCluster) *schema.LogicalCluster {
	if t.LastGood == nil {
		return nil
	}
	for _, key := range append([]string{lc.Key}, t.FormerKeys(lc)...) {
		if spec := t.LastGood(key); spec != nil {
			return spec
		}
	}
	return nil
}

// FormerKeys returns all keys that a logical cluster says it had before, sorted.
func (t *Tenancy) FormerKeys(lc *LogicalCluster) []string {
	renamed := len(lc.Spec.Formerly) > 0
	for o := lc.Org; o != nil && !renamed; o = o.Parent {
		renamed = len(o.Spec.Formerly) > 0
	}
	if !renamed {
		return nil
	}
	return FormerKeys(lc.Key, lc.Spec.Formerly, func(path string) []string { return t.Organization(path).Spec.Formerly })
}
