package schema

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"github.com/google/go-cmp/cmp"
)

func schemaValue(t *testing.T) cue.Value {
	t.Helper()
	inst := build.NewContext().NewInstance("schema", nil)
	for _, f := range Files() {
		file, err := parser.ParseFile(f.Name, f.Data, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if err := inst.AddSyntax(file); err != nil {
			t.Fatal(err)
		}
	}
	v := cuecontext.New().BuildInstance(inst)
	if err := v.Validate(); err != nil {
		t.Fatal(err)
	}
	return v
}

// definitions pairs each struct definition of the schema with its Go type.
var definitions = map[string]any{
	"#Settings": Settings{}, "#GitOps": GitOps{}, "#GitOpsSource": GitOpsSource{}, "#LabelRule": LabelRule{}, "#Deletion": Deletion{},
	"#PhysicalCluster": PhysicalCluster{}, "#Capacity": Capacity{}, "#SecretKey": SecretKey{}, "#Taint": Taint{},
	"#Toleration": Toleration{}, "#APISet": APISet{}, "#APIVersion": APIVersion{}, "#Resource": Resource{}, "#Constraint": Constraint{},
	"#Inheritable": Inheritable{}, "#Containers": Containers{}, "#Compute": Compute{}, "#Selector": Selector{},
	"#Requirement": Requirement{}, "#Class": Class{}, "#Organization": Organization{}, "#Ceilings": Ceilings{},
	"#Offers": Offers{}, "#LogicalCluster": LogicalCluster{}, "#Namespace": Namespace{}, "#Placement": Placement{},
	"#Source": Source{}, "#Module": Module{}, "#RuleSet": RuleSet{}, "#MatchConstraints": MatchConstraints{},
	"#ResourceRule": ResourceRule{}, "#Expression": Expression{}, "#Mutation": Mutation{}, "#Patch": Patch{}, "#Target": Target{}, "#JSONPatchOperation": JSONPatchOperation{},
	"#Transformer": Transformer{}, "#Image": Image{}, "#Rule": Rule{}, "#Case": Case{}, "#Policy": Policy{}, "#Exemption": Exemption{}, "#Revocation": Revocation{},
	"#Implicit": Implicit{}, "#PriceBook": PriceBook{}, "#BudgetShare": BudgetShare{},
}

// notPaired are definitions that are no struct documents: scalars, maps whose Go
// type is a map, and the two that other tests cover.
var notPaired = []string{
	"#Access", "#Backing", "#BudgetShares", "#CEL", "#Date", "#Defaults", "#Duration", "#Factor", "#FieldPath", "#LabelKey", "#LabelValue", "#Labels", "#Money", "#Name",
	"#Network", "#Parameter", "#Path", "#PodSecurity", "#Prices", "#Quantity", "#Quota", "#Role", "#Stage", "#Subject", "#Tenancy", "#Verb",
}

func TestEveryDefinitionHasAGoType(t *testing.T) {
	var names []string
	it, err := schemaValue(t).Fields(cue.Definitions(true))
	if err != nil {
		t.Fatal(err)
	}
	for it.Next() {
		names = append(names, it.Selector().String())
	}
	want := slices.Clone(notPaired)
	for name := range definitions {
		want = append(want, name)
	}
	slices.Sort(names)
	slices.Sort(want)
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("definitions of the schema (-paired with Go, +in CUE):\n%s", d)
	}
}

func TestFieldsAgree(t *testing.T) {
	v := schemaValue(t)
	for name, doc := range definitions {
		compareFields(t, name, v.LookupPath(cue.ParsePath(name)), reflect.TypeOf(doc))
	}
}

// compareFields holds the fields of a CUE struct and of a Go struct equal, in
// both directions, and the kinds of their values.
func compareFields(t *testing.T, at string, v cue.Value, typ reflect.Type) {
	t.Helper()
	inGo := goFields(typ)
	var inCUE []string
	it, err := v.Fields(cue.Optional(true), cue.Definitions(true))
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	for it.Next() {
		name := strings.TrimSuffix(it.Selector().String(), "?")
		if it.Selector().LabelType() == cue.StringLabel {
			name = it.Selector().Unquoted()
		}
		inCUE = append(inCUE, name)
		field, ok := inGo[name]
		if !ok {
			t.Errorf("%s.%s is in CUE and not in Go", at, name)
			continue
		}
		compareKinds(t, at+"."+name, it.Value(), field)
	}
	for name := range inGo {
		if !slices.Contains(inCUE, name) {
			t.Errorf("%s.%s is in Go and not in CUE", at, name)
		}
	}
}

func compareKinds(t *testing.T, at string, v cue.Value, typ reflect.Type) {
	t.Helper()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	var want cue.Kind
	switch typ {
	case reflect.TypeFor[Quantity]():
		want = cue.NumberKind | cue.StringKind
	case reflect.TypeFor[Money]():
		want = cue.NumberKind
	case reflect.TypeFor[CUE]():
		want = cue.TopKind
	default:
		switch typ.Kind() {
		case reflect.Interface:
			return // whatever the schema says
		case reflect.String:
			want = cue.StringKind
		case reflect.Int:
			want = cue.IntKind
		case reflect.Float64:
			want = cue.NumberKind
		case reflect.Bool:
			want = cue.BoolKind
		case reflect.Slice:
			want = cue.ListKind
		default:
			want = cue.StructKind
		}
	}
	if got := v.IncompleteKind(); got != want {
		t.Errorf("%s: CUE has %v, Go's %v wants %v", at, got, typ, want)
	}
	if typ.Kind() == reflect.Struct && typ.Name() == "" || typ == reflect.TypeFor[DNS]() || typ == reflect.TypeFor[Verbs]() || typ == reflect.TypeFor[Parents]() {
		compareFields(t, at, v, typ)
	}
}

func goFields(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range fieldsOf(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			for k, v := range goFields(f.Type) {
				out[k] = v
			}
			continue
		}
		out[name] = f.Type
	}
	return out
}

func fieldsOf(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if !yield(typ.Field(i)) {
				return
			}
		}
	}
}

func TestDefaultsAgree(t *testing.T) {
	v := schemaValue(t).LookupPath(cue.ParsePath("#Defaults"))
	for path, got := range map[string]any{
		"settings.gitops": DefaultGitOps(), "settings.deletion": DefaultDeletion(), "physicalCluster": DefaultPhysicalCluster(), "apiSet": DefaultAPISet(),
		"apiVersion": DefaultAPIVersion(), "logicalCluster": DefaultLogicalCluster(), "source": DefaultSource(),
	} {
		want, err := v.LookupPath(cue.ParsePath(path)).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		have, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(generic(t, want), generic(t, have)); d != "" {
			t.Errorf("#Defaults.%s (-CUE +Go):\n%s", path, d)
		}
	}
	for it, _ := v.Fields(); it.Next(); {
		switch it.Selector().String() {
		case "settings", "physicalCluster", "apiSet", "apiVersion", "logicalCluster", "source":
		default:
			t.Errorf("#Defaults.%s has no counterpart in Go", it.Selector())
		}
	}
}

// generic decodes JSON and drops required fields that a default leaves empty.
func generic(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	var prune func(m map[string]any)
	prune = func(m map[string]any) {
		for k, v := range m {
			if sub, ok := v.(map[string]any); ok {
				prune(sub)
			}
			if v == nil || v == "" {
				delete(m, k)
			}
		}
	}
	prune(m)
	return m
}

func TestEveryFieldIsDocumented(t *testing.T) {
	for _, f := range Files() {
		file, err := parser.ParseFile(f.Name, f.Data, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			def, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			name, _, _ := ast.LabelName(def.Label)
			if len(ast.Comments(def)) == 0 {
				t.Errorf("%s: %s has no comment", f.Name, name)
			}
		}
	}
}

// The short names of #Quota are those that ResourceName knows, or Kubernetes' own.
func TestQuotaNames(t *testing.T) {
	it, err := schemaValue(t).LookupPath(cue.ParsePath("#Quota")).Fields(cue.Optional(true))
	if err != nil {
		t.Fatal(err)
	}
	kubernetes := []string{"pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "replicationcontrollers"}
	seen := map[string]bool{}
	for it.Next() {
		name := it.Selector().Unquoted()
		seen[name] = true
		if ResourceName(name) == name && !slices.Contains(kubernetes, name) {
			t.Errorf("#Quota.%s is neither a short name nor one of Kubernetes'", name)
		}
	}
	for name := range shortNames {
		if !seen[name] {
			t.Errorf("the short name %s is not in #Quota", name)
		}
	}
}

func TestSchemaIsFormatted(t *testing.T) {
	for _, f := range Files() {
		want, err := format.Source(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(f.Data)); d != "" {
			t.Errorf("%s is not formatted as `cue fmt` does it:\n%s", filepath.Join("v1alpha1", f.Name), d)
		}
	}
}

func TestScalarsMarshalBack(t *testing.T) {
	for in, want := range map[string]string{`{"cpu":4}`: `{"cpu":4}`, `{"cpu":0.50}`: `{"cpu":0.50}`, `{"cpu":"250m"}`: `{"cpu":"250m"}`, `{"cpu":"4"}`: `{"cpu":4}`} {
		var q Quota
		if err := json.Unmarshal([]byte(in), &q); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		if string(out) != want {
			t.Errorf("%s became %s, want %s", in, out, want)
		}
	}
	var m struct {
		Price Money `json:"price,omitempty"`
	}
	if err := json.Unmarshal([]byte(`{"price":12.30}`), &m); err != nil {
		t.Fatal(err)
	}
	if out, _ := json.Marshal(m); string(out) != `{"price":12.30}` {
		t.Errorf("12.30 became %s: amounts of money are exact", out)
	}
	if err := json.Unmarshal([]byte(`{"price":[1]}`), &m); err == nil {
		t.Error("a list is no amount of money")
	}
}

// An empty list offers nothing and a missing one everything: writing a document
// and reading it back must not turn one into the other.
func TestEmptyListsSurvive(t *testing.T) {
	for _, in := range []string{`{"offers":{"apis":[]}}`, `{"offers":{}}`, `{"defaults":{"regions":[]}}`} {
		var o Organization
		if err := json.Unmarshal([]byte(in), &o); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if string(out) != in {
			t.Errorf("%s became %s", in, out)
		}
	}
}
