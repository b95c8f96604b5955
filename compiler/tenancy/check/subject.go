package check

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/tenancy"
)

// subject is a logical cluster that is checked, as far as it is narrowed already.
type subject struct {
	*tenancy.LogicalCluster
	narrowed bool
	// changed: the document is new or differs from its last good version.
	changed bool
	// stood: it stands in the pins, under this key or an earlier one.
	stood bool
}

// narrow returns the logical cluster to be changed: a copy of the one that was given.
func (s *subject) narrow() *tenancy.LogicalCluster {
	if !s.narrowed {
		own := *s.LogicalCluster
		s.LogicalCluster, s.narrowed = &own, true
	}
	return s.LogicalCluster
}

// narrowAPIs takes away the bindings that offers do not allow.
func (s *subject) narrowAPIs() {
	if kept := offered(s.LogicalCluster); len(kept) < len(s.APIs) {
		s.narrow().APIs = kept
	}
}

// offered returns the bindings that all offers allow.
func offered(lc *tenancy.LogicalCluster) []tenancy.Binding {
	return slices.DeleteFunc(slices.Clone(lc.APIs), func(b tenancy.Binding) bool {
		return lc.Org.Offers.Refusing(func(f *tenancy.Offer) bool { return f.API(b.Version) }) != nil
	})
}
