package plan

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
)

// pairs yields every logical cluster as it was and as it is, under whatever key
// it was. One of the two may be nil.
func (c *comparison) pairs() iter.Seq2[*tenancy.LogicalCluster, *tenancy.LogicalCluster] {
	return func(yield func(was, is *tenancy.LogicalCluster) bool) {
		taken := c.taken()
		before, after := c.before.Tenancy.LogicalClusters, c.after.Tenancy.LogicalClusters
		for len(before) > 0 || len(after) > 0 {
			switch order := compareKeys(before, after); {
			case order < 0:
				if was := before[0]; !taken[was.Key] && !yield(was, nil) {
					return
				}
				before = before[1:]
			case order > 0:
				is := after[0]
				if !yield(c.before.Tenancy.LogicalCluster(c.former[is.Key]), is) {
					return
				}
				after = after[1:]
			default:
				if !yield(before[0], after[0]) {
					return
				}
				before, after = before[1:], after[1:]
			}
		}
	}
}

// differingPairs yields those of the pairs that may differ: in their state, their
// place or their document, and those that stand nowhere, of which no state tells.
func (c *comparison) differingPairs() iter.Seq2[*tenancy.LogicalCluster, *tenancy.LogicalCluster] {
	return func(yield func(was, is *tenancy.LogicalCluster) bool) {
		keys := maps.Clone(c.differing)
		for _, lc := range c.after.Tenancy.LogicalClusters {
			if c.after.Sites[lc.Key] == nil {
				keys[lc.Key] = true
			}
		}
		taken := c.taken()
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if taken[key] {
				continue
			}
			then := key
			if former := c.former[key]; former != "" {
				then = former
			}
			was, is := c.before.Tenancy.LogicalCluster(then), c.after.Tenancy.LogicalCluster(key)
			if (was != nil || is != nil) && !yield(was, is) {
				return
			}
		}
	}
}

// taken are the keys under which renamed logical clusters stood.
func (c *comparison) taken() map[string]bool {
	out := make(map[string]bool, len(c.former))
	for _, key := range c.former {
		out[key] = true
	}
	return out
}

// compareKeys compares the first of two lists; an empty one comes last.
func compareKeys(a, b []*tenancy.LogicalCluster) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return strings.Compare(a[0].Key, b[0].Key)
}
