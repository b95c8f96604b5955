package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// APISet is an API set with its versions.
type APISet struct {
	document.Meta
	Name     string
	Spec     schema.APISet
	Versions []*APIVersion // by name
}

// Find returns what is bound under the name of a version or channel; nil where
// there is neither.
func (s *APISet) Find(name string) *APIVersion {
	if v := s.Version(name); v != nil {
		return v
	}
	if version, ok := s.Spec.Channels[name]; ok {
		return s.Version(version)
	}
	return nil
}

// Version returns the version of that name.
func (s *APISet) Version(name string) *APIVersion {
	i, ok := slices.BinarySearchFunc(s.Versions, name, func(v *APIVersion, name string) int { return strings.Compare(v.Name, name) })
	if !ok {
		return nil
	}
	return s.Versions[i]
}

// Upgrade follows replacedBy from a version to one that may be bound, and returns
// the names of all on the way, both among them; nil where there is none.
func (s *APISet) Upgrade(v *APIVersion) []string {
	path := []string{v.Name}
	for range s.Versions {
		if v = s.Version(v.Spec.ReplacedBy); v == nil {
			return nil
		}
		path = append(path, v.Name)
		if v.Spec.Lifecycle != schema.Removed && v.Spec.Lifecycle != schema.Deprecated {
			return path
		}
	}
	return nil
}

// SuggestUpgrade says what to do instead of binding a version, and by which versions it was
// replaced one after the other.
func (s *APISet) SuggestUpgrade(d diag.Diagnostic, do string, v *APIVersion) diag.Diagnostic {
	path := s.Upgrade(v)
	switch len(path) {
	case 0:
		return d
	case 2:
		return d.Suggest("%s %s", do, path[1])
	}
	return d.Suggest("%s %s; the upgrade path is %s", do, path[len(path)-1], strings.Join(path, " -> "))
}

// APIVersion is one version of an API set.
type APIVersion struct {
	Set       *APISet
	Name      string
	Spec      schema.APIVersion // defaults filled in
	Resources []*Resource       // by group and plural
}

// String returns "database@v3".
func (v *APIVersion) String() string { return v.Set.Name + "@" + v.Name }

// PastSunset reports whether the day is past the version's last.
func (v *APIVersion) PastSunset(asOf string) bool {
	return v.Spec.Lifecycle == schema.Deprecated && v.Spec.Sunset != "" && asOf > v.Spec.Sunset
}

// Resource is one resource of an API set version.
type Resource struct {
	// Key as the document has it: "deployments.apps".
	Key   string
	Group string
	// Plural is the name in URLs: "deployments".
	Plural string
	Kind   string
	// Versions may be written; empty means all that are served.
	Versions []string
	// Served are all versions that the API server serves, as far as is known.
	Served []string
	// Subresources that roles may reach besides the resource itself, and for
	// which of them a role is needed that the built-in table names.
	Subresources []Subresource
	// Verbs by role, usual ones filled in. A nil list gives nothing.
	View, Edit, Admin []string
	// CRD is the definition, where the resource is not built in.
	CRD *CRD
	// Demands are what the version demands of the resource's fields.
	Demands constraint.Demands
	// Lost: it is not built in, and its definition can't be read. What stands in the
	// physical clusters stays.
	Lost bool
}

// Writable returns the API versions in which the resource may be written.
func (r *Resource) Writable() []string {
	if len(r.Versions) > 0 {
		return r.Versions
	}
	return r.Served
}

// Schema returns the schema of an API version of the resource; nil where it is not
// known. It must not be changed.
func (r *Resource) Schema(version string) *apiextensionsv1.JSONSchemaProps {
	if r.CRD == nil {
		return constraint.Builtin(kubeschema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind})
	}
	if r.CRD.Definition != nil {
		for _, v := range r.CRD.Definition.Spec.Versions {
			if v.Name == version && v.Schema != nil {
				return v.Schema.OpenAPIV3Schema
			}
		}
	}
	return nil
}

// OfKind reports whether the resource is that of a kind.
func (r *Resource) OfKind(group, kind string) bool {
	if r.Kind == "" { // held, and its file can no longer be read
		return r.Group == group && r.Plural == GuessPlural(group, kind)
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

// GuessPlural returns the plural that most resources of a kind have.
func GuessPlural(group, kind string) string {
	plural, _ := meta.UnsafeGuessKindToResource(kubeschema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
	return plural.Resource
}

// Subresource is a part of a resource with verbs of its own.
type Subresource struct {
	Name              string // "scale", "exec"
	View, Edit, Admin []string
}

// CRD is a CustomResourceDefinition as a file of the repo has it.
type CRD struct {
	Name string // "databases.db.acme.example"
	File string // path in the repo
	Line int    // where the document begins in the file
	// Data is the document's text.
	Data []byte
	// Digest is of the definition's content; equal content means equal digest,
	// whatever the layout of the file.
	Digest [32]byte
	// Managed: the compiler renders it.
	Managed bool
	// Definition is the decoded definition, with the API server's defaults. It must
	// not be changed.
	Definition *apiextensionsv1.CustomResourceDefinition
}

// Binding is an API set version that a logical cluster binds.
type Binding struct {
	// Requested as the document has it: a channel or a version.
	Requested string
	Version   *APIVersion
	Pos       diag.Position
	// Refused is the version that the channel names now, where that is not offered and the
	// binding stays at the version that it had; else nil.
	Refused *APIVersion
}
