// Package render lays out everything that is compiled as one tree of files: the
// manifests of each physical cluster, what its GitOps engine needs to apply
// them, the inventory and the pins.
//
// The tree is a function of its input alone. What is expensive is lowering a
// logical cluster and writing its file, a hundred thousand times over; so the
// last build's record tells which of these files still say what they should,
// and these are kept as they stand. Whether one is kept or written anew never
// shows in the result.
package render

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/render/tree"
	"golang.org/x/sync/errgroup"
)

// Input is what is rendered. States and Platforms are those that desired.Expand
// returns for the tenancy and the pins.
type Input struct {
	Tenancy   *tenancy.Tenancy
	States    []desired.State
	Platforms []desired.Platform
	Pins      *pins.Pins
	// PinFiles returns the files of Pins, always the same ones; it may be called from
	// several goroutines.
	PinFiles func() []*pins.File
	// Costs are the worst cases; nil where nothing has a price.
	Costs *cost.Costs
	// Targets are what is rendered for.
	Targets *Targets
	// Kept are the logical clusters that stay as published on their physical clusters, by
	// key; nil where none does.
	Kept map[string]*Kept
}

// Stats count the files of logical clusters.
type Stats struct {
	// Kept stood already and were not lowered.
	Kept int
	// Lowered were written.
	Lowered int
}

// Render writes the tree to w, whose output directory is dir, and leaves it to
// the caller to commit. former is the record of the last build into dir, nil if
// there is none; tool identifies the compiler, since another one may lower the
// same state otherwise. The record that it returns is complete once the caller
// has committed and called Stamp.
func Render(ctx context.Context, in Input, w *outdir.Writer, dir string, former *tree.Record, tool [32]byte) (*tree.Record, Stats, error) {
	t := tree.NewOutput(w, dir, former, tool)
	b := newBuild(in, t)
	if err := b.run(ctx); err != nil {
		return nil, Stats{}, err
	}
	lowered := t.Lowered()
	return t.Record(), Stats{Kept: len(in.States) - lowered, Lowered: lowered}, nil
}

// Traced is what patches do to the objects of a state, those of the management cluster
// among them.
type Traced struct {
	// Input is a digest of all that it follows from.
	Input [32]byte
	// Trace is nil where nothing is patched, and where the input is known.
	Trace *patch.Trace
}

// Traces returns what patches do to the objects of each state. What follows from an
// input that is known is not worked out.
func Traces(in Input, known func(input [32]byte) bool) []Traced {
	out := make([]Traced, len(in.States))
	var jobs []job
	for _, c := range newBuild(in, nil).plan() {
		about := c.digest()
		for _, cut := range c.cuts {
			for _, i := range cut.states {
				s := &in.States[i]
				if s.Patches == nil {
					continue
				}
				jobs = append(jobs, func() error {
					state := s.Digest()
					out[i].Input = sha256.Sum256(append(about[:], state[:]...))
					if known(out[i].Input) {
						return nil
					}
					out[i].Trace = patch.NewTrace()
					in.Targets.objects(s, out[i].Trace)
					c.belonging(s, out[i].Trace)
					return nil
				})
			}
		}
	}
	_ = doAll(context.Background(), jobs) // none fails
	return out
}

// build is one rendering.
type build struct {
	in   Input
	sink tree.Sink
	// digests of the states, by their index.
	digests [][32]byte
	// states are indexes by place.
	states map[place]int
	// pinFiles are the files of the pins, and pinned their digests by path.
	pinFiles []*pins.File
	pinned   map[string][32]byte
}

// place is a logical cluster on a physical cluster.
type place struct{ key, cluster string }

// job writes some files. No two jobs write the same one.
type job func() error

func newBuild(in Input, s tree.Sink) *build {
	b := &build{
		in:      in,
		sink:    s,
		digests: make([][32]byte, len(in.States)),
		states:  make(map[place]int, len(in.States)),
	}
	for i := range in.States {
		b.states[place{in.States[i].Key, in.States[i].Cluster}] = i
	}
	return b
}

func (b *build) run(ctx context.Context) error {
	if err := doAll(ctx, []job{
		func() error { b.digestStates(); return nil },
		func() error { b.digestPins(); return nil },
	}); err != nil {
		return err
	}
	lists := make([][]job, 3)
	if err := doAll(ctx, []job{
		func() error { lists[0] = b.pins(); return nil },
		func() error { lists[1] = b.clusters(); return nil },
		func() error { lists[2] = b.inventory(); return nil },
	}); err != nil {
		return err
	}
	return doAll(ctx, slices.Concat(lists...))
}

// digestStates works out the digests of the states.
func (b *build) digestStates() {
	parallel.Each(len(b.digests), func(i int) {
		s := &b.in.States[i]
		if k := b.kept(s); k != nil {
			b.digests[i] = k.digest()
			return
		}
		b.digests[i] = s.Digest()
	})
}

// kept returns what a state stays like; nil for all that are rendered.
func (b *build) kept(s *desired.State) *Kept {
	k := b.in.Kept[s.Key]
	if k == nil || b.in.Pins.LogicalClusters[s.Key].Cluster != s.Cluster {
		return nil
	}
	return k
}

// digestPins works out the files of the pins and their digests.
func (b *build) digestPins() {
	b.pinFiles = b.in.PinFiles()
	digests := make([][32]byte, len(b.pinFiles))
	parallel.Each(len(digests), func(i int) { digests[i] = b.pinFiles[i].Digest() })
	b.pinned = make(map[string][32]byte, len(digests))
	for i, f := range b.pinFiles {
		b.pinned[f.Path] = digests[i]
	}
}

// doAll does all jobs, on all processors, and returns the first error.
func doAll(ctx context.Context, jobs []job) error {
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range jobs {
		g.Go(func() error {
			if err := group.Err(); err != nil {
				return err
			}
			return j()
		})
	}
	return g.Wait()
}

// pins returns the jobs for the directory pins.
func (b *build) pins() []job {
	var jobs []job
	for _, f := range b.pinFiles {
		jobs = append(jobs, func() error {
			return b.sink.Part(f.Path, b.pinned[f.Path], func(w tree.Files) error { return w.Write(f.Path, f.AppendYAML) })
		})
	}
	return jobs
}

// statePath is where the file of a logical cluster stands.
func statePath(s *desired.State) string {
	return path.Join("clusters", s.Cluster, "tenants", s.Cut, stateFile(s.Key))
}

// stateFile is the name of the file of a logical cluster. All files of a cut stand
// in one directory: a team's logical clusters are spread over physical clusters
// and cuts, and with a directory for each team in each of them, making and
// walking directories would be most of the work at 100,000. No name in a key has
// a dot, so no two keys share a file.
func stateFile(key string) string { return strings.ReplaceAll(key, "/", ".") + ".yaml" }

// lower writes the file of a state, unless it stands already.
func (b *build) lower(w tree.Files, i int) error {
	s := &b.in.States[i]
	path := statePath(s)
	if k := b.kept(s); k != nil {
		return w.Write(path, func(dst []byte) []byte { return append(dst, k.File...) })
	}
	if w.Keep(path, b.digests[i]) {
		return nil
	}
	if b.in.Targets.backing(s) == nil {
		return fmt.Errorf("%s: nothing lowers the backing %q", s.Key, s.Backing)
	}
	return w.WriteState(path, b.digests[i], b.in.Targets.Objects(s))
}
