package outdir

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// Files in any order, from many goroutines, come to the same tree, and no
// directory stays open, whether the build is committed or not.
func TestFilesOfAllDirectoriesAtOnce(t *testing.T) {
	want := tree{}
	for i := range 400 {
		name := fmt.Sprintf("clusters/c%d/tenants/t%d/o%d/f%d.yaml", i%2, i%3, i%70, i)
		want[name] = doc(name)
	}
	for i := range 4 { // one directory's name begins like another's
		name := fmt.Sprintf("clusters/c%s/f.yaml", "1111"[:i])
		want[name] = doc(name)
	}
	for seed := range uint64(4) {
		dir := t.TempDir()
		before := openFiles(t)
		w, err := Begin(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		names := slices.Sorted(maps.Keys(want))
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var g errgroup.Group
		g.SetLimit(8)
		for _, name := range names {
			g.Go(func() error { return w.Write(name, []byte(want[name])) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		commits := seed%2 == 0
		if !commits {
			w.Abort()
		} else if _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if n := openFiles(t); n > before {
			t.Errorf("%d files were open before the build, %d are after it", before, n)
		}
		if d := cmp.Diff(want, read(t, dir)); commits && d != "" {
			t.Error(d)
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no way to count the open files: ", err)
	}
	return len(entries)
}
