package tenancy

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Weight is a part of a quota that is divided from the logical cluster's budget.
type Weight struct {
	Name   string // as ResourceQuota has it
	Key    string // as the document has it
	Weight int64
	// Minimum in thousandths of a core, bytes or pieces.
	Minimum int64
}

// String returns "weight 3, minimum 4".
func (w Weight) String() string {
	if w.Minimum == 0 {
		return "weight " + strconv.FormatInt(w.Weight, 10)
	}
	least := Quantity(w.Name, w.Minimum)
	return "weight " + strconv.FormatInt(w.Weight, 10) + ", minimum " + least.String()
}

// Cap is a bound that keeps a divided amount below what the budget would give.
type Cap struct {
	Name string // of the resource, as ResourceQuota has it
	// By is what bounds it: "a pattern of the directories above".
	By  string
	Pos diag.Position
}

// weights reads what a document has divided from the budget, by resource name.
// What it gives an amount of itself is not divided.
func weights(shares schema.BudgetShares, quota []amount, m *document.Meta, at positions, out *findings) []Weight {
	list := make([]Weight, 0, len(shares))
	for _, key := range slices.Sorted(maps.Keys(shares)) {
		share := shares[key]
		w := Weight{Name: schema.ResourceName(key), Key: key, Weight: int64(share.Weight)}
		if strings.Contains(w.Name, "/") && len(validation.IsQualifiedName(w.Name)) > 0 {
			out.fault(m, diag.New(diag.AmountInvalid, at("quotaFromBudget", key), "%s: Kubernetes takes no quota of this name", key), "it is left out")
			continue
		}
		if a, ok := find(quota, w.Name); ok {
			out.fault(m, diag.New(diag.WeightedTwice, at("quotaFromBudget", key), "%s has an amount, so nothing of it can be divided from the budget", key).
				See(a.pos(), "the amount stands here").Suggest("take one of them away"), "the amount counts")
			continue
		}
		if share.Minimum != "" {
			q, problem := parseAmount(w.Name, string(share.Minimum))
			if problem != "" {
				out.fault(m, diag.New(diag.AmountInvalid, at("quotaFromBudget", key, "minimum"), "%s: %s", key, problem), "it has no minimum")
			} else {
				w.Minimum = units(w.Name, q)
			}
		}
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b Weight) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// mergeWeights merges two lists by name; of one name, the nearer holds, and an
// amount that is nearer than a weight takes its place.
func mergeWeights(far []Weight, l *layer) []Weight {
	out := slices.Clone(l.weights)
	for _, w := range far {
		_, amount := find(l.quota, w.Name)
		if !amount && !weighted(l.weights, w.Name) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Weight) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Quantity returns an amount that is counted in thousandths of a core, bytes or
// pieces as a quota has it.
func Quantity(name string, n int64) resource.Quantity {
	format := resource.DecimalSI
	if isBytes(name) {
		format = resource.BinarySI
	}
	return fromUnits(name, n, format)
}

// SetDivided gives each of the Weights its amount, in their order and counted as
// Units does, and divides the whole quota among the namespaces. A logical cluster
// with weights has no quota of them, and its namespaces none at all, until then.
func (lc *LogicalCluster) SetDivided(amounts []int64) []Finding {
	var out findings
	lc.setDivided(amounts, &out)
	return out
}

func (lc *LogicalCluster) setDivided(amounts []int64, out *findings) {
	for i, w := range lc.Weights {
		lc.Quota = lc.Quota.With(w.Name, Quantity(w.Name, amounts[i]))
	}
	lc.Namespaces = namespaces(lc, out)
}

// divided reports whether an amount of the quota is divided from the budget.
func (lc *LogicalCluster) divided(name string) bool {
	return weighted(lc.Weights, name)
}

func weighted(list []Weight, name string) bool {
	return slices.ContainsFunc(list, func(w Weight) bool { return w.Name == name })
}

// cap lowers a divided amount.
func (lc *LogicalCluster) cap(name string, to resource.Quantity, by Cap, out *findings) {
	amounts := make([]int64, len(lc.Weights))
	for i, w := range lc.Weights {
		have, _ := lc.Quota.Of(w.Name)
		amounts[i] = units(w.Name, have)
		if w.Name == name {
			amounts[i] = units(name, to)
		}
	}
	lc.Caps = append(lc.Caps, by)
	lc.setDivided(amounts, out)
}
