package tenancy

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is one of Kubernetes' own namespaced kinds.
type Kind struct {
	Group, Kind string
	// Plural is the name in URLs.
	Plural   string
	Versions []string
}

var builtinKinds = sync.OnceValue(func() map[schema.GroupKind]Kind {
	out := map[schema.GroupKind]Kind{}
	for _, b := range builtins() {
		out[schema.GroupKind{Group: b.group, Kind: b.kind}] = Kind{b.group, b.kind, b.plural, b.versions}
	}
	return out
})

// BuiltinKind returns one of Kubernetes' own namespaced kinds, as far as API sets
// may name it.
func BuiltinKind(group, kind string) (Kind, bool) {
	k, ok := builtinKinds()[schema.GroupKind{Group: group, Kind: kind}]
	return k, ok
}

// RefusedKind says why no logical cluster can have objects of one of Kubernetes'
// own kinds; it is empty for others.
func RefusedKind(group, kind string) string {
	plural := guessPlural(group, kind)
	if group != "" {
		plural += "." + group
	}
	return refusedBuiltin(plural)
}

func guessPlural(group, kind string) string {
	plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
	return plural.Resource
}

// OfKind reports whether the resource is that of a kind.
func (r *Resource) OfKind(group, kind string) bool {
	if r.Kind == "" { // held, and its file can no longer be read
		return r.Group == group && r.Plural == guessPlural(group, kind)
	}
	return r.Group == group && r.Kind == kind
}

// Writes reports whether objects may be written in a version.
func (r *Resource) Writes(version string) bool {
	if len(r.Versions) > 0 {
		return slices.Contains(r.Versions, version)
	}
	return len(r.Served) == 0 || slices.Contains(r.Served, version)
}

// Bound returns the resource of a kind among what a logical cluster binds, nil
// where it binds none; and the version of the API set that has it.
func (lc *LogicalCluster) Bound(group, kind string) (*Resource, *APIVersion) {
	for _, b := range lc.APIs {
		for _, r := range b.Version.Resources {
			if r.OfKind(group, kind) {
				return r, b.Version
			}
		}
	}
	return nil, nil
}

// Counts reports whether the quota of the logical cluster bounds the number of
// objects of a resource.
func (lc *LogicalCluster) Counts(group, plural string) bool {
	name := plural
	if group != "" {
		name += "." + group
	}
	if _, ok := lc.Quota.Of("count/" + name); ok {
		return true
	}
	_, ok := lc.Quota.Of(plural)
	return ok && group == ""
}

// InsideOrgs reports whether a directory belongs to the organization tree, whose
// documents are the organizations' own.
func InsideOrgs(dir string) bool { return insideOrgs(dir) }
