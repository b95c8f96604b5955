package diff

import (
	"path"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// sides are two compilations, and which of their files differ.
type sides struct {
	before, after *compiler.Result
	source        *sourceDiff
	// States of both sides by place.
	statesBefore, statesAfter map[place]*desired.State
}

// place is a logical cluster on a physical cluster.
type place struct{ key, cluster string }

func newSides(before, after *compiler.Result) *sides {
	return &sides{before: before, after: after, source: newSourceDiff(before.Tree, after.Tree),
		statesBefore: statesOf(before), statesAfter: statesOf(after)}
}

// statesOf returns each state by its place.
func statesOf(r *compiler.Result) map[place]*desired.State {
	out := make(map[place]*desired.State, len(r.States))
	for i := range r.States {
		out[place{r.States[i].Key, r.States[i].Cluster}] = &r.States[i]
	}
	return out
}

// stands reports whether a file is in the source after the change.
func (s *sides) stands(file string) bool {
	_, ok := s.after.Tree.File(file)
	return ok
}

func clusterOf(r *compiler.Result, key string) string {
	if site := r.Sites[key]; site != nil {
		return site.Cluster
	}
	return ""
}

func standing(lc *tenancy.LogicalCluster) bool { return lc.State != schema.Deleted }

// within reports whether a directory is another one or below it.
func within(dir, above string) bool {
	for ; dir != "" && dir != "."; dir = path.Dir(dir) {
		if dir == above {
			return true
		}
	}
	return false
}
