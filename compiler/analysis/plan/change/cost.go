package change

import (
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
)

// Cost is how the worst case a month differs. Amounts are exact decimals in the
// currency of their side.
type Cost struct {
	// Currency after the change, and CurrencyBefore where it was another: then
	// amounts of the two sides can't be compared.
	Currency       string `json:"currency"`
	CurrencyBefore string `json:"currencyBefore,omitempty"`
	// Prices is the price book that holds, and PricesBefore the one that held; each
	// is empty where there is none.
	Prices       string     `json:"prices"`
	PricesBefore string     `json:"pricesBefore"`
	Before       cost.Money `json:"before"`
	After        cost.Money `json:"after"`
	Change       cost.Money `json:"change"`
	// Rows are the organizations of which the worst case or the budget differs, a
	// parent before its children, and the logical clusters with a budget of their
	// own of which it does.
	Rows []CostRow `json:"rows"`
	// Causes of the difference, the largest first. Their changes sum to it.
	Causes []CostCause `json:"causes"`
}

// CostRow is what an organization with all below it, or a logical cluster, costs a
// month at most.
type CostRow struct {
	// Kind is "organization" or "logicalCluster".
	Kind   string     `json:"kind"`
	Key    string     `json:"key"`
	Depth  int        `json:"depth"`
	Before cost.Money `json:"before"`
	After  cost.Money `json:"after"`
	// Budget after the change, and BudgetBefore where it differs; nil where there
	// is none. Overcommit is what the budget is multiplied by before the worst case
	// is held against it; nil means 1.
	Budget       *cost.Money `json:"budget,omitempty"`
	BudgetBefore *cost.Money `json:"budgetBefore,omitempty"`
	Overcommit   *cost.Money `json:"overcommit,omitempty"`
	// Crosses says that the worst case is above the budget after the change, and was
	// not or was less so: "budget" or, where it is also above the budget overcommitted,
	// "limit".
	Crosses string `json:"crosses,omitempty"`

	// OvercommitBefore is no part of the JSON.
	OvercommitBefore *cost.Money `json:"-"`
}

// The kinds of a CostRow.
const (
	RowOrganization   = "organization"
	RowLogicalCluster = "logicalCluster"
)

// What a worst case is above of.
const (
	CrossesBudget = "budget"
	CrossesLimit  = "limit"
)

// CostCause is one thing that makes worst cases differ, the same for some
// logical clusters.
type CostCause struct {
	// What differs: "appears" and "goes" for all of a logical cluster; "amount",
	// "price" or "factor" of something that it has.
	What string `json:"what"`
	// Kind is quota, class, backing or api, and Name which; empty where it is all
	// of a logical cluster or where it stands.
	Kind cost.Kind `json:"kind,omitempty"`
	Name string    `json:"name,omitempty"`
	// Before and After are amounts in the unit, prices a month, or factors.
	Before *cost.Money `json:"before,omitempty"`
	After  *cost.Money `json:"after,omitempty"`
	Unit   quota.Unit  `json:"unit,omitempty"`
	// Change of the sum of their worst cases.
	Change cost.Money `json:"change"`
	// LogicalClusters by key.
	LogicalClusters []string `json:"logicalClusters"`
	Causes          []Cause  `json:"causes,omitempty"`
}

// Limit is what the worst case must not exceed; there is a budget.
func (r *CostRow) Limit() cost.Money {
	if r.Overcommit == nil {
		return *r.Budget
	}
	return r.Budget.Mul(*r.Overcommit)
}
