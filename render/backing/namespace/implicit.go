package namespace

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// given returns how many implicit objects go to a namespace, by its name in the
// document.
func given(s *desired.State, namespace string) int {
	n := 0
	if s.Implicit != nil {
		for _, o := range s.Implicit.Objects {
			if o.In(namespace) {
				n++
			}
		}
	}
	return n
}

// implicit appends the implicit objects of a namespace.
func (l *lowering) implicit(out []manifest.Map, n *desired.Namespace) []manifest.Map {
	if l.state.Implicit == nil {
		return out
	}
	v := l.state.Values(n)
	for _, o := range l.state.Implicit.Objects {
		if !o.In(n.Name) {
			continue
		}
		labels := l.labels
		if !o.Owned() {
			labels = labels[1:] // the mark of what only the platform may write
		}
		labels = append(o.Labels(v), labels...)
		annotations := append(o.Annotations(v), field(desired.AnnotationImplicit, o.Ref))
		annotations = append(annotations, applyPolicy(o)...)
		if o.Kept() {
			annotations = append(annotations, l.kept...)
		} else {
			annotations = append(annotations, l.prunable...)
		}
		object := manifest.Map{field("apiVersion", o.APIVersion()), field("kind", o.Kind), field("metadata", manifest.Map{
			field("name", o.Name(v)), field("namespace", n.Physical), field("labels", labels), field("annotations", annotations)})}
		out = append(out, append(object, o.Body(v)...))
	}
	return out
}

// applyPolicy is how Flux applies an object, where that is not its usual way; see
// "Controlling the apply behavior of resources" of kustomize-controller.
//
// Argo CD needs nothing: it merges by server-side apply, and an object that
// cannot be applied keeps no other from it.
func applyPolicy(o *implicit.Object) manifest.Map {
	const prefix = "kustomize.toolkit.fluxcd.io/"
	var out manifest.Map
	switch o.Merge {
	case schema.TenantWins:
		out = append(out, field(prefix+"ssa", "IfNotPresent"))
	case schema.MergeFields:
		out = append(out, field(prefix+"ssa", "Merge"))
	}
	if o.Replaceable() {
		out = append(out, field(prefix+"force", "Enabled"))
	}
	return out
}

// implicitNames says which objects of a namespace implicit documents give, and by
// which rule, for the admission policy that guards them. What tenants may have as
// they like is left out.
func (l *lowering) implicitNames(n *desired.Namespace) string {
	if l.state.Implicit == nil || n.Retired || l.state.Phase == pins.Confirmed {
		return ""
	}
	var b strings.Builder
	v := l.state.Values(n)
	for _, o := range l.state.Implicit.Objects {
		rule := o.Merge
		switch {
		case rule == schema.TenantWins || !o.In(n.Name):
			continue
		case rule == schema.PlatformWins && (l.state.Engine == string(schema.Argo) || !o.Replaceable()):
			rule = schema.MergeError // what a tenant made first could not be replaced
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(o.Resource() + "/" + o.Name(v) + "=" + string(rule))
	}
	return b.String()
}
