package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// promises from the one that asks least.
var promises = []schema.Promise{schema.PromiseNone, schema.PromiseBackward, schema.PromiseFull}

// bounded says what a change of an upper bound does; "" where it is the same. An
// empty bound is none.
func bounded(was, is string) string {
	switch {
	case was == is:
		return ""
	case is == "":
		return change.Loosens
	case was == "":
		return change.Tightens
	}
	b, err := resource.ParseQuantity(was)
	a, err2 := resource.ParseQuantity(is)
	switch order := a.Cmp(b); {
	case err != nil || err2 != nil:
		return change.MayLoosen
	case order > 0:
		return change.Loosens
	case order < 0:
		return change.Tightens
	}
	return ""
}

// labelOwners from those whom anybody is to those whom few are.
var labelOwners = []schema.LabelOwner{schema.OwnerTeam, schema.OwnerOrganization, schema.OwnerPlatform}

func orNone(list []string) string { return cmp.Or(strings.Join(list, ", "), "none") }

// distinct returns a list sorted and without what stands in it twice; nil for nil.
func distinct(list []string) []string {
	if list == nil {
		return nil
	}
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// The orders of what bounds a logical cluster, from the loosest.
var (
	podSecurityOrder = []string{"privileged", "baseline", "restricted"}
	networkOrder     = []schema.Network{schema.NetworkOpen, schema.NetworkOrganization, schema.NetworkLogicalCluster, schema.NetworkClosed}
)

// lowered says what it does to go from one step of an order to another.
func lowered[T comparable](order []T, was, is T) string {
	b, a := slices.Index(order, was), slices.Index(order, is)
	switch {
	case a < 0 || b < 0:
		return change.MayLoosen
	case a < b:
		return change.Loosens
	}
	return change.Tightens
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

func orAny(list []string) string {
	if list == nil {
		return "any"
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}
