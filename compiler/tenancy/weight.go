package tenancy

import (
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
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
	least := quota.Quantity(w.Name, w.Minimum)
	return "weight " + strconv.FormatInt(w.Weight, 10) + ", minimum " + least.String()
}

// Cap is a bound that keeps a divided amount below what the budget would give.
type Cap struct {
	Name string // of the resource, as ResourceQuota has it
	// By is what bounds it: "a pattern of the directories above".
	By  string
	Pos diag.Position
}

// Weighted reports whether an amount is divided from the budget.
func Weighted(list []Weight, name string) bool {
	return slices.ContainsFunc(list, func(w Weight) bool { return w.Name == name })
}
