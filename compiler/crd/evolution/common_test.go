package evolution_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/fixtures/schemas"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func TestCommon(t *testing.T) {
	object := func(required []string, fields map[string]props) *props {
		return &props{Type: "object", Properties: map[string]props{"spec": {Type: "object", Properties: fields, Required: required}}}
	}
	for _, tt := range []struct {
		name string
		a, b *crd
		want string // the schema of v1 or, with an exclamation mark, why there is none
		says string // a part of what is said of what is narrowed
	}{
		{"a field of one", widgets(served("v1*", spec(map[string]props{"a": {Type: "string"}, "b": {Type: "string"}}))), widgets(served("v1*", spec(map[string]props{"a": {Type: "string"}}))),
			`{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}`, "v1 .spec.b: the field b is gone"},
		{"bounds and values", widgets(served("v1*", spec(map[string]props{"a": {Type: "integer", Minimum: ptr(1.0), Maximum: ptr(9.0)}, "b": {Type: "string", Enum: []apiextensionsv1.JSON{raw("x"), raw("y")}}}))),
			widgets(served("v1*", spec(map[string]props{"a": {Type: "number", Maximum: ptr(5.0)}, "b": {Type: "string", Enum: []apiextensionsv1.JSON{raw("y"), raw("z")}}}))),
			`{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"integer","maximum":5,"minimum":1},"b":{"type":"string","enum":["y"]}}}}}`, "the value \"x\" is no longer allowed"},
		{"types that do not go together", widgets(served("v1*", spec(map[string]props{"a": {Type: "string"}, "b": {Type: "string"}}))), widgets(served("v1*", spec(map[string]props{"a": {Type: "boolean"}, "b": {Type: "string"}}))),
			`{"type":"object","properties":{"spec":{"type":"object","properties":{"b":{"type":"string"}}}}}`, "v1 .spec.a: left out, since the sides do not go together: the type changes from string to boolean"},
		{"other defaults", widgets(served("v1*", spec(map[string]props{"a": {Type: "string", Default: ptr(raw("x"))}}))), widgets(served("v1*", spec(map[string]props{"a": {Type: "string", Default: ptr(raw("y"))}}))),
			`{"type":"object","properties":{"spec":{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}}}`, "a is required now"},
		{"what one needs and the other does not know", widgets(served("v1*", object([]string{"a"}, map[string]props{"a": {Type: "string"}}))), widgets(served("v1*", spec(map[string]props{"b": {Type: "string"}}))),
			`{"type":"object"}`, "v1 .spec: left out"},
		{"no version of both", widgets(served("v1*", spec(nil))), widgets(served("v2*", spec(nil))), "!v2: not both serve the version; v1: not both serve the version", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, d := range []*crd{tt.a, tt.b} {
				if problems := definition.Validate(d); len(problems) > 0 {
					t.Fatal(problems)
				}
			}
			out, notes := evolution.Common(tt.a, tt.b)
			var said []string
			for _, n := range notes {
				said = append(said, n.String())
			}
			text := strings.Join(said, "; ")
			have := "!" + text
			if out != nil {
				have = show(schemaOf(out, "v1"))
			}
			if have != tt.want || !strings.Contains(text, tt.says) {
				t.Errorf("have %s\nwant %s\nsays %s", have, tt.want, text)
			}
		})
	}
}

// Whatever the common denominator of two schemas accepts, both accept as it is
// stored, and keep.
func TestCommonIsSound(t *testing.T) {
	t.Parallel()
	pairs, seed := schemas.Soak(t, 400, 5, 4)
	s := newSoak(seed)
	found, none, tried := 0, 0, 0
	for made := 0; found < pairs; made++ {
		a := s.Schema()
		b := a.DeepCopy()
		for range 1 + s.IntN(5) {
			s.Mutate(b)
		}
		if s.Chance(0.1) {
			b = s.Schema()
		}
		left, right := widgets(served("v1*", a)), widgets(served("v1*", b))
		if len(definition.Validate(left)) > 0 || len(definition.Validate(right)) > 0 {
			continue
		}
		out, notes := evolution.Common(left, right)
		if out == nil {
			none++
			continue
		}
		found++
		if problems := definition.Validate(out); len(problems) > 0 {
			t.Fatalf("seed %d, pair %d: no API server takes it: %v\n%s\n%s\n%s", seed, made, problems, show(a), show(b), show(out))
		}
		common, err := instance.NewServer(schemaOf(out, "v1"))
		if err != nil {
			t.Fatalf("seed %d, pair %d: %v", seed, made, err)
		}
		sides := make([]*instance.Server, 2)
		for i, side := range []*props{a, b} {
			if sides[i], err = instance.NewServer(side); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			stored, errs := common.Admit(s.objects_.Object(schemaOf(out, "v1"), b))
			if len(errs) > 0 {
				continue
			}
			tried++
			for _, side := range sides {
				again, errs := side.Admit(stored)
				if len(errs) > 0 || !includes(again, stored) {
					t.Fatalf("seed %d, pair %d: stored as %v, taken as %v: %v\na %s\nb %s\ncommon %s\n%v", seed, made, stored, again, errs, show(a), show(b), show(schemaOf(out, "v1")), notes)
				}
			}
		}
	}
	t.Logf("%d found, %d have none, %d objects", found, none, tried)
	if tried < found || none > found {
		t.Error("too few to show anything")
	}
}

// includes reports whether a value has all that another one has.
func includes(have, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		for key := range w {
			if inner, there := h[key]; !ok || !there || !includes(inner, w[key]) {
				return false
			}
		}
		return ok
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return false
		}
		for i := range w {
			if !includes(h[i], w[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(have, want)
}
