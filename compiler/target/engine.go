package target

import (
	"slices"

	"github.com/tenantry/tenantry/schema"
)

// Engine is the row of a GitOps engine.
type Engine struct {
	Name schema.Engine
	// Title is its name in messages.
	Title string
	// Namespace returns the namespace of the management cluster that its objects go
	// to.
	Namespace func(schema.GitOps) string
	// HasNamespace: that namespace comes with the engine, and is not for Tenantry to
	// make.
	HasNamespace bool
	// Installed are names under which it is usually installed: no organization and
	// no namespace of a logical cluster gets one of them.
	Installed []string

	// Domain is the one of its API groups, and of the labels and annotations that it
	// reads. No patch touches what is in it.
	Domain string
	// APIGroup is the one of its own objects, or ends their groups. Only API sets of
	// the platform may give it to logical clusters.
	APIGroup string
	// ReservedDomains are those of labels and annotations that implicit documents
	// may not set.
	ReservedDomains []string
	// MarkDomain is the domain of the labels and annotations that tell it how to
	// apply an object. Tenants cannot set them on what the platform renders.
	MarkDomain string

	// Protection are the annotations that keep it from deleting an object that is no
	// longer rendered.
	Protection []Mark
	// CreateOnly is the annotation by which it creates an object only where there is
	// none. Without one, it cannot.
	CreateOnly Mark
	// Merge is the annotation by which it keeps the fields of others; without one,
	// it always does.
	Merge Mark
	// Replace is the annotation by which it makes an object anew that cannot be
	// changed. Without one, it cannot.
	Replace Mark

	// FieldManager is as whom it applies objects.
	FieldManager string
	// Controller is the field manager that fills in fields of its own objects; empty
	// where that is FieldManager.
	Controller string
	// TrackingLabels and TrackingAnnotations are the keys that it adds to what it
	// applies.
	TrackingLabels, TrackingAnnotations []string
}

// CreatesOnly reports whether it can create an object only where there is none.
func (e *Engine) CreatesOnly() bool { return e.CreateOnly != Mark{} }

// Replaces reports whether it can make an object anew that cannot be changed.
func (e *Engine) Replaces() bool { return e.Replace != Mark{} }

// Engines are the rows of all GitOps engines.
type Engines []Engine

// Named returns the row of an engine, nil if there is none.
func (l Engines) Named(name schema.Engine) *Engine {
	for i := range l {
		if l[i].Name == name {
			return &l[i]
		}
	}
	return nil
}

// Protection returns the annotations that keep every engine from deleting an object
// that is no longer rendered.
func (l Engines) Protection() []Mark {
	var out []Mark
	for i := range l {
		out = append(out, l[i].Protection...)
	}
	return out
}

// Protects reports whether an engine keeps an object with some annotations.
func (l Engines) Protects(annotation func(key string) string) bool {
	return slices.ContainsFunc(l, func(e Engine) bool {
		return len(e.Protection) > 0 && !slices.ContainsFunc(e.Protection, func(m Mark) bool { return annotation(m.Key) != m.Value })
	})
}

// Marks returns the annotations that choose picks, of those engines that have one.
func (l Engines) Marks(choose func(*Engine) Mark) []Mark {
	var out []Mark
	for i := range l {
		if m := choose(&l[i]); m != (Mark{}) {
			out = append(out, m)
		}
	}
	return out
}

// Installed returns the names under which the engines are usually installed.
func (l Engines) Installed() []string {
	return l.all(func(e *Engine) []string { return e.Installed })
}

// Namespaces returns the namespaces of the management cluster that the engines'
// objects go to.
func (l Engines) Namespaces(g schema.GitOps) []string {
	return l.all(func(e *Engine) []string { return []string{e.Namespace(g)} })
}

// Domains returns the domains of the engines.
func (l Engines) Domains() []string {
	return l.all(func(e *Engine) []string { return []string{e.Domain} })
}

// APIGroups returns the groups of the engines' own objects.
func (l Engines) APIGroups() []string {
	return l.all(func(e *Engine) []string { return []string{e.APIGroup} })
}

// ReservedDomains returns the domains of what implicit documents may not set.
func (l Engines) ReservedDomains() []string {
	return l.all(func(e *Engine) []string { return e.ReservedDomains })
}

// MarkDomains returns the domains of what tells the engines how to apply an object.
func (l Engines) MarkDomains() []string {
	return l.all(func(e *Engine) []string { return []string{e.MarkDomain} })
}

// all returns what the rows have in a field, without empty texts.
func (l Engines) all(field func(*Engine) []string) []string {
	var out []string
	for i := range l {
		for _, s := range field(&l[i]) {
			if s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}
