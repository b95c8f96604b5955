package tenancy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/check"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	"golang.org/x/tools/txtar"
)

const today = "2026-11-20"

// repo is a tenancy repo together with what the pins know of it.
type repo struct {
	files     map[string]string
	asOf      string
	former    map[string]bool // logical clusters in the pins
	unchanged map[string]bool // documents, as String names them
	held      map[string]bool
	lastGood  map[string]*schema.LogicalCluster

	lastGoodOrganizations map[string]*schema.Organization
}

// newRepo returns the base repo with the files of an archive put over it.
func newRepo(t *testing.T, archive *txtar.Archive) *repo {
	t.Helper()
	base := testkit.Archive(t, "testdata/base.txtar")
	r := &repo{files: map[string]string{}, asOf: today, former: map[string]bool{}, unchanged: map[string]bool{}, held: map[string]bool{}}
	for name, data := range schema.RepoFiles("test.example/tenancy") {
		r.files[name] = string(data)
	}
	for _, f := range append(base.Files, archive.Files...) {
		r.files[f.Name] = string(f.Data)
	}
	return r
}

func (r *repo) load(t *testing.T) (*document.Documents, *source.Tree) {
	t.Helper()
	tree := sourcetest.Tree(r.files)
	loaded, err := load.New(tree, load.Options{Workers: 2, Targets: render.BuiltIn().Table()}).Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range loaded.Diagnostics {
		t.Errorf("load: %s: %s: %s", d.Position, d.Code, d.Message)
	}
	docs := loaded.Documents
	for _, d := range docs.APISets {
		d.Held = r.held[d.String()]
	}
	for _, d := range docs.Classes {
		d.Held = r.held[d.String()]
	}
	for _, d := range docs.Organizations {
		d.Held = r.held[d.String()]
	}
	for _, d := range docs.LogicalClusters {
		d.Held = r.held[d.String()]
	}
	return docs, tree
}

func (r *repo) compile(t *testing.T) (*tenancy.Tenancy, []tenancy.Finding) {
	t.Helper()
	docs, tree := r.load(t)
	return r.judge(docs, tree)
}

func (r *repo) judge(docs *document.Documents, tree *source.Tree) (*tenancy.Tenancy, []tenancy.Finding) {
	resolved, findings := resolve.Documents(docs, tree, r.asOf, resolve.History{})
	former := history.Former{
		Changed:        func(kind schema.Kind, key, _ string) bool { return !r.unchanged[fmt.Sprintf("%s %q", kind, key)] },
		LogicalCluster: func(key string) *schema.LogicalCluster { return r.lastGood[key] },
		Organization:   func(path string) *schema.Organization { return r.lastGoodOrganizations[path] },
	}
	given := map[string]map[string]string{}
	for _, g := range check.GivenLabels(resolved) {
		given[g.Document.String()+" "+g.Dir] = labelsGiven(tree, g)
	}
	resolved, checks := check.Tenancy(check.Input{
		Tenancy: resolved, History: history.New(resolved, former), AsOf: r.asOf, Standing: r.former,
		LabelsGiven: func(m *document.Meta, dir string) map[string]string { return given[m.String()+" "+dir] },
	})
	return resolved, append(findings, checks...)
}

// labelsGiven asks a loader what patterns give an empty document.
func labelsGiven(tree *source.Tree, g check.Given) map[string]string {
	loader := load.New(tree, load.Options{Workers: 2, Targets: render.BuiltIn().Table()})
	loaded, err := loader.Load(context.Background())
	if err != nil {
		return nil
	}
	held, err := loaded.View.Hold(context.Background(), []eval.Pinned{{Kind: g.Document.Kind, Key: g.Document.Key, Dir: g.Dir, JSON: []byte("{}")}})
	if err != nil {
		return nil
	}
	switch d := held[0].Document.(type) {
	case *document.Document[schema.LogicalCluster]:
		return d.Spec.Labels
	case *document.Document[schema.Organization]:
		return d.Spec.Labels
	}
	return nil
}

// text writes findings for people to compare.
func text(findings []tenancy.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s %s: %s\n\tabout %s\n", f.Severity, f.Code, f.Position, f.Message, f.Document)
		for _, r := range f.Related {
			fmt.Fprintf(&b, "\tsee %s: %s\n", r.Position, r.Message)
		}
		if f.Suggestion != "" {
			fmt.Fprintf(&b, "\thelp: %s\n", f.Suggestion)
		}
		if f.Severity == diag.Error && len(f.Concerns) != 1 {
			fmt.Fprintf(&b, "\tconcerns %v\n", f.Concerns)
		}
	}
	return b.String()
}

// remember reads lines such as `organizations "acme" {"labels": {}}`.
func (r *repo) remember(t *testing.T, lines map[string]bool) {
	t.Helper()
	r.lastGood, r.lastGoodOrganizations = map[string]*schema.LogicalCluster{}, map[string]*schema.Organization{}
	for line := range lines {
		parts := strings.SplitN(line, " ", 3)
		key := strings.Trim(parts[1], `"`)
		var into any
		switch schema.Kind(parts[0]) {
		case schema.KindLogicalClusters:
			r.lastGood[key] = &schema.LogicalCluster{}
			into = r.lastGood[key]
		case schema.KindOrganizations:
			r.lastGoodOrganizations[key] = &schema.Organization{}
			into = r.lastGoodOrganizations[key]
		}
		if err := json.Unmarshal([]byte(parts[2]), into); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFindings judges small repos: each archive of testdata is put over the base
// repo. "former", "unchanged", "held" and "lastGood" tell what the pins know; "findings" is
// what is found, and "result", where there is one, what came of the logical
// clusters. UPDATE=1 writes both anew.
func TestFindings(t *testing.T) {
	testkit.Archives(t, "testdata/*/*.txtar", func(t *testing.T, name string, archive *txtar.Archive) {
		t.Parallel()
		files := testkit.Files(archive)
		lines := func(name string) map[string]bool {
			out := map[string]bool{}
			for line := range strings.Lines(files[name]) {
				out[strings.TrimSpace(line)] = true
			}
			return out
		}
		r := newRepo(t, archive)
		r.former, r.unchanged, r.held = lines("former"), lines("unchanged"), lines("held")
		r.remember(t, lines("lastGood"))
		for _, name := range []string{"former", "unchanged", "held", "lastGood", "findings", "result"} {
			delete(r.files, name)
		}
		resolved, findings := r.compile(t)
		for _, f := range findings {
			for _, id := range f.Concerns {
				if f.Severity != diag.Error || r.held[fmt.Sprintf("%s %q", id.Kind, id.Key)] {
					t.Errorf("%s %s concerns %v", f.Severity, f.Code, id)
				}
			}
		}
		for entry, have := range map[string]string{"findings": text(findings), "result": describe(resolved)} {
			if _, ok := files[entry]; ok {
				testkit.GoldenEntry(t, name, archive, entry, have)
			}
		}
	})
}

// describe tells what logical clusters come to.
func describe(t *tenancy.Tenancy) string {
	var b strings.Builder
	for _, lc := range t.LogicalClusters {
		fmt.Fprintf(&b, "%s: class %s, %s, network %s, pods %s\n", lc.Key, lc.Class.Name, lc.Backing, lc.Network, lc.PodSecurity)
		if lc.Suspended {
			b.WriteString("\tsuspended\n")
		}
		if lc.Regions != nil {
			fmt.Fprintf(&b, "\tregions %v\n", lc.Regions)
		}
		for _, a := range lc.APIs {
			fmt.Fprintf(&b, "\tapi %s (%s)\n", a.Version, a.Requested)
		}
		for _, g := range lc.Access {
			fmt.Fprintf(&b, "\taccess %s %s", g.Subject, g.Role)
			if g.Organization != "" {
				fmt.Fprintf(&b, " from %s", g.Organization)
			}
			b.WriteByte('\n')
		}
		for _, key := range sortedKeys(lc.Labels) {
			fmt.Fprintf(&b, "\tlabel %s=%s\n", key, lc.Labels[key])
		}
		for key, q := range lc.Quota.All() {
			fmt.Fprintf(&b, "\tquota %s %s:", key, q.String())
			for _, n := range lc.Namespaces {
				part, _ := n.Quota.Of(key)
				fmt.Fprintf(&b, " %s %s", n.Name, part.String())
			}
			b.WriteByte('\n')
		}
		if lc.Source != nil {
			fmt.Fprintf(&b, "\tsource %s %s %s as %s into %s\n", lc.Source.Repo, lc.Source.Path, lc.Source.Branch, lc.Source.Role, lc.Source.Namespace)
		}
		for _, key := range sortedKeys(lc.Origins()) {
			fmt.Fprintf(&b, "\torigin %s: %s", key, lc.Origins()[key].From)
			if p := lc.Origins()[key].Pos; !p.IsZero() {
				fmt.Fprintf(&b, " at %s", p)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
