package plan

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// API is a version or a channel of an API set that differs, and for whom.
type API struct {
	// Change is removed, edited (a version gives something else under its name), moved
	// (a channel names another version), rebound (logical clusters ask for another
	// version) or added.
	Change string `json:"change"`
	Set    string `json:"set"`
	// Dir is the directory of a set that is declared inside orgs/.
	Dir     string `json:"dir,omitempty"`
	Channel string `json:"channel,omitempty"`
	// From and To are versions; one of them is empty where there was or is none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Verdict under the promise: compatible, conditional or breaking. It is the
	// stricter promise of the two sides.
	Verdict evolution.Class `json:"verdict"`
	Promise schema.Promise  `json:"promise"`
	// Changes of the API, as `tenantry api diff` tells them.
	Changes []evolution.Change `json:"changes"`
	// LogicalClusters that meet the change, by key, of all Bound that bound the API set
	// before.
	LogicalClusters []string `json:"logicalClusters"`
	Bound           int      `json:"bound"`
	Causes          []Cause  `json:"causes,omitempty"`
}

// promises from the one that asks least.
var promises = []schema.Promise{schema.PromiseNone, schema.PromiseBackward, schema.PromiseFull}

// apis compares what API sets give, and what logical clusters bind.
func (c *comparison) apis(comparer *impact.Comparer) []API {
	type setID struct{ name, dir string }
	before := map[setID]schema.Promise{}
	for _, set := range c.before.Tenancy.APISets {
		before[setID{set.Name, set.Dir}] = set.Spec.Promise
	}
	then, now := impact.Side{Tenancy: c.before.Tenancy, Sites: c.before.Sites}, impact.Side{Tenancy: c.after.Tenancy, Sites: c.after.Sites}
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
	var bound map[string]int
	var out []API
	for _, change := range impact.Compare(then, now, comparer) {
		a := API{Change: change.Kind, Set: change.Set, Dir: change.Dir, Channel: change.Channel, From: change.From, To: change.To}
		report := change.Report
		for id, promise := range before {
			if id.name == change.Set && (change.Dir == "" || id.dir == change.Dir) && slices.Index(promises, promise) > slices.Index(promises, report.Promise) {
				report = evolution.NewReport(report.Changes, promise)
			}
		}
		a.Verdict, a.Promise, a.Changes = report.Verdict, report.Promise, report.Changes
		for _, r := range change.Reached {
			a.LogicalClusters = append(a.LogicalClusters, r.Key)
		}
		if bound == nil {
			bound = map[string]int{}
			for _, lc := range c.before.Tenancy.LogicalClusters {
				if !standing(lc) {
					continue
				}
				for _, b := range lc.APIs {
					bound[b.Version.Set.Name]++
				}
			}
		}
		a.Bound = bound[a.Set]
		a.Causes = c.apiCauses(&change)
		out = append(out, a)
	}
	return out
}

// changedKind reports whether a document of one of the kinds differs.
func (c *comparison) changedKind(kinds ...schema.Kind) bool {
	for id := range c.changed {
		if slices.Contains(kinds, schema.Kind(id.kind)) {
			return true
		}
	}
	return false
}

// apiCauses finds what in the source makes an API another.
func (c *comparison) apiCauses(change *impact.Change) []Cause {
	var out []Cause
	for id, d := range c.changed {
		if schema.Kind(id.kind) != schema.KindAPISets || id.key != change.Set || change.Dir != "" && d.Dir != change.Dir {
			continue
		}
		if len(d.Fields) == 0 {
			out = append(out, d.causes()...)
		}
		for i := range d.Fields {
			f := &d.Fields[i]
			if len(f.elements) < 2 {
				continue
			}
			switch name := f.elements[1]; {
			case f.elements[0] == "versions" && change.Kind != impact.Moved && (name == change.From || name == change.To),
				f.elements[0] == "channels" && name == change.Channel:
				out = append(out, f.cause(d))
			}
		}
		if len(out) > 0 {
			for _, r := range change.Reached {
				c.reach(d, r.Key)
			}
		}
	}
	if len(out) == 0 { // who binds another version says so
		for _, r := range change.Reached {
			out = append(out, c.causes[r.Key]...)
		}
	}
	const most = 20
	out = sortCauses(out)
	return out[:min(most, len(out))]
}

// breaks reports whether somebody meets a change that breaks.
func (a *API) breaks() bool { return a.Verdict == evolution.Breaking && len(a.LogicalClusters) > 0 }
