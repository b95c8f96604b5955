package resolve

import (
	"time"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// prices finds the price book that holds. Where it says so, what it prices is
// nothing in every quota that does not have it: the lowest layer of inheritance.
func (r *resolver) prices() {
	byDay := map[string]*tenancy.PriceBook{}
	for _, d := range r.docs.Prices {
		b := &tenancy.PriceBook{Meta: d.Meta, Name: d.Key, Spec: d.Spec}
		from := b.Spec.From
		if _, err := time.Parse(time.DateOnly, from); err != nil && from != "" {
			r.found.Fault(&b.Meta, diag.New(diag.PriceInvalid, b.At("from"), "prices %s: there is no day %s", b.Name, from), "it never holds")
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
			r.found.Fault(&b.Meta, diag.New(diag.PriceBookClash, at, "prices %s and prices %s both %s", other.Name, b.Name, what).
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
			r.defaults.Quota = r.defaults.Quota.With(name, resource.Quantity{Format: resource.DecimalSI})
			r.defaults.Origins["quota."+name] = tenancy.Origin{From: "prices " + b.Name, Pos: b.At("withoutQuota")}
		}
	}
}
