package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml3 "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"
)

// nasty are strings that some reader of YAML takes for something else, or that
// break a careless writer.
var nasty = []string{
	"", " ", "a ", " a", "~", "null", "Null", "true", "yes", "No", "on", "OFF", "y", "N", "=", "<<",
	"1", "-1", "+1", "012", "0o17", "0x1F", "0b1", "-0x1f", "1_000", "1e3", "1E+3", ".5", "5.", "1.5e-3", "08", "-.inf", ".NaN",
	"12:30:45", "1:20", "-3:30.5", "2001-12-14", "2001-1-1 2:03:04", "2001-12-14t21:59:43.10-05:00",
	"1.2.3", "10.0.0.0/8", "10m", "1Gi", "12:99", "2001-12-14-build", "1e", "0x", "0xg", "_1", "1__", "+_0", "0b+0", "0o-7", "-0_x1F", "0_b1", "+__", "+", ".", "..", "-", "--", "---", "--- a", "...", "....",
	"- a", "-a", "? a", "?a", ":a", ": a", "a:", "a: b", "a:b", "a #b", "a#b", "#a", "[a", "a]", "{a", "a}", "a, b", ",a",
	"&a", "*a", "*.example.com", "!a", "|", ">", "'a'", "\"a\"", "it's", `say "hi"`, `\d+`, "%a", "@a", "`a",
	"a\nb", "a\nb\n", "a\n\n", "\na", "\n", "a\n  b\nc", "  a\nb", "\ta\nb", "a\n \nb", "a\n\t\nb", "a \nb", "a\n ", "a\nb\n\n\n", "# a\nb", "a\n# b", "- a\n- b: c\n", "---\na: b\n", "a\n---\nb", "a\n...\n",
	"a\tb", "\ta", "a\t", "a:\tb", "a\t#b", "a\rb", "a\r\nb", "\x00", "\x07", "\x1b[0m", "\x7f", "\u0085", "a\u0085b\nc", "\u00a0", "\u2028", "a\u2029\nb", "\ufeff", "a\ufeff", "\ufffe", "\uffff", "\ufffd", "é: è", "é #è", "日本語", "🎈", "🎈: 🎈", "é\nb", "é\t",
}

func genString() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(nasty),
		rapid.StringMatching(`[-+.]?[0-9xob_:.eE+-]{1,10}`),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab1 :#-?,[]{}&*!|>'\"%@`\\~=.\n\t\r\u0085\u2028\u00a0é\ufeff")), 0, 12, -1),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(nasty), 1, 4), func(s []string) string { return strings.Join(s, "\n") }),
		rapid.Map(rapid.IntRange(900, 1200), func(n int) string { return strings.Repeat("k", n) }),
	)
}

func genTree(depth int) *rapid.Generator[Value] {
	leaves := []*rapid.Generator[Value]{
		rapid.Map(genString(), func(s string) Value { return s }),
		rapid.Map(rapid.Bool(), func(b bool) Value { return b }),
		rapid.Map(rapid.Int64(), func(i int64) Value { return i }),
		rapid.Map(rapid.Float64(), func(f float64) Value { return f + 0.25 }),
		rapid.Map(rapid.SliceOfN(genString(), 0, 3), func(s []string) Value { return s }),
		rapid.Just(Value(nil)),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	return rapid.OneOf(append(leaves,
		rapid.Map(rapid.SliceOfN(genTree(depth-1), 0, 3), func(l []Value) Value { return List(l) }),
		rapid.Map(genMap(depth-1), func(m Map) Value { return m }),
	)...)
}

func genMap(depth int) *rapid.Generator[Map] {
	return rapid.Custom(func(t *rapid.T) Map {
		keys := rapid.SliceOfNDistinct(genString(), 0, 4, rapid.ID).Draw(t, "keys")
		m := make(Map, len(keys))
		for i, key := range keys {
			m[i] = Field{key, genTree(depth).Draw(t, "value")}
		}
		return m
	})
}

// asJSON is what a reader of JSON makes of v, by the standard library.
func asJSON(v Value) any {
	switch v := v.(type) {
	case Map:
		out := map[string]any{}
		for _, f := range v {
			out[f.Key] = asJSON(f.Value)
		}
		return out
	case List:
		out := []any{}
		for _, item := range v {
			out = append(out, asJSON(item))
		}
		return out
	case []string:
		out := []any{}
		for _, s := range v {
			out = append(out, s)
		}
		return out
	case int64:
		return float64(v)
	case int:
		return float64(v)
	}
	return v
}

// numbersAsFloats brings what yaml/v3 reads to the types of JSON.
func numbersAsFloats(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbersAsFloats(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbersAsFloats(v[i])
		}
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return v
}

func checkReaders(t interface{ Fatalf(string, ...any) }, v Value) {
	want := asJSON(v)
	text := AppendYAML(nil, v, 0)

	var kubectl any
	if err := yaml.Unmarshal(text, &kubectl); err != nil {
		t.Fatalf("kubectl's reader: %v\n%s", err, text)
	}
	if d := cmp.Diff(want, kubectl); d != "" {
		t.Fatalf("kubectl's reader sees another value:\n%s\n%s", d, text)
	}
	var kustomize any
	if err := yaml3.Unmarshal(text, &kustomize); err != nil {
		t.Fatalf("yaml/v3: %v\n%s", err, text)
	}
	if d := cmp.Diff(want, numbersAsFloats(kustomize)); d != "" {
		t.Fatalf("yaml/v3 sees another value:\n%s\n%s", d, text)
	}
	for _, text := range [][]byte{AppendJSON(nil, v), AppendIndentedJSON(nil, v)} {
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatalf("encoding/json: %v\n%s", err, text)
		}
		if d := cmp.Diff(want, plain); d != "" {
			t.Fatalf("encoding/json sees another value:\n%s\n%s", d, text)
		}
	}
}

func TestEveryNastyStringComesBack(t *testing.T) {
	for _, s := range nasty {
		checkReaders(t, s)
		checkReaders(t, Map{{s, s}, {"list", List{s, List{s, Map{{s, List{s}}}}, Map{{s, Map{{s, s}}}}}}, {"strings", []string{s, s}}})
	}
}

func TestEveryTreeComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkReaders(t, genTree(4).Draw(t, "tree")) })
}

// TestQuotes asks for quotes around what only readers of YAML 1.1
// outside Go (Python, Ruby) would misread, and for none where no reader needs
// them.
func TestQuotes(t *testing.T) {
	for _, s := range []string{"12:30:45", "1:20", "1:20.5", "0b1", "2001-12-14", "2001-12-14T21:59:43Z", "=", "<<", "y", "+0x1f", "1_0.5", "012"} {
		if got := string(AppendYAML(nil, s, 0)); got != `"`+s+"\"\n" {
			t.Errorf("%q is written %q, want quotes", s, got)
		}
	}
	for _, s := range []string{
		"v1", "kube-system", "10.0.0.0/8", "1.2.3", "10m", "1Gi", "0xg", "nginx:1.25", "https://example.com/#x", "--flag=on", "-x", "a, b", "a]", "a=b",
		"tenantry.dev/logical-cluster", "nO", "trUE", "2001-12-14-build", "12:99", "object.spec.replicas <= 3 && has(object.x)", "it's", `say "hi"`,
	} {
		if got := string(AppendYAML(nil, s, 0)); got != s+"\n" {
			t.Errorf("%q is written %q, want no quotes", s, got)
		}
	}
}

func TestLayout(t *testing.T) {
	m := M("apiVersion", "v1", "kind", "ConfigMap",
		"metadata", M("name", "x", "labels", M(), "finalizers", []string{"a", "b"}),
		"rules", List{
			M("apiGroups", []string{""}, "verbs", List{"get", "*"}),
			List{List{int64(1), 2}, List{}, true},
		},
		"data", M("run.sh", "set -e\n\nif true; then\n  echo\nfi\n", "open", "a\nb", "tail", "a\n\n", "pattern", `: "\d+"`),
		"none", nil, "half", 0.5, "large", 1e21,
	)
	want := `apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  labels: {}
  finalizers:
  - a
  - b
rules:
- apiGroups:
  - ""
  verbs:
  - get
  - "*"
- - - 1
    - 2
  - []
  - true
data:
  run.sh: |
    set -e

    if true; then
      echo
    fi
  open: |-
    a
    b
  tail: "a\n\n"
  pattern: ': "\d+"'
none: null
half: 0.5
large: 1.0e+21
`
	if d := cmp.Diff(want, string(AppendYAML(nil, m, 0))); d != "" {
		t.Error(d)
	}
	shifted := "    " + strings.ReplaceAll(strings.TrimSuffix(want, "\n"), "\n", "\n    ") + "\n"
	shifted = strings.ReplaceAll(shifted, "    \n", "\n")
	if d := cmp.Diff(shifted, string(AppendYAML(nil, m, 4))); d != "" {
		t.Error(d)
	}
	if got, want := string(AppendJSON(nil, M("a", List{1, "é\n"}, "b", M()))), `{"a":[1,"é\n"],"b":{}}`; got != want {
		t.Errorf("JSON: %s, want %s", got, want)
	}
	if got, want := string(AppendIndentedJSON(nil, M("a", List{1, M("x", true)}, "b", M()))), "{\n  \"a\": [\n    1,\n    {\n      \"x\": true\n    }\n  ],\n  \"b\": {}\n}"; got != want {
		t.Errorf("JSON: %s, want %s", got, want)
	}
}

func TestInvalidUTF8(t *testing.T) {
	for _, s := range []string{"\xff", "a\xffb", "é\xc3", "a\n\xff"} {
		var got any
		if err := yaml.Unmarshal(AppendYAML(nil, s, 0), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); got != want {
			t.Errorf("%q is read back as %q, want %q", s, got, want)
		}
	}
}

func TestNamespaceDecodesStrictly(t *testing.T) {
	m := M("apiVersion", "v1", "kind", "Namespace", "metadata", M(
		"name", "acme-prod", "labels", M("tenantry.dev/logical-cluster", "acme.prod", "on", "yes"), "annotations", M("note", "a: b\nc")))
	var ns corev1.Namespace
	if err := yaml.UnmarshalStrict(AppendYAML(nil, m, 0), &ns); err != nil {
		t.Fatal(err)
	}
	if ns.Name != "acme-prod" || ns.Labels["on"] != "yes" || ns.Annotations["note"] != "a: b\nc" {
		t.Errorf("decoded %+v", ns)
	}
}

func TestMap(t *testing.T) {
	m := M("a", 1, "b", M("c", "x"))
	changed := m.With("a", 2).With("d", 3)
	if d := cmp.Diff(M("a", 1, "b", M("c", "x")), m); d != "" {
		t.Errorf("With changed its receiver: %s", d)
	}
	if d := cmp.Diff(M("a", 2, "b", M("c", "x"), "d", 3), changed); d != "" {
		t.Error(d)
	}
	if m.Get("b", "c") != "x" || m.Get("b", "z") != nil || m.Get("a", "z") != nil {
		t.Error("Get finds the wrong values")
	}
	sparse := M("a", "", "b", nil, "c", Map{}, "d", List{}, "e", []string{}, "f", false, "g", 0, "h", M("i", ""))
	if d := cmp.Diff(M("f", false, "g", 0, "h", M("i", "")), sparse.Compact()); d != "" {
		t.Error(d)
	}
}

func TestMisuse(t *testing.T) {
	for name, f := range map[string]func(){
		"a key without a value": func() { M(slices.Repeat([]any{"a"}, 1)...) },
		"a key of another type": func() { M(1, 2) },
		"an unknown type":       func() { AppendYAML(nil, M("a", struct{}{}), 0) },
		"an infinite number":    func() { AppendJSON(nil, math.Inf(1)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is accepted", name)
				}
			}()
			f()
		}()
	}
}

func object(i int) Map {
	labels := M("tenantry.dev/logical-cluster", fmt.Sprintf("acme.team-%d.prod", i), "app.kubernetes.io/managed-by", "tenantry")
	return M("apiVersion", "rbac.authorization.k8s.io/v1", "kind", "RoleBinding",
		"metadata", M("name", "tenantry-admin", "namespace", "acme-team-prod", "labels", labels, "annotations", M("note", "owned by the platform: do not edit")),
		"roleRef", M("apiGroup", "rbac.authorization.k8s.io", "kind", "ClusterRole", "name", "admin"),
		"subjects", List{M("kind", "Group", "apiGroup", "rbac.authorization.k8s.io", "name", "oidc:acme-devs")})
}

const scalars = 13

func BenchmarkAppendYAML(b *testing.B) {
	m, buf := object(1), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendYAML(buf[:0], m, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/scalars, "ns/scalar")
}

func BenchmarkBuildAndAppend(b *testing.B) {
	buf, i := []byte(nil), 0
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendYAML(buf[:0], object(i), 0)
		i++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/scalars, "ns/scalar")
}
