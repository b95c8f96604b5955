package render_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/rendertest"
	"github.com/tenantry/tenantry/render/tree"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// build renders into a directory as the compiler does, the record passing
// through its encoding.
func build(t *testing.T, r *repo, dir string, former *tree.Record, tool byte) (*tree.Record, render.Stats) {
	t.Helper()
	w, err := outdir.Begin(dir, outdir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	record, stats, err := render.Render(t.Context(), r.input(), w, dir, former, [32]byte{tool})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := record.Stamp(dir); err != nil {
		t.Fatal(err)
	}
	decoded, err := decode(encoded(t, record))
	if err != nil {
		t.Fatal(err)
	}
	return decoded, stats
}

func encoded(t *testing.T, r *tree.Record) []byte {
	t.Helper()
	data, err := store.Encode(r.Saved())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(data []byte) (*tree.Record, error) {
	var saved tree.SavedRecord
	if err := store.Decode(data, &saved); err != nil {
		return nil, err
	}
	return saved.Record()
}

// TestRecordNeverShows: with a record or without, after any edits, the
// directory holds what a fresh build makes. Builds write to disk for good and
// take their time, so the edits are drawn for a few seeds only.
func TestRecordNeverShows(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			dir := t.TempDir()
			n := 1 + random.IntN(8)
			r := crowd(n)
			var record *tree.Record
			for range 3 {
				for range random.IntN(4) {
					n++
					edit(t, random, r, dir, n)
				}
				if random.IntN(4) == 0 {
					record = nil
				}
				record, _ = build(t, r, dir, record, byte(random.IntN(4)/3))
				if diff := cmp.Diff(r.files(t), testkit.ReadFiles(t, dir)); diff != "" {
					t.Fatalf("(-fresh +built):\n%s", diff)
				}
			}
		})
	}
}

// edit changes the tenancy, or the output behind the compiler's back.
func edit(t *testing.T, random *rand.Rand, r *repo, dir string, n int) {
	lc := r.t.LogicalClusters[random.IntN(len(r.t.LogicalClusters))]
	pin := r.pins.LogicalClusters[lc.Key]
	org := lc.Org
	switch random.IntN(19) {
	case 5: // what only the inventory says
		lc.Quota = quota.Quota{{Resource: "requests.cpu", Quantity: *resource.NewQuantity(int64(n), resource.DecimalSI)}}
	case 6:
		lc.Held = !lc.Held
	case 7:
		lc.Suspended = !lc.Suspended
	case 8:
		lc.Class = &tenancy.Class{Name: fmt.Sprint("class", n)}
	case 9:
		pin.Since = fmt.Sprintf("2026-11-%02d", 1+n%28)
	case 10:
		pin.Retired = pins.NamesOf(map[string]string{"old": fmt.Sprint("old-", n)})
	case 11:
		pin.Left = []pins.Site{{Cluster: "us-1", Cut: "c0009", Phase: pins.Gone, Since: fmt.Sprintf("2026-11-%02d", 1+n%28), Namespaces: pins.NamesOf(map[string]string{"x": "y"})}}
	case 12:
		lc.APIs = []tenancy.Binding{{Requested: fmt.Sprint("channel", n), Version: r.apis["database"]}}
	case 13: // what only the pins say
		r.pins.AsOf = fmt.Sprintf("2026-12-%02d", 1+n%28)
	case 14:
		r.pins.Documents[document.ID{Kind: "logicalClusters", Key: lc.Key, Dir: "orgs/" + org.Path}] = fmt.Appendf(nil, `{"class":"c%d"}`, n)
	case 15: // what only the engine's objects say
		r.t.Settings.GitOps.Interval = fmt.Sprint(n, "m")
	case 16:
		source(lc)
	case 17:
		r.t.Clusters[random.IntN(2)*2].Kubeconfig = &schema.SecretKey{Secret: fmt.Sprint("kubeconfig", n), Key: "value"}
	case 18:
		delete(r.pins.LogicalClusters, lc.Key)
		r.t.LogicalClusters = slices.DeleteFunc(slices.Clone(r.t.LogicalClusters), func(o *tenancy.LogicalCluster) bool { return o == lc })
		r.add(lc.Key, "eu-2", "c0002")
	case 0:
		lc.State = schema.Frozen
	case 1:
		lc.Labels["tier"] = fmt.Sprint("tier", n)
	case 2:
		lc.Network = schema.NetworkOpen
	case 3:
		r.add(fmt.Sprintf("org0/more%d", n), pin.Cluster, "c0001")
	case 4:
		file := filepath.Join(dir, "clusters", pin.Cluster, "tenants", pin.Cut, strings.ReplaceAll(lc.Key, "/", ".")+".yaml")
		err := os.WriteFile(file, []byte(outdir.Header+"edited\n"), 0o644)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
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
	data := encoded(t, record)
	if _, err := decode(data); err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := decode(data[:n]); err == nil {
			t.Fatalf("a record that ends after %d of %d bytes is read", n, len(data))
		}
	}
}

func BenchmarkFiles(b *testing.B) {
	in := crowd(3000).input()
	for b.Loop() {
		files, err := rendertest.Files(context.Background(), in)
		if err != nil || len(files) < 3000 {
			b.Fatal(len(files), err)
		}
	}
}
