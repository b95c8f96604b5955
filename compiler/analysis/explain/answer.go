package explain

import (
	"fmt"
	"io"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// Answer says where values come from.
type Answer interface {
	WriteText(w io.Writer) error
	WriteJSON(w io.Writer) error
}

// OfLogicalCluster answers for the values of a logical cluster, or for those of one field
// and below it.
func OfLogicalCluster(r *compiler.Result, key string, field ...string) (Answer, error) {
	lc := r.Tenancy.LogicalCluster(key)
	if lc == nil {
		if _, err := selection.LogicalClusters(r.Tenancy, key); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s is no logical cluster; name one that is below it", key)
	}
	all := valuesOf(r, lc)
	if len(field) == 0 {
		return clusterAnswer{lc, all, r.From}, nil
	}
	values := Select(all, field[0])
	if len(values) == 0 {
		var names []string
		for _, v := range all {
			names = append(names, v.Field)
		}
		return nil, fmt.Errorf("%s has no %s%s", lc.Key, field[0], diag.Hint(field[0], names))
	}
	return clusterAnswer{lc, values, r.From}, nil
}

// valuesOf are all values of a logical cluster.
func valuesOf(r *compiler.Result, lc *tenancy.LogicalCluster) []tenancy.Value {
	return append(LogicalCluster(r.Tenancy, lc, r.Sites[lc.Key], r.Former[lc.Key]), Policies(r.Policies.Of(lc))...)
}

// clusterAnswer is the answer for a logical cluster.
type clusterAnswer struct {
	lc     *tenancy.LogicalCluster
	values []tenancy.Value
	// from is where the decisions come from.
	from pins.Origin
}

// WriteText implements Answer.
func (a clusterAnswer) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s, %s\n", a.lc.Key, a.lc.Pos)
	switch {
	case a.lc.Suspended:
		fmt.Fprintln(w, "It is suspended: its document is in error, and tenants have no access.")
	case a.lc.Held:
		fmt.Fprintln(w, "It is held: its document is in error, and the last good one stands in for it.")
	}
	fmt.Fprintln(w)
	return writeValues(w, a.values, "")
}

// WriteJSON implements Answer.
func (a clusterAnswer) WriteJSON(w io.Writer) error {
	return printer.JSON(w, struct {
		LogicalCluster string      `json:"logicalCluster"`
		Pins           pins.Origin `json:"pins"`
		Held           bool        `json:"held,omitempty"`
		Suspended      bool        `json:"suspended,omitempty"`
		Values         []valueJSON `json:"values"`
	}{a.lc.Key, a.from, a.lc.Held, a.lc.Suspended, valuesJSON(a.values)})
}
