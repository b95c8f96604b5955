// Package evolution compares CustomResourceDefinitions: what changed, and for
// whom it matters.
//
// A change is judged twice. For writers it is compatible if whatever the old
// definition accepted is accepted by the new one and means the same. For readers
// it is compatible if a client of the old definition meets nothing that it could
// not meet before. What a writer writes may leave out or set to null what is
// optional, and has no fields that the old definition does not know; stored
// objects are among it.
//
// Rules explain differences, each those that it knows, and take what they have
// explained out of both sides. What is left over in the end differs in a way that
// nobody has thought about, and is reported as breaking. So a field that a later
// version of apiextensions.k8s.io adds is never passed over.
//
// This holds for updates as well: what the old definition accepts in the place of an
// object that is valid under it, the new one accepts, CEL rules that compare with
// the old value (transition rules) among them. The API server checks an update less
// strictly where a field keeps its value (ratcheting). Nothing here relies on it: it
// helps no object that is created anew. Nor is anything promised of objects that the
// old definition refuses by now, and lets be only for as long as they don't change.
package evolution

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Class says what a change means to those whom it may concern.
type Class string

// The classes, from harmless to harmful.
const (
	// Compatible: nobody needs to do anything.
	Compatible Class = "compatible"
	// Conditional: safe if a named condition holds.
	Conditional Class = "conditional"
	// Breaking: not safe, or not known to be.
	Breaking Class = "breaking"
)

var classes = []Class{Compatible, Conditional, Breaking}

// Worse returns the worse of two classes. What is not a class is breaking.
func (c Class) Worse(d Class) Class {
	if c.rank() >= d.rank() {
		return c
	}
	return d
}

func (c Class) rank() int {
	if i := slices.Index(classes, c); i >= 0 {
		return i
	}
	return len(classes)
}

// Change is one difference between two definitions.
type Change struct {
	// Rule is the id of the rule that explains it; Case tells its cases apart.
	Rule string `json:"rule"`
	Case string `json:"case"`
	// Resource is the plural and the group: "databases.db.acme.example".
	Resource string `json:"resource"`
	// Version is empty where the change concerns the whole resource.
	Version string `json:"version,omitempty"`
	// Path is where in an object the schema differs: ".spec.replicas", ".spec.ports[*]",
	// ".spec.labels.*" for the values of a map. Empty where no schema is concerned.
	Path    string `json:"path,omitempty"`
	Writers Class  `json:"writers"`
	Readers Class  `json:"readers"`
	// WritersIf and ReadersIf name the condition of a conditional class.
	WritersIf string `json:"writersIf,omitempty"`
	ReadersIf string `json:"readersIf,omitempty"`
	Message   string `json:"message"`
	// Old and New are what differs, as JSON has it; nil where there was or is nothing.
	Old any `json:"old,omitempty"`
	New any `json:"new,omitempty"`
	// Witness is an object that the old definition accepts and the new one refuses.
	Witness map[string]any `json:"witness,omitempty"`
	// CutShort says that the search for a witness found none before it had to end.
	CutShort bool `json:"cutShort,omitempty"`
}

// Judge returns the worst class of a change under a promise: backward cares for
// writers, full for readers too, and none for nobody.
func (c *Change) Judge(p schema.Promise) Class {
	switch p {
	case schema.PromiseNone:
		return Compatible
	case schema.PromiseBackward:
		return c.Writers
	}
	return c.Writers.Worse(c.Readers)
}

// Verdict returns the worst class of the changes under a promise.
func Verdict(changes []Change, p schema.Promise) Class {
	verdict := Compatible
	for i := range changes {
		verdict = verdict.Worse(changes[i].Judge(p))
	}
	return verdict
}

// Compare returns all that changed from one definition to another, in an order
// that depends on nothing else. Both must be valid and have the API server's
// defaults, as package definition returns them; neither is changed. A nil
// definition stands for none.
func Compare(old, new *apiextensionsv1.CustomResourceDefinition, c Config) []Change {
	w := &walk{config: c, rules: rules()}
	w.definition(old, new)
	return w.sorted()
}

// Builtin is a resource whose definition is not at hand, as one that is built into
// Kubernetes.
type Builtin struct {
	// Resource is the plural and the group: "deployments.apps", "pods".
	Resource string
	// Versions may be written; none means that nothing is known of them.
	Versions []string
}

// CompareBuiltins compares which resources there are, and in which versions they
// may be written.
func CompareBuiltins(old, new []Builtin, c Config) []Change {
	w := &walk{config: c}
	find := func(list []Builtin, name string) *Builtin {
		i := slices.IndexFunc(list, func(b Builtin) bool { return b.Resource == name })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	for _, was := range old {
		w.resource, w.version = was.Resource, ""
		is := find(new, was.Resource)
		if is == nil {
			w.report(resourceRule, "removed", "", was.Resource, nil, "the resource is gone")
			continue
		}
		if len(was.Versions) == 0 || len(is.Versions) == 0 {
			continue
		}
		for _, w.version = range was.Versions {
			if !slices.Contains(is.Versions, w.version) {
				w.report(versionsRule, "unserved", "", true, false, fmt.Sprintf("version %s can no longer be written", w.version))
			}
		}
		for _, w.version = range is.Versions {
			if !slices.Contains(was.Versions, w.version) {
				w.report(versionsRule, "served", "", false, true, fmt.Sprintf("version %s can be written now", w.version))
			}
		}
	}
	for _, is := range new {
		if find(old, is.Resource) == nil {
			w.resource, w.version = is.Resource, ""
			w.report(resourceRule, "added", "", nil, is.Resource, "the resource is new")
		}
	}
	return w.sorted()
}

// ResourceOf returns the plural and the group of what a definition defines.
func ResourceOf(d *apiextensionsv1.CustomResourceDefinition) string {
	return d.Spec.Names.Plural + "." + d.Spec.Group
}

// walk compares one pair of definitions.
type walk struct {
	config   Config
	rules    []*rule
	resource string
	version  string
	changes  []Change
	// documented counts the places where only documentation differs, in the version.
	documented int
}

func (w *walk) report(r *rule, kind, path string, old, new any, message string) *Change {
	c := r.find(kind)
	w.changes = append(w.changes, Change{
		Rule: r.ID, Case: kind, Resource: w.resource, Version: w.version, Path: path,
		Writers: c.Writers, Readers: c.Readers, WritersIf: c.WritersIf, ReadersIf: c.ReadersIf,
		Message: message, Old: old, New: new,
	})
	return &w.changes[len(w.changes)-1]
}

func (w *walk) sorted() []Change {
	for i := range w.changes {
		w.config.tune(&w.changes[i])
	}
	slices.SortStableFunc(w.changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Resource, b.Resource), strings.Compare(a.Version, b.Version), strings.Compare(a.Path, b.Path), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Case, b.Case), strings.Compare(a.Message, b.Message))
	})
	return w.changes
}
