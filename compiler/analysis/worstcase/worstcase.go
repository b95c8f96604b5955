// Package worstcase answers what logical clusters cost a month at most: summed up the
// organization tree, by another dimension, or part by part for one of them.
package worstcase

import (
	"fmt"
	"io"
	"slices"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// Report is the answer.
type Report struct {
	AsOf string `json:"asOf"`
	// Pins are the decisions that say where logical clusters are.
	Pins pins.Origin `json:"pins"`
	// Prices is the price book that holds; empty where none does.
	Prices   string       `json:"prices"`
	Currency string       `json:"currency"`
	Total    cost.Money   `json:"total"`
	Rows     []cost.Row   `json:"rows,omitempty"`
	Groups   []cost.Group `json:"groups,omitempty"`

	// path is what was asked for, and by the dimension of the groups; empty for the tree.
	path string
	by   cost.Dimension
}

// Of answers for the logical clusters under a path, which is a pattern of package
// selection and empty for all, by a dimension or by the tree. That there is nothing
// under the path is an error.
func Of(r *compiler.Result, path string, by cost.Dimension) (*Report, error) {
	out := &Report{AsOf: r.AsOf, Pins: r.From, Currency: r.Costs.Currency, path: path, by: by}
	if r.Costs.Priced() {
		out.Prices = r.Costs.Book.Name
	}
	chosen := func(key string) bool { return path == "" || selection.Under(key, path) }
	var lcs []*tenancy.LogicalCluster
	for _, lc := range r.Tenancy.LogicalClusters {
		if chosen(lc.Key) && lc.State != schema.Deleted {
			lcs = append(lcs, lc)
			out.Total = out.Total.Add(r.Costs.Total(lc.Key))
		}
	}
	if by != "" {
		out.Groups = r.Costs.By(by, lcs)
	} else {
		out.Rows = slices.DeleteFunc(r.Costs.Tree(r.Tenancy), func(row cost.Row) bool { return !chosen(row.Key) })
	}
	if path != "" && len(lcs) == 0 && len(out.Rows) == 0 {
		return nil, fmt.Errorf("there is no organization or logical cluster %s", path)
	}
	return out, nil
}

// one reports whether a single logical cluster was asked for.
func (r *Report) one() bool {
	return len(r.Rows) == 1 && r.Rows[0].Kind == "logicalCluster" && r.Rows[0].Key == r.path
}

// WriteJSON writes the report with exact amounts.
func (r *Report) WriteJSON(w io.Writer) error { return printer.JSON(w, r) }
