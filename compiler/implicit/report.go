package implicit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// leftOut gathers the logical clusters that cannot have an object, by what stands
// in the way.
type leftOut map[obstacle][]string

type obstacle struct {
	resource *Resource
	object   *Object
	why      string
}

func (l leftOut) add(r *Resource, o *Object, why, key string) {
	l[obstacle{r, o, why}] = append(l[obstacle{r, o, why}], key)
}

func (l leftOut) findings() []tenancy.Finding {
	var out []tenancy.Finding
	for at, keys := range l {
		verb := "which "
		if len(keys) > 1 {
			verb = "each of which "
		}
		d := diag.New(diag.ImplicitLeftOut, at.resource.at(at.object.index), "%s %s does not go to %s, %s%s",
			at.object.Kind, at.object.name, printer.Some(keys, fewKeys), verb, at.why)
		out = append(out, tenancy.Finding{Diagnostic: d.About(at.resource.String())})
	}
	sortFindings(out)
	return out
}

// Ungivable returns the findings about objects that an engine cannot give: those
// that are created only where there is none. placed are the logical clusters on
// physical clusters with that engine.
func (s *Set) Ungivable(e *target.Engine, placed []string) []tenancy.Finding {
	out := leftOut{}
	for _, key := range placed {
		for _, o := range s.Given(key) {
			if !o.Givable(e) {
				i := slices.IndexFunc(s.Resources, func(r *Resource) bool { return Ref(r.Dir, r.Key) == o.Ref })
				out.add(s.Resources[i], o, "stands where "+e.Title+" applies, which cannot create an object only where there is none", key)
			}
		}
	}
	return out.findings()
}

// collisions gathers the logical clusters to which two documents give the same
// object.
type collisions map[[2]*Object][]string

func (c collisions) add(pair [2]*Object, key string) { c[pair] = append(c[pair], key) }

func (c collisions) findings(s *Set) []tenancy.Finding {
	var out []tenancy.Finding
	find := func(o *Object) *Resource {
		return s.Resources[slices.IndexFunc(s.Resources, func(r *Resource) bool { return Ref(r.Dir, r.Key) == o.Ref })]
	}
	for pair, keys := range c {
		first, second := find(pair[0]), find(pair[1])
		if first == second {
			continue // said of the document
		}
		d := diag.New(diag.ImplicitTwice, second.at(pair[1].index, "metadata", "name"), "%s and %s both give %s %s to %s; there the one of %s stands",
			pair[0].Ref, pair[1].Ref, pair[1].Kind, pair[1].name, printer.Some(keys, fewKeys), pair[0].Ref).
			See(first.at(pair[0].index, "metadata", "name"), "the other stands here").
			Suggest("give one of them another name, or let the selectors exclude each other")
		out = append(out, tenancy.Finding{Diagnostic: d.About(second.String())})
	}
	sortFindings(out)
	return out
}

func sortFindings(list []tenancy.Finding) {
	slices.SortFunc(list, func(a, b tenancy.Finding) int {
		return cmp.Or(a.Position.Compare(b.Position), strings.Compare(a.Document, b.Document), strings.Compare(a.Message, b.Message))
	})
}

// fewKeys is how many keys a message names before it only counts.
const fewKeys = 3

// String writes the text as it was written.
func (t text) String() string {
	var b strings.Builder
	for _, p := range t {
		if p.field != nil {
			b.WriteString(opening + p.field.name + "}")
		} else {
			b.WriteString(p.literal)
		}
	}
	return b.String()
}
