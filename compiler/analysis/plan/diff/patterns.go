package diff

import (
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// patterns compares the patterns of the directories whose files differ, and those
// below where something that these may refer to differs.
func (l *limits) patterns() {
	before, after := map[patternID]*pattern{}, map[patternID]*pattern{}
	for _, dir := range l.patternDirs() {
		readPatterns(l.source.before, dir, before)
		readPatterns(l.source.after, dir, after)
	}
	ids := slices.Collect(maps.Keys(merged(before, after)))
	slices.SortFunc(ids, func(a, b patternID) int { return strings.Compare(a.String(), b.String()) })
	for _, id := range ids {
		l.pattern(id, before[id], after[id])
	}
}

// patternDirs are the directories of which the patterns may differ.
func (l *limits) patternDirs() []string {
	dirs := map[string]bool{}
	var shared []string // directories whose names patterns below may refer to
	for _, file := range l.source.files {
		if !strings.HasSuffix(file, ".cue") {
			continue
		}
		dir := directoryOf(file)
		dirs[dir] = true
		if !slices.Contains(shared, dir) && !(plainOnly(l.source.before, file) && plainOnly(l.source.after, file)) {
			if tenancy.Reach(dir) == "" { // the root, or a package that any directory may import
				dir = ""
			}
			shared = append(shared, dir)
		}
	}
	for _, tree := range []*source.Tree{l.source.before, l.source.after} {
		if len(shared) == 0 {
			break
		}
		for _, f := range tree.Files() {
			dir := directoryOf(f.Path)
			if strings.HasSuffix(f.Path, ".cue") && !dirs[dir] && mayDemand.Match(f.Data) &&
				slices.ContainsFunc(shared, func(above string) bool { return above == "" || within(dir, above) }) {
				dirs[dir] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(dirs))
}

// pattern compares one pattern; was or is may be nil.
func (l *limits) pattern(id patternID, was, is *pattern) {
	if id.label == "" && (was == nil || is == nil) && !l.yields(was, is) {
		return // what it refers to are documents
	}
	effect, what := change.Loosens, "it is removed"
	switch {
	case was == nil:
		effect, what = change.Tightens, "it is added"
	case is != nil:
		if effect, what = l.demand(was, is), "what it demands changes"; effect == "" {
			return
		}
	}
	at, removed := is, false
	if is == nil {
		at, removed = was, true
	}
	file, line := l.source.cause(at.pos, id.dir, removed)
	d := l.add(limitPattern, id.String(), effect, what, []change.Cause{{File: file, Line: line, Removed: removed && !l.stands(file)}})
	d.LogicalClusters = l.matched(at)
	switch one := l.limit(limitPattern, id.String()); {
	case was == nil:
		one.Change = change.Added
	case is == nil:
		one.Change = change.Removed
	}
}

// yields reports whether what has no label of its own may yield patterns. One of
// the two is nil.
func (l *limits) yields(was, is *pattern) bool {
	tree, p := l.source.after, is
	if is == nil {
		tree, p = l.source.before, was
	}
	c := l.closure(tree, p, p.leaves())
	return c.patterns || len(c.local) > 0
}

// demand compares what a pattern demands; "" where it is the same. That it demands
// more is shown field by field: what stands there as before cannot loosen, and of
// the rest CUE's own order of values tells, where it is simple enough for that.
func (l *limits) demand(was, is *pattern) string {
	then, now := l.closure(l.source.before, was, was.leaves()), l.closure(l.source.after, is, is.leaves())
	if was.label == nil && !then.patterns && !now.patterns && len(then.local)+len(now.local) == 0 {
		return "" // what it refers to are documents
	}
	same := func(x leaf) bool { // whether it means the same on both sides
		b, a := l.closure(l.source.before, was, []leaf{x}), l.closure(l.source.after, is, []leaf{x})
		return b.text == a.text && !l.follows(b) && !l.follows(a)
	}
	before, after := rest(was.leaves(), is.leaves(), same)
	switch {
	case len(before) == 0 && len(after) == 0:
		return ""
	case len(before) == 0:
		return change.Tightens
	}
	return order(l.closure(l.source.before, was, before), before, l.closure(l.source.after, is, after), after)
}

// order compares what leaves demand by CUE's order of values; "" where it is the same.
func order(then *closure, before []leaf, now *closure, after []leaf) string {
	if !then.simple || !now.simple {
		return change.MayLoosen
	}
	ctx := cuecontext.New()
	b, a := then.value(ctx, before), now.value(ctx, after)
	if b.Err() != nil || a.Err() != nil || b.Subsume(a, cue.Raw()) != nil {
		return change.MayLoosen
	}
	if a.Subsume(b, cue.Raw()) == nil {
		return ""
	}
	return change.Tightens
}

// matched returns the logical clusters whose keys the label of a pattern matches,
// after the change; none where the pattern is for documents of another kind.
func (l *limits) matched(p *pattern) []string {
	if schema.Kind(p.kind) != schema.KindLogicalClusters || p.label == nil {
		return nil
	}
	ctx := cuecontext.New()
	label := ctx.BuildExpr(p.label)
	if label.Err() != nil {
		return nil
	}
	var out []string
	scope := tenancy.Reach(p.dir)
	for _, lc := range l.after.Tenancy.LogicalClusters {
		if scope != "" && !within(lc.Key, scope) {
			continue
		}
		if label.Unify(ctx.Encode(lc.Key)).Err() == nil {
			out = append(out, lc.Key)
		}
	}
	return out
}
