package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"
)

func TestFromYAML(t *testing.T) {
	got, err := FromYAML([]byte(`# a stream
---
zeta: 1
alpha: {b: [on, "on", 2001-12-14, 1e3, 0.5, ~, 18446744073709551615]}
---
---
base: &base {x: 1, y1: 2}
derived:
  y1: 3
  <<: *base
  z: *base
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Map{
		M("zeta", int64(1), "alpha", M("b", List{true, "on", "2001-12-14", int64(1000), 0.5, nil, float64(1 << 64)})),
		M("base", M("x", int64(1), "y1", int64(2)), "derived", M("y1", int64(3), "z", M("x", int64(1), "y1", int64(2)), "x", int64(1))),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestFromYAMLErrors(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		prev := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+prev+",", 10), ",") + "]\n"
	}
	for _, tt := range []struct{ name, in, want string }{
		{"syntax", "a: b\nc: [", "line 2: "},
		{"second document", "a: b\n---\nc: d\nc: e\n", `line 4: the key "c" is repeated`},
		{"list", "a: b\n---\n- x\n", "line 3: a document must be a mapping"},
		{"number as key", "a:\n  80: x\n", `line 2: the key 80 is not a string: write "80"`},
		{"word as key", "on: x\n", `line 1: the key on is not a string: write "on"`},
		{"infinite", "a: 1\nb: .inf\n", "line 2: .inf is not a number"},
		{"binary", "a: !!binary aGk=\n", "line 1: a value tagged !!binary"},
		{"merge of a string", "<<: x\n", "line 1: << takes mappings only"},
		{"bomb", bomb, "unfold to more than"},
		{"cycle", "a: &a\n  b: *a\n", "line 2: the alias *a stands inside what it refers to"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FromYAML([]byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "yaml:") {
				t.Errorf("%q names a library", err)
			}
		})
	}
}

func TestWrittenDocumentsAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		objs := rapid.SliceOfN(rapid.Map(genMap(3), func(m Map) Map { return m.With("kind", "X") }), 0, 3).Draw(t, "objects")
		text := AppendDocuments(nil, objs...)
		got, err := FromYAML(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if again := AppendDocuments(nil, got...); string(again) != string(text) {
			t.Fatalf("read and written again, it differs:\n%s", cmp.Diff(string(text), string(again)))
		}
	})
}

// TestReadsAsKubectlDoes compares with kubectl's reader on scalars as people
// write them, quoted or not. The tag "!" alone, which nobody writes, is left out:
// the parser drops it.
func TestReadsAsKubectlDoes(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, scalar string) {
		if strings.HasPrefix(strings.TrimSpace(scalar), "!") {
			return
		}
		text := []byte("k: " + scalar + "\n")
		var want any
		if yaml.UnmarshalStrict(text, &want) != nil {
			return
		}
		objs, err := FromYAML(text)
		if err != nil {
			return
		}
		var got any
		if len(objs) > 0 {
			if err := json.Unmarshal(AppendJSON(nil, objs[0]), &got); err != nil {
				t.Fatalf("%v", err)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q is read otherwise than by kubectl:\n%s", text, d)
		}
	}
	for _, s := range nasty {
		check(t, s)
		check(t, "'"+s+"'")
	}
	rapid.Check(t, func(t *rapid.T) { check(t, genString().Draw(t, "scalar")) })
}
