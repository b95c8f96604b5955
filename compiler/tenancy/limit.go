package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
)

// Positions returns where a field of a document is.
type Positions func(path ...string) diag.Position

// Limit is an entry of a quota as a document declares it.
type Limit struct {
	quota.Amount
	Key string // as the document has it
	// At says where the quota's fields are. Most positions are never asked for.
	At Positions
}

// Pos returns where the limit is declared.
func (l *Limit) Pos() diag.Position { return l.At(l.Key) }

// Limits are the entries of a quota, sorted by the names of their resources.
type Limits []Limit

// Of returns the limit of a resource.
func (l Limits) Of(name string) (Limit, bool) {
	i, ok := slices.BinarySearchFunc(l, name, func(a Limit, name string) int { return strings.Compare(a.Resource, name) })
	if !ok {
		return Limit{}, false
	}
	return l[i], true
}
