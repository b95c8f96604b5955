package render

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/tree"
)

// Comparison is what differs between two renderings.
type Comparison struct {
	// States differ, or stand on one side only; by physical cluster and key.
	States []StateChange
	// Files hold objects and may differ; by path. The inventory and the pins are
	// not among them.
	Files []FileChange
}

// StateChange is a logical cluster on a physical cluster. One side may be nil.
type StateChange struct{ Before, After *desired.State }

// FileChange is a file of objects on two sides; nil where it does not stand.
// Parts of the objects may be shared: none may be changed.
type FileChange struct {
	Path string
	// LogicalCluster is the key of the one whose file it is, empty for others.
	LogicalCluster string
	Before, After  []manifest.Map
}

// Compare renders what differs between two inputs, and nothing else: of equal
// states, and of cuts that hold equal ones, no object is made.
func Compare(ctx context.Context, before, after Input) (*Comparison, error) {
	old, err := newSide(ctx, before)
	if err != nil {
		return nil, err
	}
	current, err := newSide(ctx, after)
	if err != nil {
		return nil, err
	}
	c := &Comparison{States: compareStates(old.build, current.build)}
	for i := range c.States {
		old.note(c.States[i].Before)
		current.note(c.States[i].After)
	}
	var mu sync.Mutex
	var jobs []job
	for _, name := range slices.Sorted(maps.Keys(union(old.parts, current.parts))) {
		p, q := old.parts[name], current.parts[name]
		if p != nil && q != nil && p.input == q.input && p.input != tree.Unknown {
			continue
		}
		jobs = append(jobs, func() error {
			b, err := old.files(p)
			if err != nil {
				return err
			}
			a, err := current.files(q)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for path := range union(b, a) {
				key := cmp.Or(old.changed[path], current.changed[path])
				c.Files = append(c.Files, FileChange{Path: path, LogicalCluster: key, Before: b[path], After: a[path]})
			}
			return nil
		})
	}
	if err := doAll(ctx, jobs); err != nil {
		return nil, err
	}
	slices.SortFunc(c.Files, func(a, b FileChange) int { return strings.Compare(a.Path, b.Path) })
	return c, nil
}

func compareStates(before, after *build) []StateChange {
	var out []StateChange
	for i := range before.in.States {
		s := &before.in.States[i]
		if j, ok := after.states[place{s.Key, s.Cluster}]; !ok {
			out = append(out, StateChange{Before: s})
		} else if before.digests[i] != after.digests[j] {
			out = append(out, StateChange{Before: s, After: &after.in.States[j]})
		}
	}
	for i := range after.in.States {
		s := &after.in.States[i]
		if _, ok := before.states[place{s.Key, s.Cluster}]; !ok {
			out = append(out, StateChange{After: s})
		}
	}
	at := func(c StateChange) *desired.State { return cmp.Or(c.After, c.Before) }
	slices.SortFunc(out, func(a, b StateChange) int {
		return cmp.Or(strings.Compare(at(a).Cluster, at(b).Cluster), strings.Compare(at(a).Key, at(b).Key))
	})
	return out
}

func union[V any](a, b map[string]V) map[string]struct{} {
	out := make(map[string]struct{}, len(a)+len(b))
	for k := range a {
		out[k] = struct{}{}
	}
	for k := range b {
		out[k] = struct{}{}
	}
	return out
}

// side is one rendering, of which no file is made before it is asked for. It is
// a sink that takes the parts.
type side struct {
	build *build
	mu    sync.Mutex
	parts map[string]*pending
	// changed are the keys of the states that differ from the other side's, by path.
	changed map[string]string
}

// pending is a part whose files are not made yet.
type pending struct {
	input [32]byte
	make  func(tree.Files) error
}

func newSide(ctx context.Context, in Input) (*side, error) {
	s := &side{parts: map[string]*pending{}, changed: map[string]string{}}
	s.build = newBuild(in, s)
	s.build.digestStates()
	return s, doAll(ctx, s.build.clusters())
}

func (s *side) Part(name string, input [32]byte, make func(tree.Files) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[name] = &pending{input, make}
	return nil
}

// note notes that a state differs.
func (s *side) note(state *desired.State) {
	if state != nil {
		s.changed[statePath(state)] = state.Key
	}
}

// files makes the files of a part, without those of states that do not differ.
func (s *side) files(p *pending) (map[string][]manifest.Map, error) {
	if p == nil {
		return nil, nil
	}
	o := objects{changed: s.changed, files: map[string][]manifest.Map{}}
	return o.files, p.make(o)
}

// objects takes the objects of files.
type objects struct {
	changed map[string]string
	files   map[string][]manifest.Map
}

func (o objects) Write(string, func([]byte) []byte) error { return nil }

func (o objects) WriteObjects(path string, list []manifest.Map) error {
	o.files[path] = list
	return nil
}

func (o objects) WriteState(path string, _ [32]byte, list []manifest.Map) error {
	return o.WriteObjects(path, list)
}

func (o objects) Keep(path string, _ [32]byte) bool { return o.changed[path] == "" }
