package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render/publish"
)

// repository is a new git repository and an output beside it.
func repository(t *testing.T) (repo *git.Repository, dir, out string) {
	t.Helper()
	dir, out = t.TempDir(), t.TempDir()
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	return repo, dir, out
}

var commit = publish.Commit{Source: strings.Repeat("a", 40), AsOf: "2026-11-20", MaxDeletions: 10}

func open(t *testing.T, dir, path string) *publish.Branch {
	t.Helper()
	b, err := publish.Open(dir, "rendered", path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Two publications that begin at the same commit: one of them is refused, whether
// there was a branch before or not, and goes on from the other's when it is tried
// again.
func TestOneOfTwoIsRefused(t *testing.T) {
	repo, dir, out := repository(t)
	for _, round := range []string{"first", "second"} {
		a, b := open(t, dir, ""), open(t, dir, "")
		testkit.WriteFile(t, filepath.Join(out, "inventory/acme.json"), round+" a")
		won, err := a.Publish(t.Context(), out, commit)
		if err != nil || won == "" {
			t.Fatalf("%s: %q, %v", round, won, err)
		}
		testkit.WriteFile(t, filepath.Join(out, "inventory/acme.json"), round+" b")
		if hash, err := b.Publish(t.Context(), out, commit); err == nil || !strings.Contains(err.Error(), "has moved meanwhile") {
			t.Fatalf("%s: %q, %v", round, hash, err)
		}
		ref, err := repo.Reference(plumbing.NewBranchReferenceName("rendered"), true)
		if err != nil || ref.Hash().String() != won {
			t.Fatalf("%s: the branch is at %v, %v; want %s", round, ref, err, won)
		}
		hash, err := open(t, dir, "").Publish(t.Context(), out, commit)
		if err != nil {
			t.Fatal(err)
		}
		last, err := repo.CommitObject(plumbing.NewHash(hash))
		if err != nil || len(last.ParentHashes) != 1 || last.ParentHashes[0].String() != won {
			t.Errorf("%s: %v, %v", round, last, err)
		}
	}
}

// A directory of the branch holds the output, and all else there stays.
func TestOutputBelowADirectory(t *testing.T) {
	repo, dir, out := repository(t)
	testkit.WriteFile(t, filepath.Join(out, "pins/_platform.yaml"), "asOf: then\n")
	testkit.WriteFile(t, filepath.Join(out, "notes/ours.txt"), "no part of the output")
	if _, err := open(t, dir, "").Publish(t.Context(), out, commit); err != nil {
		t.Fatal(err)
	}
	hash, err := open(t, dir, "a/b").Publish(t.Context(), out, commit)
	if err != nil {
		t.Fatal(err)
	}
	c, err := repo.CommitObject(plumbing.NewHash(hash))
	if err != nil {
		t.Fatal(err)
	}
	for name, stands := range map[string]bool{"pins/_platform.yaml": true, "a/b/pins/_platform.yaml": true, "notes/ours.txt": false} {
		if _, err := c.File(name); (err == nil) != stands {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "

// Namespaces are not lost with the whole directory of their physical cluster, and
// one that stands in another file is not lost.
func TestGuards(t *testing.T) {
	_, dir, out := repository(t)
	const tenants = "clusters/eu-1/tenants/c0001/acme/"
	testkit.WriteFile(t, filepath.Join(out, tenants+"prod.yaml"), namespace+"acme-prod\n  annotations: {tenantry.dev/deletion: confirmed}\n")
	testkit.WriteFile(t, filepath.Join(out, tenants+"shop.yaml"), namespace+"acme-shop\n")
	testkit.WriteFile(t, filepath.Join(out, "pins/_platform.yaml"), "asOf: then\n")
	if _, err := open(t, dir, "").Publish(t.Context(), out, commit); err != nil {
		t.Fatal(err)
	}
	try := func(want string) {
		t.Helper()
		hash, err := open(t, dir, "").Publish(t.Context(), out, commit)
		if want == "" && (err != nil || hash == "") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("have %q, %v; want %q", hash, err, want)
		}
	}
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(filepath.Join(out, from), filepath.Join(out, to)); err != nil {
			t.Fatal(err)
		}
	}
	move(tenants+"shop.yaml", tenants+"store.yaml")
	try("")
	move(tenants+"store.yaml", "store.yaml")
	try("were not declared deleted: eu-1/acme-shop")
	testkit.WriteFile(t, filepath.Join(out, tenants+"store.yaml"), namespace+"acme-shop\n  annotations: {tenantry.dev/deletion: confirmed}\n")
	try("")
	if err := os.RemoveAll(filepath.Join(out, "clusters")); err != nil {
		t.Fatal(err)
	}
	try("nothing is rendered any more for physical clusters that had tenants: eu-1")
}
