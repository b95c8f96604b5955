// Package target describes what logical clusters are built as and applied by: a
// row of facts for each backing and for each GitOps engine.
//
// The rows are data that every stage may ask, from reading documents to comparing
// live clusters. What a backing or an engine makes of a desired state lies in the
// packages below render/backing and render/engine, each of which gives its own
// row. No other package knows one of them by name.
package target

import "github.com/tenantry/tenantry/schema"

// Table is what there is to build for.
type Table struct {
	Backings Backings
	Engines  Engines
}

// Names returns the names that documents may use. It returns nil for the empty
// table, which does not say which there are.
func (t Table) Names() *schema.Names {
	if t.Backings == nil && t.Engines == nil {
		return nil
	}
	n := &schema.Names{}
	for i := range t.Backings {
		n.Backings = append(n.Backings, t.Backings[i].Name)
	}
	for i := range t.Engines {
		n.Engines = append(n.Engines, t.Engines[i].Name)
	}
	return n
}

// Mark is a label or an annotation.
type Mark struct{ Key, Value string }
