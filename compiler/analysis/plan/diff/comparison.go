package diff

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// comparison is what is known of a change once its logical clusters are compared.
type comparison struct {
	*documents
	// differing are the keys of logical clusters whose state, place or document differs
	// on some physical cluster.
	differing map[string]bool
	// former are the keys under which renamed logical clusters stood, by key, and taken
	// are all of them.
	former map[string]string
	taken  map[string]bool
	// causes of logical clusters that differ, by key, for their objects.
	causes map[string][]change.Cause
}

// pairs yields every logical cluster as it was and as it is, under whatever key
// it was. One of the two may be nil.
func (c *comparison) pairs() iter.Seq2[*tenancy.LogicalCluster, *tenancy.LogicalCluster] {
	return func(yield func(was, is *tenancy.LogicalCluster) bool) {
		before, after := c.before.Tenancy.LogicalClusters, c.after.Tenancy.LogicalClusters
		for len(before) > 0 || len(after) > 0 {
			switch order := compareKeys(before, after); {
			case order < 0:
				if was := before[0]; !c.taken[was.Key] && !yield(was, nil) {
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
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if c.taken[key] {
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

// organizationPairs yields every organization as it was and as it is, under
// whatever path it was. One of the two may be nil.
func (c *comparison) organizationPairs() iter.Seq2[*tenancy.Organization, *tenancy.Organization] {
	return func(yield func(was, is *tenancy.Organization) bool) {
		then, now := c.before.Tenancy, c.after.Tenancy
		taken := map[*tenancy.Organization]bool{}
		for _, is := range now.Organizations {
			was := then.Organization(is.Path)
			if was == nil {
				for _, path := range formerPaths(now, is) {
					if o := then.Organization(path); o != nil && now.Organization(path) == nil {
						was = o
					}
				}
			}
			taken[was] = true
			if !yield(was, is) {
				return
			}
		}
		for _, was := range then.Organizations {
			if !taken[was] && !yield(was, nil) {
				return
			}
		}
	}
}

// formerPaths returns all paths that an organization says it had before.
func formerPaths(t *tenancy.Tenancy, o *tenancy.Organization) []string {
	return tenancy.ClaimedKeys(o.Path, o.Spec.Formerly, func(path string) []string {
		if o := t.Organization(path); o != nil {
			return o.Spec.Formerly
		}
		return nil
	})
}
