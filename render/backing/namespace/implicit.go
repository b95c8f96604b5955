package namespace

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/target"
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
		annotations = append(annotations, l.applyMarks(o)...)
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

// applyMarks tell the engines how to apply an object, where that is not their usual
// way.
func (l *lowering) applyMarks(o *implicit.Object) manifest.Map {
	var out []target.Mark
	switch o.Merge {
	case schema.TenantWins:
		out = l.engines.Marks(func(e *target.Engine) target.Mark { return e.CreateOnly })
	case schema.MergeFields:
		out = l.engines.Marks(func(e *target.Engine) target.Mark { return e.Merge })
	}
	if o.Replaceable() {
		out = append(out, l.engines.Marks(func(e *target.Engine) target.Mark { return e.Replace })...)
	}
	return marks(out)
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
	engine := l.engines.Named(l.state.Engine)
	replaces := engine != nil && engine.Replaces()
	for _, o := range l.state.Implicit.Objects {
		rule := o.Merge
		switch {
		case rule == schema.TenantWins || !o.In(n.Name):
			continue
		case rule == schema.PlatformWins && !(replaces && o.Replaceable()):
			rule = schema.MergeError // what a tenant made first could not be replaced
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(o.Resource() + "/" + o.Name(v) + "=" + string(rule))
	}
	return b.String()
}
