package evolution_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/fixtures/schemas"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

type props = apiextensionsv1.JSONSchemaProps

func ptr[T any](v T) *T { return &v }

func raw(v any) apiextensionsv1.JSON { return apiextensionsv1.JSON{Raw: []byte(show(v))} }

// Whatever is judged compatible for writers is: objects that the API server's own
// code accepts under the old schema it accepts under the new one, and stores the
// same; and so with updates of such objects. TENANTRY_SOAK is the number of pairs that
// are judged so, by default few.
func TestSoundness(t *testing.T) {
	t.Parallel()
	pairs, seed := schemas.Soak(t, 600, 1, 1)
	s := newSoak(seed)
	start := time.Now()
	for s.compatible < pairs {
		if c := s.next(func(*evolution.Change) evolution.Class { return "" }); c != nil {
			t.Fatalf("seed %d, pair %d: %s", seed, s.made, c)
		}
	}
	t.Logf("%d pairs, %d judged compatible and %d conditional for writers, %d objects, %d updates, %d of them under transition rules, %v",
		s.made, s.compatible, s.conditional, s.objects, s.updates, s.transitions, time.Since(start).Round(time.Millisecond))
	if s.objects < s.compatible*4 || s.transitions < s.compatible/4 {
		t.Errorf("too few objects are valid under the old schemas to show anything")
	}
	for _, r := range evolution.Rules() {
		for _, c := range r.Cases {
			id := r.ID + "/" + c.ID
			if evolution.LooksAtSchemas(r) && c.Writers != evolution.Breaking && untestable[r.ID] == "" && untestable[id] == "" && s.tried[id] == 0 {
				if pairs >= 10_000 {
					t.Errorf("%s was never tried", id)
				} else {
					t.Logf("%s was not tried in this short run", id)
				}
			}
		}
	}
}

// soonFound are the lies that are tried where there is no time for all.
var soonFound = []string{"required/added", "enum/value-removed", "minimum/tightened", "default/changed", "properties/removed", "unknown-fields/pruned"}

// The soak finds rules that lie: with each case in turn that is breaking taken
// for compatible, there is a counterexample before long. A few of them are tried
// always, all of them in a soak.
func TestSoakFindsLies(t *testing.T) {
	t.Parallel()
	every := os.Getenv("TENANTRY_SOAK") != ""
	for _, r := range evolution.Rules() {
		if !evolution.LooksAtSchemas(r) || untestable[r.ID] != "" {
			continue
		}
		for _, c := range r.Cases {
			lie := r.ID + "/" + c.ID
			if c.Writers == evolution.Breaking && untestable[lie] == "" && (every || slices.Contains(soonFound, lie)) {
				findsLie(t, lie, lie, 7, func(*evolution.Change) evolution.Class { return evolution.Compatible })
			}
		}
	}
	// What only more than the change itself shows: defaults that something else notices,
	// types that CEL rules see, rules that compare with what was.
	for _, lie := range []struct {
		id, name string
		is       func(*evolution.Change) bool
	}{
		{"default/added", "seen from above", func(*evolution.Change) bool { return true }},
		{"default/added", "of what can't change", func(c *evolution.Change) bool { return strings.Contains(c.Message, "compares with the old value") }},
		{"type/widened", "seen from above", func(*evolution.Change) bool { return true }},
		{"validations/added", "that compares", func(c *evolution.Change) bool { return strings.Contains(fmt.Sprint(c.New), "oldSelf") }},
	} {
		findsLie(t, lie.id+" "+lie.name, lie.id, 8, func(c *evolution.Change) evolution.Class {
			if c.Writers != evolution.Breaking || !lie.is(c) {
				return ""
			}
			c.WritersIf = "default-suits" // values may differ, and must be valid
			return evolution.Conditional
		})
	}
}

// findsLie takes changes of a case to be of another class, and wants a
// counterexample to that.
func findsLie(t *testing.T, name, id string, seed uint64, class func(*evolution.Change) evolution.Class) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		s := newSoak(seed)
		s.only = id
		for s.made < 500_000 {
			found := s.next(func(c *evolution.Change) evolution.Class {
				if c.Rule+"/"+c.Case != id {
					return ""
				}
				return class(c)
			})
			if found != nil {
				t.Logf("found after %d pairs", s.made)
				return
			}
		}
		t.Errorf("no counterexample among %d pairs, %d of them judged compatible", s.made, s.compatible)
	})
}

// untestable are cases for which there can be no counterexample here, and why.
var untestable = map[string]string{
	"unique-items":                    "no API server accepts uniqueItems",
	"unexplained":                     "nothing is known of it",
	"properties/removed-required":     "required must name what is declared nowhere, to be valid at all",
	"properties/singled-out":          "no schema has both properties and additionalProperties, so the map is closed, which is breaking",
	"properties/metadata-constrained": "the metadata of made-up objects is always the same",
}

// soak makes pairs of schemas and tries objects on those that are judged not to
// break writers.
type soak struct {
	*schemas.Generator
	objects_                               *instance.Generator
	made, compatible, conditional, objects int
	// updates are those that were tried, and transitions those of them of schemas with
	// rules that compare with what was.
	updates, transitions int
	// tried counts, by rule and case, the objects that were tried on pairs with it.
	tried map[string]int
	// only leaves out pairs whose changes do not have this rule and case.
	only string
}

func newSoak(seed uint64) *soak {
	return &soak{Generator: schemas.New(seed), objects_: instance.NewGenerator(seed), tried: map[string]int{}}
}

// counterexample is an object that should have stayed as it was.
type counterexample struct {
	old, new *props
	changes  []evolution.Change
	object   map[string]any
	why      string
	// stored is what the object is to take the place of; nil where it is created.
	stored map[string]any
}

func (c *counterexample) String() string {
	var changes []string
	for _, change := range c.changes {
		changes = append(changes, fmt.Sprintf("%s/%s at %q: %s (%s)", change.Rule, change.Case, change.Path, change.Writers, change.Message))
	}
	if c.stored != nil {
		c.why += "\nan update of " + show(c.stored)
	}
	return fmt.Sprintf("%s\nobject %s\nold %s\nnew %s\nchanges\n  %s", c.why, show(c.object), show(c.old), show(c.new), strings.Join(changes, "\n  "))
}

func show(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// next tries one pair and returns a counterexample if it finds one. judge may
// replace the class of a change.
func (s *soak) next(judge func(*evolution.Change) evolution.Class) *counterexample {
	old := s.Schema()
	new := old.DeepCopy()
	for range 1 + s.IntN(3) {
		s.Mutate(new)
	}
	s.made++
	changes := evolution.CompareSchemas("widgets.acme.example", "v1", old, new, evolution.Config{})
	verdict := evolution.Compatible
	lied := s.only == ""
	for i := range changes {
		c := &changes[i]
		if class := judge(c); class != "" {
			c.Writers = class
		}
		lied = lied || c.Rule+"/"+c.Case == s.only
		verdict = verdict.Worse(c.Writers)
	}
	if len(changes) == 0 || verdict == evolution.Breaking || !lied || !accepted(old) || !accepted(new) {
		return nil
	}
	if verdict == evolution.Conditional {
		s.conditional++
	} else {
		s.compatible++
	}
	before, err := instance.NewServer(old)
	if err != nil {
		return nil
	}
	after, err := instance.NewServer(new)
	if err != nil {
		return &counterexample{old: old, new: new, changes: changes, why: err.Error()}
	}
	transitions := compares(old) || compares(new)
	conditions := map[string]bool{}
	for _, c := range changes {
		conditions[c.WritersIf] = c.Writers == evolution.Conditional
	}
	for range 12 {
		object := s.objects_.Object(old, new)
		if conditions["no-explicit-nulls"] && some(object, func(v any) bool { return v == nil }) ||
			conditions["exact-numbers"] && some(object, func(v any) bool { _, ok := v.(float64); return ok }) {
			continue
		}
		if !reflect.DeepEqual(before.Prune(object), object) {
			continue // it has fields that the old schema does not know
		}
		stored, errs := before.Admit(object)
		if len(errs) > 0 {
			continue
		}
		s.objects++
		for _, c := range changes {
			s.tried[c.Rule+"/"+c.Case]++
		}
		// What is written again, and what is stored.
		for _, written := range []map[string]any{object, stored} {
			again, errs := after.Admit(written)
			if len(errs) > 0 {
				return &counterexample{old: old, new: new, changes: changes, object: written, why: "refused: " + errs.ToAggregate().Error()}
			}
			if !conditions["default-suits"] && !reflect.DeepEqual(again, stored) {
				return &counterexample{old: old, new: new, changes: changes, object: written, why: fmt.Sprintf("stored as %v and not as %v", again, stored)}
			}
		}
		if !transitions && !s.Chance(0.05) {
			continue // an update asks for no more than a creation
		}
		read, wrong := after.Coerce(stored)
		if wrong != nil {
			return &counterexample{old: old, new: new, changes: changes, object: stored, why: "can't be read: " + wrong.Error()}
		}
		for range 2 {
			written := s.Edit(stored, s.objects_.Object(old, new)).(map[string]any)
			if conditions["no-explicit-nulls"] && some(written, func(v any) bool { return v == nil }) ||
				conditions["exact-numbers"] && some(written, func(v any) bool { _, ok := v.(float64); return ok }) ||
				!reflect.DeepEqual(before.Prune(written), written) {
				continue
			}
			updated, wrong := before.Coerce(written)
			if wrong != nil || len(before.ValidateUpdate(updated, stored)) > 0 {
				continue
			}
			s.updates++
			if transitions {
				s.transitions++
			}
			again, wrong := after.Coerce(written)
			errs := after.ValidateUpdate(again, read)
			if wrong != nil {
				errs = append(errs, wrong)
			}
			if len(errs) > 0 {
				return &counterexample{old, new, changes, written, "refused: " + errs.ToAggregate().Error(), stored}
			}
			if !conditions["default-suits"] && !reflect.DeepEqual(again, updated) {
				return &counterexample{old, new, changes, written, fmt.Sprintf("stored as %v and not as %v", again, updated), stored}
			}
		}
	}
	return nil
}

// compares reports whether a schema has CEL rules that compare with what was.
func compares(s *props) bool {
	for _, r := range s.XValidations {
		if strings.Contains(r.Rule, "oldSelf") {
			return true
		}
	}
	if s.Items != nil && s.Items.Schema != nil && compares(s.Items.Schema) ||
		s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil && compares(s.AdditionalProperties.Schema) {
		return true
	}
	for _, p := range s.Properties {
		if compares(&p) {
			return true
		}
	}
	return false
}

// some reports whether anything in a value is so.
func some(v any, is func(any) bool) bool {
	switch x := v.(type) {
	case map[string]any:
		for _, inner := range x {
			if some(inner, is) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(x, func(inner any) bool { return some(inner, is) })
	}
	return is(v)
}

// accepted reports whether an API server takes a definition with the schema.
func accepted(s *props) bool {
	d := &apiextensionsv1.CustomResourceDefinition{}
	d.Name = "widgets.acme.example"
	d.Spec.Group, d.Spec.Scope = "acme.example", apiextensionsv1.NamespaceScoped
	d.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{Plural: "widgets", Kind: "Widget"}
	d.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true,
		Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: s}}}
	return len(definition.Validate(d)) == 0
}
