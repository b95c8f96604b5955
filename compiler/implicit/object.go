package implicit

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// Object is an object that a document gives.
type Object struct {
	// Ref is the document: "orgs/acme/implicit/auditors".
	Ref                  string
	Group, Version, Kind string
	// Plural is the name in URLs.
	Plural string
	Merge  schema.Merge
	// Custom: it is not of Kubernetes' own kinds.
	Custom bool
	// Access is what a RoleBinding gives; nil for other kinds.
	Access *Access
	// Digest is of everything that the object's bytes follow from, besides the values
	// of placeholders.
	Digest [32]byte

	namespaces          []string // nil: all
	index               int      // in the document
	pos                 diag.Position
	name                text
	labels, annotations []pair
	body                manifest.Map // without apiVersion, kind and metadata
	inside              bool         // declared inside orgs/
}

// pair is a label or an annotation.
type pair struct {
	key   string
	value text
}

// Access is what a RoleBinding gives.
type Access struct {
	// Role is one of the logical cluster's own; empty where the binding refers to
	// something else.
	Role schema.Role
	// RoleKind and RoleName are what it refers to otherwise.
	RoleKind, RoleName string

	dir       string // of the document
	subjects  []subject
	templated bool
}

// subject is whom a RoleBinding gives its role to.
type subject struct {
	kind            string
	namespace, name text
}

// Subjects returns whom the binding gives its role to in a namespace.
func (a *Access) Subjects(v *Values) []tenancy.Subject {
	out := make([]tenancy.Subject, 0, len(a.subjects))
	for _, s := range a.subjects {
		if who := s.fill(v); !tenancy.IsRevoked(v.Revoked, who, a.dir) {
			out = append(out, who)
		}
	}
	return out
}

func (s *subject) fill(v *Values) tenancy.Subject {
	return tenancy.Subject{Kind: s.kind, Namespace: s.namespace.fill(v), Name: s.name.fill(v)}
}

// withoutRevoked returns the subjects of the RoleBinding, as it has them, without those that
// lost their access.
func (a *Access) withoutRevoked(subjects manifest.List, v *Values) manifest.List {
	out := make(manifest.List, 0, len(subjects))
	for i, s := range subjects {
		if !tenancy.IsRevoked(v.Revoked, a.subjects[i].fill(v), a.dir) {
			out = append(out, s)
		}
	}
	return out
}

// Templated reports whether the subjects depend on the namespace.
func (a *Access) Templated() bool { return a.templated }

// Pos is where the object stands.
func (o *Object) Pos() diag.Position { return o.pos }

// In reports whether the object goes to a namespace, by its name in the document.
func (o *Object) In(namespace string) bool {
	return o.namespaces == nil || slices.Contains(o.namespaces, namespace)
}

// APIVersion returns the version as objects write it.
func (o *Object) APIVersion() string {
	if o.Group == "" {
		return o.Version
	}
	return o.Group + "/" + o.Version
}

// Resource returns the resource as Kubernetes qualifies it: "deployments.apps".
func (o *Object) Resource() string {
	if o.Group == "" {
		return o.Plural
	}
	return o.Plural + "." + o.Group
}

// Kept reports whether the object stays in the cluster when it is no longer
// given: it may hold data, or belongs to the tenants by then.
func (o *Object) Kept() bool {
	return o.Custom || o.Merge == schema.TenantWins || o.Merge == schema.MergeFields
}

// Replaceable reports whether an engine is to make the object anew where one of the same
// name stands that cannot be changed to it: a tenant's ConfigMap that is immutable,
// a RoleBinding to another role. Such an object would otherwise keep everything from
// being applied that stands beside it. What may hold data is never made anew.
func (o *Object) Replaceable() bool {
	return o.Merge != schema.TenantWins && (o.Kind == "ConfigMap" && o.Group == "" || o.Kind == "RoleBinding" && o.Group == rbacGroup)
}

// Givable reports whether an engine can give the object: some cannot create one
// only where there is none.
func (o *Object) Givable(e *target.Engine) bool {
	return o.Merge != schema.TenantWins || e.CreatesOnly()
}

// Owned reports whether the object is the platform's, and tenants may not write
// it.
func (o *Object) Owned() bool {
	return o.Merge == schema.PlatformWins || o.Merge == schema.MergeError
}

// Name returns the object's name. That of a RoleBinding to one of the logical
// cluster's roles ends in a hash of the role: what it refers to cannot be
// changed, so a role of other content needs a binding of another name.
func (o *Object) Name(v *Values) string {
	name := o.name.fill(v)
	if role := o.Role(v); role != "" {
		sum := sha256.Sum256([]byte(role))
		name += "-" + hex.EncodeToString(sum[:roleHash/2])
	}
	return name
}

// roleHash is the length of the hash in the name of a RoleBinding.
const roleHash = 20

// Role returns the name of the ClusterRole that stands for the role of the logical
// cluster that a RoleBinding gives; empty for other objects.
func (o *Object) Role(v *Values) string {
	if o.Access == nil {
		return ""
	}
	switch o.Access.Role {
	case schema.View:
		return v.View
	case schema.Edit:
		return v.Edit
	case schema.Admin:
		return v.Admin
	}
	return ""
}

// Labels returns the labels that the document gives the object.
func (o *Object) Labels(v *Values) manifest.Map { return fillPairs(o.labels, v) }

// Annotations returns the annotations that the document gives the object.
func (o *Object) Annotations(v *Values) manifest.Map { return fillPairs(o.annotations, v) }

func fillPairs(pairs []pair, v *Values) manifest.Map {
	out := make(manifest.Map, len(pairs))
	for i, p := range pairs {
		out[i] = manifest.Field{Key: p.key, Value: p.value.fill(v)}
	}
	return out
}

// Body returns what follows the object's metadata. Its parts may be shared: they
// may not be changed.
func (o *Object) Body(v *Values) manifest.Map {
	out := make(manifest.Map, 0, len(o.body))
	for _, f := range o.body {
		f.Value = fillTree(f.Value, v)
		if role := o.Role(v); role != "" && f.Key == "roleRef" {
			f.Value = manifest.M("apiGroup", rbacGroup, "kind", "ClusterRole", "name", role)
		}
		if subjects, ok := f.Value.(manifest.List); ok && o.Access != nil && f.Key == "subjects" && len(v.Revoked) > 0 {
			if subjects = o.Access.withoutRevoked(subjects, v); len(subjects) == 0 {
				continue // as the API server returns a RoleBinding without any
			}
			f.Value = subjects
		}
		out = append(out, f)
	}
	return out
}
