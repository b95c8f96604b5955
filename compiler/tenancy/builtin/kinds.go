package builtin

import (
	"sync"

	"github.com/tenantry/tenantry/compiler/tenancy"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is one of Kubernetes' own namespaced kinds.
type Kind struct {
	Group, Kind string
	// Plural is the name in URLs.
	Plural   string
	Versions []string
}

var kinds = sync.OnceValue(func() map[kubeschema.GroupKind]Kind {
	out := map[kubeschema.GroupKind]Kind{}
	for _, b := range All() {
		out[kubeschema.GroupKind{Group: b.Group, Kind: b.Kind}] = Kind{b.Group, b.Kind, b.Plural, b.Versions}
	}
	return out
})

// KindOf returns one of Kubernetes' own namespaced kinds, as far as API sets
// may name it.
func KindOf(group, kind string) (Kind, bool) {
	k, ok := kinds()[kubeschema.GroupKind{Group: group, Kind: kind}]
	return k, ok
}

// RefusedKind says why no logical cluster can have objects of one of Kubernetes'
// own kinds; it is empty for others.
func RefusedKind(group, kind string) string {
	plural := tenancy.GuessPlural(group, kind)
	if group != "" {
		plural += "." + group
	}
	return Refused(plural)
}
