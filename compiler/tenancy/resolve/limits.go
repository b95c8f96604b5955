package resolve

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// limits reads a quota, by resource name. What can't be read is reported and
// left out.
func limits(declared schema.Quota, m *document.Meta, at tenancy.Positions, out *tenancy.Findings) tenancy.Limits {
	if len(declared) == 0 {
		return nil
	}
	list := make(tenancy.Limits, 0, len(declared))
	for key, text := range declared {
		a := tenancy.Limit{Amount: quota.Amount{Resource: schema.ResourceName(key)}, Key: key, At: at}
		var problem string
		// What no API server takes would keep its neighbours from being applied too.
		if strings.Contains(a.Resource, "/") && len(validation.IsQualifiedName(a.Resource)) > 0 {
			problem = "Kubernetes takes no quota of this name"
		} else {
			a.Quantity, problem = quota.Parse(a.Resource, string(text))
		}
		if problem != "" {
			out.Fault(m, diag.New(diag.AmountInvalid, a.Pos(), "%s: %s", key, problem), "the amount is left out")
			continue
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b tenancy.Limit) int {
		return cmp.Or(strings.Compare(a.Resource, b.Resource), a.Quantity.Cmp(b.Quantity), strings.Compare(a.Key, b.Key))
	})
	for i := range list {
		a := &list[i]
		if quota.IsBytes(a.Resource) && a.Quantity.Sign() > 0 && a.Quantity.CmpInt64(1<<20) < 0 {
			out.Add(m, diag.New(diag.AmountTiny, a.Pos(), "%s is %s bytes", a.Key, a.Quantity.String()).Suggest(`write a unit, as in "%sGi"`, a.Quantity.String()))
		}
	}
	// Only documents from before an amount had one name can name it twice: the lower
	// one holds.
	return slices.CompactFunc(list, func(a, b tenancy.Limit) bool { return a.Resource == b.Resource })
}

// weights reads what a document has divided from the budget, by resource name.
// What it gives an amount of itself is not divided.
func weights(shares schema.BudgetShares, limits tenancy.Limits, m *document.Meta, at tenancy.Positions, out *tenancy.Findings) []tenancy.Weight {
	list := make([]tenancy.Weight, 0, len(shares))
	for _, key := range slices.Sorted(maps.Keys(shares)) {
		share := shares[key]
		w := tenancy.Weight{Name: schema.ResourceName(key), Key: key, Weight: int64(share.Weight)}
		if strings.Contains(w.Name, "/") && len(validation.IsQualifiedName(w.Name)) > 0 {
			out.Fault(m, diag.New(diag.AmountInvalid, at("quotaFromBudget", key), "%s: Kubernetes takes no quota of this name", key), "it is left out")
			continue
		}
		if a, ok := limits.Of(w.Name); ok {
			out.Fault(m, diag.New(diag.WeightedTwice, at("quotaFromBudget", key), "%s has an amount, so nothing of it can be divided from the budget", key).
				See(a.Pos(), "the amount stands here").Suggest("take one of them away"), "the amount counts")
			continue
		}
		if share.Minimum != "" {
			q, problem := quota.Parse(w.Name, string(share.Minimum))
			if problem != "" {
				out.Fault(m, diag.New(diag.AmountInvalid, at("quotaFromBudget", key, "minimum"), "%s: %s", key, problem), "it has no minimum")
			} else {
				w.Minimum = quota.Units(w.Name, q)
			}
		}
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b tenancy.Weight) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// QuotaLayer returns what a document contributes to quotas. It is for documents whose
// problems have been reported before: what can't be read is left out.
func QuotaLayer(in *schema.Inheritable) *tenancy.Layer {
	var ignored tenancy.Findings
	nowhere := func(...string) diag.Position { return diag.Position{} }
	l := &tenancy.Layer{Declared: in, At: nowhere, Quota: limits(in.Quota, &document.Meta{}, nowhere, &ignored)}
	l.Weights = weights(in.QuotaFromBudget, l.Quota, &document.Meta{}, nowhere, &ignored)
	return l
}
