package diff

import (
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
)

// reach is which logical clusters differ because of which documents.
type reach map[*change.Document]map[string]bool

// add notes that a logical cluster differs because of a document.
func (r reach) add(d *change.Document, key string) {
	if r[d] == nil {
		r[d] = map[string]bool{}
	}
	r[d][key] = true
}
