// Package pins holds what the compiler decided once and must not decide anew:
// where logical clusters are placed, what their namespaces are called, which
// cut carries them, how far a removal has come, and the last good document of
// everything. Pins are part of the output, so two requests never conflict over
// them: they are decided at merge, in order.
package pins

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/manifest"
)

// Pins are all pins of an output.
type Pins struct {
	// AsOf is the date that the output was built for.
	AsOf string
	// Documents are the last good documents, by kind, key and directory, as
	// json.Marshal writes them: what was read back is equal byte by byte.
	Documents map[document.ID]json.RawMessage
	// Definitions are what the custom resources of API sets were defined as when
	// the set was last good, by the set's document.
	Definitions map[document.ID][]Definition
	// Definition returns the text of a definition by its name. The error is for one
	// that is not there.
	Definition func(name string) ([]byte, error)
	// Texts are what directories said when their documents were last good, by directory,
	// the latest first.
	Texts map[string][]Text
	// Library returns the content of a library that texts import by its name. The error is
	// for one that is not there.
	Library func(name string) (syntax.LibraryText, error)
	// LogicalClusters by key.
	LogicalClusters map[string]*LogicalCluster
	// Stored says in which versions physical clusters store the objects of custom
	// resources whose definitions are managed.
	Stored map[StoredID]Stored
}

// StoredID is a custom resource, by the name of its definition, on a physical
// cluster.
type StoredID struct{ Cluster, Name string }

// Stored says in which versions objects are stored.
type Stored struct {
	// Storage is the version in which they are written.
	Storage string
	// Versions are all in which they were ever written there, the first one first.
	Versions []string
}

// Definition names what a resource of an API set version was defined as.
type Definition struct {
	Version, Resource string
	// Name identifies the content: equal names, equal content.
	Name string
}

// Phase is how far the removal of a logical cluster from a physical cluster has
// come.
type Phase string

const (
	// Present: the objects stand and are protected from pruning.
	Present Phase = ""
	// Leaving: the objects stand, frozen and protected. Where the logical cluster is placed,
	// it was declared deleted, and the grace runs; where it was moved away, its copy stands
	// until its document releases the physical cluster.
	Leaving Phase = "leaving"
	// Stopped: the logical cluster is declared deleted, and a hold keeps it: the objects
	// stand, frozen and protected.
	Stopped Phase = "stopped"
	// Confirmed: the objects stand for the last time, unprotected and marked, so
	// that the GitOps engine may delete them once they vanish.
	Confirmed Phase = "confirmed"
	// Gone: the objects are no longer rendered. What remains is the memory of it.
	Gone Phase = "gone"
)

// Stays reports whether a logical cluster that is on its way out keeps all that it has for now.
func (p Phase) Stays() bool { return p == Leaving || p == Stopped }

// LogicalCluster is what is decided of one logical cluster.
type LogicalCluster struct {
	// Organization is the path of the organization whose file holds the pin.
	Organization string
	Site
	// APIs are the versions that it bound, by API set. They are kept where a policy at
	// stage evolve reaches it, which judges what comes after; nil where none did.
	APIs map[string]string
	// Left are physical clusters that it stood on before.
	Left []Site
}

// Site is a logical cluster's place on one physical cluster.
type Site struct {
	// Cluster is the physical cluster.
	Cluster string
	// Cut names the part of the physical cluster's tenants that it is applied with.
	Cut string
	// Namespaces are those of the document.
	Namespaces Names
	// Retired are physical namespaces that the document no longer has: they are
	// kept, protected and closed, until the logical cluster itself is deleted.
	Retired Names
	Phase   Phase
	// Since is the date of the build that entered the phase.
	Since string
	// Bare: it is declared deleted and its document is in error, so it gives nothing while it
	// stays.
	Bare bool
}

// Names are the physical names of namespaces by their names in the document, sorted
// by these. Many share them: they are never changed in place.
type Names []Name

// Name is a namespace's name in the document and its physical name.
type Name struct{ Name, Physical string }

// NamesOf returns physical names by names in the document; nil where there is none.
func NamesOf(m map[string]string) Names {
	var out Names
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Name{name, m[name]})
	}
	return out
}

// Of returns the physical name of a namespace, and whether it has one.
func (n Names) Of(name string) (physical string, ok bool) {
	i, ok := slices.BinarySearchFunc(n, name, func(n Name, name string) int { return strings.Compare(n.Name, name) })
	if !ok {
		return "", false
	}
	return n[i].Physical, true
}

// Map returns the same as a map, which is the caller's.
func (n Names) Map() map[string]string {
	out := make(map[string]string, len(n))
	for _, one := range n {
		out[one.Name] = one.Physical
	}
	return out
}

// Manifest returns the same as the fields of an object.
func (n Names) Manifest() manifest.Map {
	out := make(manifest.Map, len(n))
	for i, one := range n {
		out[i] = manifest.Field{Key: one.Name, Value: one.Physical}
	}
	return out
}
