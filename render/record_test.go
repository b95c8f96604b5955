package render_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/output"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// build renders into a directory as the compiler does, the record passing
// through its encoding.
func build(t fataler, r *repo, dir string, former *render.Record, tool byte) (*render.Record, render.Stats) {
	t.Helper()
	w, err := output.Begin(dir, output.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	record, stats, err := render.Render(context.Background(), r.input(), w, dir, former, [32]byte{tool})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := record.Stamp(dir); err != nil {
		t.Fatal(err)
	}
	data, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := render.DecodeRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	return decoded, stats
}

// onDisk reads what the compiler wrote.
func onDisk(t fataler, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if strings.HasPrefix(d.Name(), ".") && rel != "." {
			return filepath.SkipDir
		}
		if d.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRecordNeverShows: with a record or without, after any edits, the
// directory holds what a fresh build makes.
func TestRecordNeverShows(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		n := rapid.IntRange(1, 10).Draw(t, "logical clusters")
		r := crowd(n)
		var record *render.Record
		for range rapid.IntRange(1, 3).Draw(t, "builds") {
			for range rapid.IntRange(0, 3).Draw(t, "edits") {
				lc := r.t.LogicalClusters[rapid.IntRange(0, len(r.t.LogicalClusters)-1).Draw(t, "which")]
				switch rapid.IntRange(0, 4).Draw(t, "edit") {
				case 0:
					lc.State = schema.Frozen
				case 1:
					lc.Labels["tier"] = rapid.SampledFrom([]string{"gold", "silver"}).Draw(t, "tier")
				case 2:
					lc.Network = schema.NetworkOpen
				case 3: // somebody edits a file of the output
					_ = os.WriteFile(filepath.Join(dir, "clusters", r.pins.LogicalClusters[lc.Key].Cluster, "tenants",
						r.pins.LogicalClusters[lc.Key].Cut, lc.Key+".yaml"), []byte(output.Header+"edited\n"), 0o644)
				case 4:
					n++
					r.add(fmt.Sprintf("org0/more%d", n), r.pins.LogicalClusters[lc.Key].Cluster, "c0001")
				}
			}
			if rapid.Bool().Draw(t, "lose the record") {
				record = nil
			}
			record, _ = build(t, r, dir, record, rapid.ByteRange(0, 1).Draw(t, "tool"))
			if diff := cmp.Diff(filesOf(t, r), onDisk(t, dir)); diff != "" {
				t.Fatalf("(-fresh +built):\n%s", diff)
			}
		}
	})
}

// TestRecordSparesLowering: what has not changed is not lowered.
func TestRecordSparesLowering(t *testing.T) {
	dir := t.TempDir()
	r := crowd(60)
	record, stats := build(t, r, dir, nil, 1)
	if want := (render.Stats{Lowered: 60}); stats != want {
		t.Errorf("first build: %+v", stats)
	}
	record, stats = build(t, r, dir, record, 1)
	if want := (render.Stats{Kept: 60}); stats != want {
		t.Errorf("second build: %+v", stats)
	}
	r.t.LogicalClusters[7].Labels["tier"] = "gold"
	record, stats = build(t, r, dir, record, 1)
	if want := (render.Stats{Kept: 59, Lowered: 1}); stats != want {
		t.Errorf("one changed: %+v", stats)
	}
	if _, stats = build(t, r, dir, record, 2); stats != (render.Stats{Lowered: 60}) {
		t.Errorf("another compiler: %+v", stats)
	}
}

// TestWorkers: the number of processors never shows.
func TestWorkers(t *testing.T) {
	r := crowd(100)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := r.files(t)
	runtime.GOMAXPROCS(8)
	if diff := cmp.Diff(one, r.files(t)); diff != "" {
		t.Error(diff)
	}
}

func TestDamagedRecord(t *testing.T) {
	record, _ := build(t, crowd(3), t.TempDir(), nil, 1)
	data, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := render.DecodeRecord(data); err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := render.DecodeRecord(data[:n]); err == nil {
			t.Fatalf("a record that ends after %d of %d bytes is read", n, len(data))
		}
	}
}

func BenchmarkFiles(b *testing.B) {
	in := crowd(3000).input()
	for b.Loop() {
		files, err := render.Files(context.Background(), in)
		if err != nil || len(files) < 3000 {
			b.Fatal(len(files), err)
		}
	}
}
