package impact_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	"golang.org/x/tools/txtar"
)

// Each archive is put over the base repo for the side after; "impact" is what
// changes then, and for whom.
func TestCompare(t *testing.T) {
	base := testkit.Archive(t, "testdata/base.txtar")
	before := compile(t, base.Files)
	store, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Archives(t, "testdata/cases/*.txtar", func(t *testing.T, name string, archive *txtar.Archive) {
		files, want := archive.Files[:len(archive.Files)-1], &archive.Files[len(archive.Files)-1]
		after := compile(t, append(base.Files[:len(base.Files):len(base.Files)], files...))
		have := describe(impact.Compare(before, after, impact.NewComparer(store, "test", evolution.Config{})))
		if again := describe(impact.Compare(before, after, impact.NewComparer(store, "test", evolution.Config{}))); again != have {
			t.Errorf("the cache answers otherwise:\n%s", cmp.Diff(have, again))
		}
		if nothing := impact.Compare(after, after, impact.NewComparer(nil, "test", evolution.Config{})); len(nothing) > 0 {
			t.Errorf("a side differs from itself: %s", describe(nothing))
		}
		testkit.GoldenEntry(t, name, archive, want.Name, have)
	})
}

func compile(t *testing.T, archive []txtar.File) impact.Side {
	t.Helper()
	files := map[string]string{}
	for name, data := range schema.RepoFiles("test.example/tenancy") {
		files[name] = string(data)
	}
	for _, f := range archive {
		if files[f.Name] = string(f.Data); len(f.Data) == 0 {
			delete(files, f.Name)
		}
	}
	tree := sourcetest.Tree(files)
	loaded, err := load.New(tree, load.Options{Workers: 2, Targets: render.BuiltIn().Table()}).Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range loaded.Diagnostics {
		t.Fatalf("%s: %s", d.Position, d.Message)
	}
	resolved, findings := resolve.Documents(loaded.Documents, tree, "2026-11-20", resolve.History{})
	for _, f := range findings {
		if f.Severity == diag.Error && f.Code != diag.RemovedAPIVersion && f.Code != diag.UnknownAPIVersion {
			t.Fatalf("%s: %s", f.Position, f.Message)
		}
	}
	where, placed := placement.Place(resolved, &pins.Pins{}, "2026-11-20", nil)
	for _, f := range placed {
		t.Errorf("%s: %s", f.Position, f.Message)
	}
	return impact.Side{Tenancy: resolved, Sites: where.Sites}
}

func describe(changes []impact.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s", c.Kind, c.Set)
		if c.Dir != "" {
			fmt.Fprintf(&b, " in %s", c.Dir)
		}
		if c.Channel != "" {
			fmt.Fprintf(&b, " %s", c.Channel)
		}
		fmt.Fprintf(&b, " %q to %q at %s: %s\n", c.From, c.To, c.Position, c.Summary())
		for _, change := range c.Changes {
			fmt.Fprintf(&b, "\t%s %s%s: %s\n", change.Resource, change.Version, change.Path, change.Message)
		}
		for _, r := range c.Reached {
			fmt.Fprintf(&b, "\t- %s of %s on %v asks for %s at %s\n", r.Key, r.Organization, r.Clusters, r.Requested, r.Position)
		}
	}
	return b.String()
}
