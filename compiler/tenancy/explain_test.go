package tenancy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

// actual are the values of a logical cluster as the other passes read them.
func actual(lc *tenancy.LogicalCluster) map[string]string {
	out := map[string]string{
		"state": string(lc.State), "backing": string(lc.Backing), "network": string(lc.Network), "podSecurity": string(lc.PodSecurity),
		"regions": strings.Join(lc.Regions, ", "),
	}
	for key, value := range lc.Labels {
		out["labels."+key] = value
	}
	for name, q := range lc.Quota.All() {
		out["quota."+name] = q.String()
	}
	for _, b := range lc.APIs {
		out["apis."+b.Version.Set.Name] = b.Version.String()
	}
	for _, g := range lc.Access {
		if field := "access." + g.Subject.String(); out[field] == "" { // the strongest stands first
			out[field] = string(g.Role)
		}
	}
	for _, n := range lc.Namespaces {
		for name, q := range n.Quota.All() {
			out["namespaces."+n.Name+".quota."+name] = q.String()
		}
	}
	if s := lc.Source; s != nil {
		out["source.role"], out["source.branch"] = string(s.Role), s.Branch
	}
	return out
}

// Explain says what resolving made, of everything and of nothing else, and
// where it says that it came from is where Origins says so.
func TestExplainSaysWhatResolvingMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocuments(t)
		for _, d := range docs.LogicalClusters {
			d.Held = rapid.Bool().Draw(t, "held")
			if rapid.Bool().Draw(t, "source") {
				d.Spec.Source = &schema.Source{Repo: "https://git.acme.example/x", Role: maybe(t, "role", schema.View)}
			}
		}
		resolved, _ := emptyRepo().judge(docs, sourcetest.Tree(nil))
		for _, lc := range resolved.LogicalClusters {
			want := actual(lc)
			origins := lc.Origins()
			for _, v := range lc.Explain() {
				top, _, _ := strings.Cut(v.Field, ".")
				if len(v.Steps) == 0 {
					t.Fatalf("%s: nothing made %s", lc.Key, v.Field)
				}
				if have, known := want[v.Field]; known && v.Text != have && !lc.Suspended {
					t.Fatalf("%s: %s is %q, and explained as %q: %+v", lc.Key, v.Field, have, v.Text, v.Steps)
				} else if !known && v.Text != "" && strings.Contains("state backing network regions labels quota apis access", top) {
					t.Fatalf("%s has no %s, and it is explained as %+v", lc.Key, v.Field, v)
				}
				delete(want, v.Field)
				sets := 0
				for i, s := range v.Steps {
					if s.Effect == tenancy.Sets {
						sets++
						if i > 0 && v.Steps[0].Effect != tenancy.Refused {
							t.Fatalf("%s: %s is set by a later step: %+v", lc.Key, v.Field, v.Steps)
						}
					}
					if s.From != "default" && s.From != "document" && s.Pos.IsZero() && !strings.HasPrefix(s.From, "quota.") && !lc.Held {
						t.Fatalf("%s: %s has no position: %+v", lc.Key, v.Field, s)
					}
				}
				if sets > 1 || sets == 0 && v.Text != "" && !lc.Suspended {
					t.Fatalf("%s: %s is set %d times: %+v", lc.Key, v.Field, sets, v.Steps)
				}
				if o, ok := origins[v.Field]; ok && sets == 1 && lc.State != schema.Deleted && !lc.Held && o != v.Steps[0].Origin {
					t.Fatalf("%s: %s comes from %+v, and is explained by %+v", lc.Key, v.Field, o, v.Steps)
				}
			}
			for field, text := range want {
				if text != "" {
					t.Fatalf("%s: %s is %q, and not explained", lc.Key, field, text)
				}
			}
			if a, b := fmt.Sprint(lc.Explain()), fmt.Sprint(lc.Explain()); a != b {
				t.Fatalf("explained in two ways:\n%s\n%s", a, b)
			}
		}
	})
}
