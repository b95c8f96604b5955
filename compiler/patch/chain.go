package patch

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/internal/manifest"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// Chain is what changes the objects of a logical cluster: the links of the nearest
// organization first and of the uppermost last, so that none undoes what one above it
// does.
type Chain struct {
	Links []*Link
	// Digest is of all that the outcome follows from, besides the objects and the values
	// of placeholders.
	Digest [32]byte

	invalid func(manifest.Map) string
	engines target.Engines
}

// NewChain puts links together, for objects that any of some engines may apply.
// invalid says why an object that an implicit document gives could not be given as it
// is then; kinds is a digest of what it looks at.
func NewChain(links []*Link, invalid func(manifest.Map) string, kinds [32]byte, engines target.Engines) *Chain {
	c := &Chain{Links: links, invalid: invalid, engines: engines}
	c.Digest = digest.Of(func(e *digest.Encoder) {
		e.Bytes(kinds[:])
		e.Number(len(links))
		for _, l := range links {
			e.Bool(l.Inside)
			e.Number(len(l.Steps))
			for _, s := range l.Steps {
				e.Bytes(s.digest[:])
			}
		}
	})
	return c
}

// Steps returns the steps of all links, in their order.
func (c *Chain) Steps() (out []*Step) {
	for _, l := range c.Links {
		out = append(out, l.Steps...)
	}
	return out
}

// Trace tells what a chain did to objects.
type Trace struct {
	// Matched are the steps whose target selects an object.
	Matched map[*Step]bool
	// Made are the changes that were made, in their order.
	Made []Made
	// Failures are what could not be made.
	Failures []Failure
}

// Made is a change that a step made.
type Made struct {
	Step   *Step
	Object Object
	Change Change
}

// Overrides reports whether the change takes back what a policy before it did.
func (m *Made) Overrides(before *Made) bool {
	return m.Step.Link != before.Step.Link && m.Object == before.Object && covers(m.Change.Path, before.Change.Path)
}

// Failure is a step that could not be made in an object. The object has nothing of what
// its link changes.
type Failure struct {
	Step   *Step
	Object Object
	// Refused: it would change what is not a patch's to change; else it can't be made.
	Refused bool
	// Path of the field that it would change; nil where there is none to name.
	Path    []string
	Message string
}

// Object names an object.
type Object struct{ Kind, Namespace, Name string }

func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return fmt.Sprintf("%s %s in %s", o.Kind, o.Name, o.Namespace)
}

// Apply returns objects as the chain leaves them, in their order. values returns what
// placeholders stand for in a physical namespace. What happens is added to the trace,
// which may be nil. The result shares parts with the objects: neither may be changed.
func (c *Chain) Apply(objects []manifest.Map, values func(namespace string) *implicit.Values, trace *Trace) []manifest.Map {
	if c == nil {
		return objects
	}
	out := slices.Clone(objects)
	for i, o := range objects {
		id := identityOf(o)
		namespace := id.Namespace
		if id.Kind == "Namespace" && id.Group == "" {
			namespace = id.Name
		}
		var v *implicit.Values
		for _, l := range c.Links {
			for _, s := range l.Steps {
				if !s.target.matches(id, out[i]) {
					continue
				}
				if v == nil {
					v = values(namespace)
				}
				out[i] = c.link(l, id, o, out[i], v, trace)
				break
			}
		}
	}
	return out
}

// link makes what a link changes in one object, or nothing.
func (c *Chain) link(l *Link, id resid.ResId, base, o manifest.Map, v *implicit.Values, trace *Trace) manifest.Map {
	name := Object{id.Kind, id.Namespace, id.Name}
	var made []Made
	fail := func(s *Step, refused bool, path []string, message string) manifest.Map {
		if trace != nil {
			trace.Failures = append(trace.Failures, Failure{s, name, refused, path, message})
		}
		return o
	}
	now := o
	var after []manifest.Map // each change
	body := false
	for _, s := range l.Steps {
		if !s.target.matches(id, now) {
			continue
		}
		if trace != nil {
			trace.Matched[s] = true
		}
		changed, err := s.make(now, id, s.with.Fill(v))
		if err != nil {
			return fail(s, false, nil, err.Error())
		}
		for _, d := range difference(now, changed) {
			if why := c.forbidden(l, id, base, d); why != "" {
				return fail(s, true, d.Path, why)
			}
			made, after = append(made, Made{s, name, d}), append(after, changed)
			body = body || d.Path[0] != "metadata"
		}
		now = changed
	}
	if len(made) == 0 {
		return o
	}
	problem := func(o manifest.Map) string {
		if why := markProblem(o); why != "" || !body || c.invalid == nil {
			return why
		}
		return c.invalid(o)
	}
	if why := problem(now); why != "" {
		first := slices.IndexFunc(after, func(o manifest.Map) bool { return problem(o) == why })
		return fail(made[first].Step, false, nil, why)
	}
	if trace != nil {
		trace.Made = append(trace.Made, made...)
	}
	return now
}

// NewTrace returns an empty trace.
func NewTrace() *Trace { return &Trace{Matched: map[*Step]bool{}} }
