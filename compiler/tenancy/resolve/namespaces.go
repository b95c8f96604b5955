package resolve

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"k8s.io/apimachinery/pkg/api/resource"
)

// namespaceNames returns the namespaces without their parts of the quota.
func namespaceNames(lc *tenancy.LogicalCluster) []tenancy.Namespace {
	if len(lc.Spec.Namespaces) == 0 {
		return []tenancy.Namespace{{Name: lc.Name}}
	}
	var out []tenancy.Namespace
	for _, name := range slices.Sorted(maps.Keys(lc.Spec.Namespaces)) {
		out = append(out, tenancy.Namespace{Name: name})
	}
	return out
}

// namespaces divides the logical cluster's quota among its namespaces.
func namespaces(lc *tenancy.LogicalCluster, out *tenancy.Findings) []tenancy.Namespace {
	if len(lc.Spec.Namespaces) == 0 {
		return []tenancy.Namespace{{Name: lc.Name, Quota: lc.Quota}}
	}
	list := namespaceNames(lc)
	own := ownQuotas(lc, list, out)
	if len(lc.Quota) == 0 {
		return list
	}
	if len(list) == 1 && len(own[0]) == 0 && lc.Spec.Namespaces[list[0].Name].Share == nil {
		list[0].Quota = lc.Quota
		return list
	}
	for i := range list {
		list[i].Quota = make(quota.Quota, 0, len(lc.Quota))
	}
	for _, total := range lc.Quota {
		for i, amount := range divide(lc, total, list, own, out) {
			list[i].Quota = append(list[i].Quota, quota.Amount{Resource: total.Resource, Quantity: amount})
		}
	}
	return list
}

// ownQuotas reads what each namespace fixes of the quota.
func ownQuotas(lc *tenancy.LogicalCluster, list []tenancy.Namespace, out *tenancy.Findings) []tenancy.Limits {
	own := make([]tenancy.Limits, len(list))
	for i, ns := range list {
		if entries := lc.Spec.Namespaces[ns.Name].Quota; len(entries) > 0 {
			own[i] = limits(entries, &lc.Meta, func(path ...string) diag.Position {
				return lc.At(append([]string{"namespaces", ns.Name, "quota"}, path...)...)
			}, out)
		}
		for _, a := range own[i] {
			if _, ok := lc.Quota.Of(a.Resource); !ok {
				out.Fault(&lc.Meta, diag.New(diag.NamespaceQuota, a.Pos(), "namespace %s has a quota of %s, and the logical cluster has none", ns.Name, a.Key).
					Suggest("give the logical cluster a quota of %s, of which this is a part", a.Key), "the amount is left out")
			}
		}
	}
	return own
}

// divide divides one amount of the quota among the namespaces, by what they fix and by
// their shares.
func divide(lc *tenancy.LogicalCluster, amount quota.Amount, list []tenancy.Namespace, own []tenancy.Limits, out *tenancy.Findings) []resource.Quantity {
	resourceName, total := amount.Resource, amount.Quantity
	sum := resource.Quantity{Format: total.Format}
	parts := make([]quota.Part, len(list))
	for i, ns := range list {
		parts[i] = quota.Part{Share: 1}
		if share := lc.Spec.Namespaces[ns.Name].Share; share != nil {
			parts[i].Share = int64(*share)
		}
		if a, ok := own[i].Of(resourceName); ok {
			parts[i] = quota.Part{Own: quota.Units(resourceName, a.Quantity), Fixed: true}
			sum.Add(a.Quantity)
		}
	}
	if sum.Cmp(total) > 0 {
		d := diag.New(diag.NamespaceQuota, lc.At("namespaces"), "the namespaces take %s of %s, and the logical cluster has %s", sum.String(), resourceName, total.String())
		for i, ns := range list {
			if a, ok := own[i].Of(resourceName); ok {
				d = d.See(a.Pos(), "%s takes %s", ns.Name, a.Quantity.String())
			}
		}
		out.Fault(&lc.Meta, d.See(lc.Origins()["quota."+resourceName].Pos, "the total stands here"), "what is above the total falls away")
	}
	amounts, left := quota.Divide(quota.Units(resourceName, total), parts)
	if left > 0 {
		rest := quota.FromUnits(resourceName, left, total.Format)
		out.Add(&lc.Meta, diag.New(diag.QuotaLeft, lc.At("namespaces"), "%s of %s goes to no namespace", rest.String(), resourceName).
			See(lc.Origins()["quota."+resourceName].Pos, "the total stands here").Suggest("give a namespace a share, or lower the total"))
	}
	divided := make([]resource.Quantity, len(list))
	for i := range list {
		divided[i] = quota.FromUnits(resourceName, amounts[i], total.Format)
	}
	return divided
}

// Divided returns the logical cluster with an amount for each of its Weights, in
// their order and counted as quota.Units does, and its whole quota divided among its
// namespaces; caps are what kept amounts lower. As it is resolved, a logical cluster
// with weights has no quota of them, and its namespaces none at all.
func Divided(lc *tenancy.LogicalCluster, amounts []int64, caps ...tenancy.Cap) (*tenancy.LogicalCluster, []tenancy.Finding) {
	out := *lc
	for i, w := range lc.Weights {
		out.Quota = out.Quota.With(w.Name, quota.Quantity(w.Name, amounts[i]))
	}
	out.Caps = slices.Concat(lc.Caps, caps)
	var found tenancy.Findings
	out.Namespaces = namespaces(&out, &found)
	return &out, found
}

// Capped returns the logical cluster with a lower amount of what by names.
func Capped(lc *tenancy.LogicalCluster, to resource.Quantity, by tenancy.Cap) (*tenancy.LogicalCluster, []tenancy.Finding) {
	amounts := make([]int64, len(lc.Weights))
	for i, w := range lc.Weights {
		have, _ := lc.Quota.Of(w.Name)
		amounts[i] = quota.Units(w.Name, have)
		if w.Name == by.Name {
			amounts[i] = quota.Units(w.Name, to)
		}
	}
	return Divided(lc, amounts, by)
}
