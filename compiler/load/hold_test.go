package load_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
)

// A document that is held is compiled under today's patterns, whatever happened
// to the file that declares it.
func TestHold(t *testing.T) {
	pattern := "package tenancy\n\n_max: 10\nlogicalClusters: [string]: {budget?: <=_max, labels: tier: \"gold\"}\norganizations: acme: {}\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		dir   string
		json  string
		want  string
		codes []diag.Code
	}{
		{"broken file", map[string]string{"orgs/acme/org.cue": pattern, "orgs/acme/x/x.cue": "package tenancy\n\nlogicalClusters: {\n"},
			"orgs/acme/x", `{"budget": 5}`, `{"labels":{"tier":"gold"},"budget":5}`, nil},
		{"broken document", map[string]string{"orgs/acme/org.cue": pattern, "orgs/acme/x/x.cue": "package tenancy\n\nlogicalClusters: \"acme/x/p\": budget: \"lots\"\n"},
			"orgs/acme/x", `{"budget": 5}`, `{"labels":{"tier":"gold"},"budget":5}`, nil},
		{"a limit that is now tighter", map[string]string{"orgs/acme/org.cue": pattern, "orgs/acme/x/x.cue": "package tenancy\n\nlogicalClusters: \"acme/x/p\": budget: \"lots\"\n"},
			"orgs/acme/x", `{"budget": 50}`, `{"budget":50}`, []diag.Code{diag.AncestorLimit}},
		{"a pattern of its own directory", map[string]string{"orgs/acme/x/x.cue": "package tenancy\n\nlogicalClusters: \"acme/x/p\": budget: \"lots\"\nlogicalClusters: [string]: budget?: <=3\n"},
			"orgs/acme/x", `{"budget": 50}`, `{"budget":50}`, []diag.Code{diag.AncestorLimit}},
		{"a broken pattern above is left out, the one above that applies", map[string]string{"orgs/acme/org.cue": pattern, "orgs/acme/x/x.cue": "package tenancy\n\n_x: nothing\n"},
			"orgs/acme/x/y", `{"budget": 5}`, `{"labels":{"tier":"gold"},"budget":5}`, nil},
		{"a directory that is gone", map[string]string{"orgs/acme/org.cue": pattern},
			"orgs/acme/gone", `{"budget": 5}`, `{"labels":{"tier":"gold"},"budget":5}`, nil},
		{"a field that is gone", map[string]string{"orgs/acme/org.cue": pattern},
			"orgs/acme/x", `{"budget": 5, "bygone": true}`, `{"budget":5}`, []diag.Code{diag.FieldNotAllowed}},
		{"a pattern that refers to a document above", map[string]string{"classes.cue": "package tenancy\n\nclasses: c: quota: cpu: 4\nlogicalClusters: [string]: budget?: <=classes.c.quota.cpu\n"},
			"orgs/acme/x", `{"budget": 5}`, `{"budget":5}`, []diag.Code{diag.AncestorLimit}},
		{"no document at all", nil, "orgs/acme", `[]`, ``, []diag.Code{diag.InvalidValue, diag.InvalidValue}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := load.New(sourcetest.Tree(repo(c.files)), load.Options{})
			r, err := l.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held, err := r.View.Hold(t.Context(), []eval.Pinned{{Kind: schema.KindLogicalClusters, Key: "acme/x/p", Dir: c.dir, JSON: []byte(c.json)}})
			if err != nil {
				t.Fatal(err)
			}
			var codes []diag.Code
			for _, d := range held[0].Diagnostics {
				codes = append(codes, d.Code)
				if d.Document != `logicalClusters "acme/x/p"` {
					t.Errorf("diagnostic about %q", d.Document)
				}
			}
			if diff := cmp.Diff(c.codes, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s%s", diff, describeDiagnostics(held[0].Diagnostics))
			}
			if c.want == "" {
				if held[0].Document != nil {
					t.Errorf("document = %v", held[0].Document)
				}
				return
			}
			doc := held[0].Document.(*document.Document[schema.LogicalCluster])
			got, err := json.Marshal(doc.Spec)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("spec = %s, want %s", got, c.want)
			}
			if !doc.Held || doc.Key != "acme/x/p" || doc.Dir != c.dir {
				t.Errorf("meta = %+v", doc.Meta)
			}
		})
	}
}

// Every document of every archive is the same when it is held as it is.
func TestHoldKeeps(t *testing.T) {
	for name, files := range archives(t) {
		l := load.New(sourcetest.Tree(files), load.Options{})
		r, err := l.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var pinned []eval.Pinned
		var want []any
		each(r.Documents, func(m *document.Meta, spec any) {
			text, err := json.Marshal(spec)
			if err != nil {
				t.Fatal(err)
			}
			pinned = append(pinned, eval.Pinned{Kind: m.Kind, Key: m.Key, Dir: m.Dir, JSON: text})
			want = append(want, spec)
		})
		held, err := r.View.Hold(t.Context(), pinned)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range held {
			if len(h.Diagnostics) > 0 {
				t.Errorf("%s: %s: %s", name, pinned[i].Key, describeDiagnostics(h.Diagnostics))
				continue
			}
			if diff := cmp.Diff(want[i], specOf(h.Document)); diff != "" {
				t.Errorf("%s: %s changed (-want +got):\n%s", name, pinned[i].Key, diff)
			}
		}
	}
}

// TestHoldSlow states that a document which the patterns can't be evaluated for in time is as
// it was, and others of its directory are judged. It runs in a process of its own, since the
// evaluation goes on behind it.
func TestHoldSlow(t *testing.T) {
	if testkit.Alone(t) {
		return
	}
	files := repo(map[string]string{"orgs/acme/org.cue": "package tenancy\n\n_l: [" + strings.Repeat("1,", 1000) + `]
organizations: acme: {}
logicalClusters: [string]: {budget?: int | *0, if budget > 5 if len([for i in _l for j in _l for k in _l {i}]) > 0 {network?: "closed"}, budget?: >=0}
`})
	r, err := load.New(sourcetest.Tree(files), load.Options{Timeout: 3 * time.Second}).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pinned []eval.Pinned
	for _, json := range []string{`{"budget": 9}`, `{"budget": -1}`} {
		pinned = append(pinned, eval.Pinned{Kind: schema.KindLogicalClusters, Key: "acme/p" + strconv.Itoa(len(pinned)), Dir: "orgs/acme", JSON: []byte(json), Above: false})
	}
	held, err := r.View.Hold(t.Context(), pinned)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []diag.Code{diag.TooComplex, diag.AncestorLimit} {
		meta := held[i].Document.(*document.Document[schema.LogicalCluster]).Meta
		if meta.Refused != (i == 1) || len(held[i].Diagnostics) != 1 || held[i].Diagnostics[0].Code != want {
			t.Errorf("%s: refused %v: %v", meta.Key, meta.Refused, held[i].Diagnostics)
		}
	}
}
