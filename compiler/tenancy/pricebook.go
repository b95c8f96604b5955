package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// PriceBook is a price book with its document.
type PriceBook struct {
	document.Meta
	Name string
	Spec schema.PriceBook
}

// Resources returns the names, as ResourceQuota has them, of all that has a price
// above nothing, sorted.
func (b *PriceBook) Resources() []string {
	out := make([]string, 0, len(b.Spec.Quota))
	for key, price := range b.Spec.Quota {
		if strings.ContainsAny(string(price), "123456789") {
			out = append(out, schema.ResourceName(key))
		}
	}
	slices.Sort(out)
	return out
}
