// Package live looks at the clusters that an output is for: the management
// cluster, on which the GitOps engine runs, and the physical clusters.
//
// It reads what is rendered, not what the tenancy repo would give now: what
// stands on a cluster is compared with what the engine was told to make of it.
// Package status says how far the engine has come, package drift where a cluster
// differs. Nothing here changes a cluster: what is asked is read, or applied as a
// dry run, which the API server answers without keeping anything.
package live

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Management is what the management cluster is called.
const Management = "management cluster"

// ID is what an API server knows an object by, whatever the version.
type ID struct{ Group, Kind, Namespace, Name string }

// String is the kind, the namespace and the name.
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// Compare orders by kind, namespace and name.
func (id ID) Compare(other ID) int {
	return cmp.Or(strings.Compare(id.Kind, other.Kind), strings.Compare(id.Group, other.Group),
		strings.Compare(id.Namespace, other.Namespace), strings.Compare(id.Name, other.Name))
}

// GroupKind returns the kind.
func (id ID) GroupKind() schema.GroupKind { return schema.GroupKind{Group: id.Group, Kind: id.Kind} }
