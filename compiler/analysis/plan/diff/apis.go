package diff

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// apis compares what API sets give, and what logical clusters bind.
func (c *comparison) apis(comparer *impact.Comparer) ([]change.API, reach) {
	type setID struct{ name, dir string }
	before := map[setID]schema.Promise{}
	for _, set := range c.before.Tenancy.APISets {
		before[setID{set.Name, set.Dir}] = set.Spec.Promise
	}
	then, now := c.binders()
	reached := reach{}
	steps := impact.Compare(then, now, comparer)
	if len(steps) == 0 {
		return nil, reached
	}
	bound := boundBy(c.before.Tenancy)
	var out []change.API
	for _, step := range steps {
		a := change.API{Change: step.Kind, Set: step.Set, Dir: step.Dir, Channel: step.Channel, From: step.From, To: step.To}
		report := step.Report
		for id, promise := range before {
			if id.name == step.Set && (step.Dir == "" || id.dir == step.Dir) && slices.Index(promises, promise) > slices.Index(promises, report.Promise) {
				report = evolution.NewReport(report.Changes, promise)
			}
		}
		a.Verdict, a.Promise, a.Changes = report.Verdict, report.Promise, report.Changes
		for _, r := range step.Reached {
			a.LogicalClusters = append(a.LogicalClusters, r.Key)
		}
		a.Bound = bound[a.Set]
		a.Causes = c.apiCauses(&step, reached)
		out = append(out, a)
	}
	return out, reached
}

// binders are the sides to compare: with all logical clusters if an API set differs,
// else with those that may bind another version.
func (c *comparison) binders() (then, now impact.Side) {
	then, now = impact.Side{Tenancy: c.before.Tenancy, Sites: c.before.Sites}, impact.Side{Tenancy: c.after.Tenancy, Sites: c.after.Sites}
	if !c.changedKind(schema.KindAPISets) { // then a change is one of what somebody binds
		b, a := *then.Tenancy, *now.Tenancy
		b.LogicalClusters, a.LogicalClusters = nil, nil
		for was, is := range c.differingPairs() {
			if was != nil && is != nil {
				b.LogicalClusters, a.LogicalClusters = append(b.LogicalClusters, was), append(a.LogicalClusters, is)
			}
		}
		slices.SortFunc(b.LogicalClusters, func(x, y *tenancy.LogicalCluster) int { return strings.Compare(x.Key, y.Key) })
		then.Tenancy, now.Tenancy = &b, &a
	}
	return then, now
}

// boundBy counts the logical clusters that bind each API set.
func boundBy(t *tenancy.Tenancy) map[string]int {
	out := map[string]int{}
	for _, lc := range t.LogicalClusters {
		if !standing(lc) {
			continue
		}
		for _, b := range lc.APIs {
			out[b.Version.Set.Name]++
		}
	}
	return out
}

// apiCauses finds what in the source makes an API another.
func (c *comparison) apiCauses(step *impact.Change, reached reach) []change.Cause {
	var out []change.Cause
	for id, d := range c.by {
		if id.Kind != schema.KindAPISets || id.Key != step.Set || step.Dir != "" && d.Dir != step.Dir {
			continue
		}
		if len(d.Fields) == 0 {
			out = append(out, d.Causes()...)
		}
		for i := range d.Fields {
			if f := &d.Fields[i]; makesStep(f.Elements, step) {
				out = append(out, f.Cause(d))
			}
		}
		if len(out) > 0 {
			for _, r := range step.Reached {
				reached.add(d, r.Key)
			}
		}
	}
	if len(out) == 0 { // who binds another version says so
		for _, r := range step.Reached {
			out = append(out, c.causes[r.Key]...)
		}
	}
	const most = 20
	out = sortCauses(out)
	return out[:min(most, len(out))]
}

// makesStep reports whether a field of an API set is the channel that moves, or one of
// the versions that differ.
func makesStep(path []string, step *impact.Change) bool {
	if len(path) < 2 {
		return false
	}
	switch path[0] {
	case "versions":
		return step.Kind != impact.Moved && (path[1] == step.From || path[1] == step.To)
	case "channels":
		return path[1] == step.Channel
	}
	return false
}
