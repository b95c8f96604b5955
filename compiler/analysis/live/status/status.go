// Package status says how far the clusters have come towards an output: of each
// logical cluster, whether it stands as it is rendered, and what the GitOps engine
// says of the part of the output that it is applied with.
//
// The engine's word and what stands are two witnesses. A logical cluster is ready
// if the engine has applied its part and every object of it is as it is rendered.
package status

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"golang.org/x/sync/errgroup"
)

// State is how far something has come.
type State string

const (
	// Ready: it stands as it is rendered, and the engine says so.
	Ready State = "ready"
	// Progressing: the engine is at it, or has not come to it yet.
	Progressing State = "progressing"
	// Failed: the engine cannot apply it.
	Failed State = "failed"
	// Drifted: it stands otherwise than it is rendered.
	Drifted State = "drifted"
	// Missing: its namespaces, or what applies it, do not stand.
	Missing State = "missing"
	// Unmanaged: it stands and is not rendered.
	Unmanaged State = "unmanaged"
	// Unknown: its cluster could not be asked.
	Unknown State = "unknown"
)

// States in the order in which they are counted for people.
var States = []State{Ready, Progressing, Failed, Drifted, Missing, Unmanaged, Unknown}

// Report is how everything stands.
type Report struct {
	Output string `json:"output"`
	Commit string `json:"commit,omitempty"`
	// Counts are the numbers of logical clusters by state.
	Counts          map[State]int    `json:"counts"`
	Clusters        []Cluster        `json:"clusters"`
	LogicalClusters []LogicalCluster `json:"logicalClusters"`
}

// Cluster is a physical cluster, or the management cluster.
type Cluster struct {
	Name   string `json:"name"`
	Engine string `json:"engine,omitempty"`
	// Error says why it could not be asked.
	Error string `json:"error,omitempty"`
	// Problems say what of it could not be looked at.
	Problems []string `json:"problems,omitempty"`
	// Parts are what the engine applies the physical cluster with: its source, the
	// platform, and the cuts.
	Parts []Part `json:"parts,omitempty"`
}

// Part is an object of the engine, and how it stands.
type Part struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Revision that was applied last, as the engine writes it.
	Revision string `json:"revision,omitempty"`
}

// LogicalCluster is a logical cluster on a physical cluster.
type LogicalCluster struct {
	Key     string `json:"key"`
	Cluster string `json:"cluster"`
	Class   string `json:"class,omitempty"`
	State   State  `json:"state"`
	Reason  string `json:"reason,omitempty"`
	// Removal is how far it has come to leave the physical cluster.
	Removal *Removal `json:"removal,omitempty"`
	// Part is what the engine applies it with.
	Part string `json:"part,omitempty"`
	// Objects is missing where the physical cluster was not asked.
	Objects *Objects `json:"objects,omitempty"`
	// Source is how the team's own source stands: what the engine reads or applies it
	// with, whichever is not ready. It says nothing of the logical cluster's state, since
	// what a team commits is the team's.
	Source *Part `json:"source,omitempty"`
}

// Removal is how far a logical cluster has come to leave a physical cluster.
type Removal struct {
	removal.Step
	// Applied: it stands there as the step has it, so that "tenantry build --status" need not
	// wait for the next one.
	Applied bool `json:"applied"`
}

// Objects are those of a logical cluster on its physical cluster.
type Objects struct {
	Rendered int `json:"rendered"`
	// Missing, Drifted and Unmanaged name those that are.
	Missing   []string `json:"missing,omitempty"`
	Drifted   []string `json:"drifted,omitempty"`
	Unmanaged []string `json:"unmanaged,omitempty"`

	// namespaceMissing: one of its Namespaces is among the missing.
	namespaceMissing bool
	// leaving is a Namespace that is being deleted.
	leaving string
}

func (o *Objects) asRendered() bool {
	return len(o.Missing) == 0 && len(o.Drifted) == 0 && len(o.Unmanaged) == 0 && o.leaving == ""
}

// Ready reports whether all is ready that was looked at, and all was.
func (r *Report) Ready() bool {
	for _, lc := range r.LogicalClusters {
		if lc.State != Ready {
			return false
		}
	}
	return !slices.ContainsFunc(r.Clusters, func(c Cluster) bool {
		return c.Error != "" || len(c.Problems) > 0 || slices.ContainsFunc(c.Parts, func(p Part) bool { return p.State != Ready })
	})
}

// Options say what to look at.
type Options struct {
	// Sites are the logical clusters; nil means all.
	Sites map[*live.Site]bool
	// Other says which logical clusters that the output does not have are shown.
	Other func(key string) bool
	// On says of which physical clusters the parts are shown.
	On func(*live.Cluster) bool
	// Trust takes the engine's word, and leaves the physical clusters out.
	Trust bool
	// Clusters and Workers bound how many clusters, and how many kinds of one, are
	// asked at a time.
	Clusters, Workers int
	// Progress is told how many clusters have been asked; it may be nil.
	Progress func(stage string, done, total int)
}

// Look asks the clusters once. That the management cluster answers and can't tell
// what the engine says is an error.
func Look(ctx context.Context, o *live.Output, targets []*live.Target, options Options) (*Report, error) {
	l := &look{output: o, options: options, management: targets[0]}
	views := make([]*view, len(targets))
	var g errgroup.Group
	g.SetLimit(options.Clusters)
	var mu sync.Mutex
	asked := 0
	progress := func() {
		mu.Lock()
		defer mu.Unlock()
		if asked++; options.Progress != nil {
			options.Progress("asking clusters", asked, len(targets))
		}
	}
	for i, t := range targets {
		views[i] = newView(t, o.Engines.Rows(), options)
		g.Go(func() error {
			defer progress()
			if t.Live == nil {
				return nil
			}
			if t.Management {
				var err error
				if l.engines, err = readEngines(ctx, t, o); err != nil {
					return fmt.Errorf("%s: %w", t.Name, err)
				}
			}
			views[i].read(ctx)
			return nil
		})
	}
	failed := g.Wait() // what else could not be asked stands in the report
	if options.Progress != nil {
		options.Progress("", 0, 0)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	l.views = views
	return l.report(), nil
}

// look is one look at all clusters.
type look struct {
	output     *live.Output
	options    Options
	management *live.Target
	engines    *engines // nil where the management cluster was not asked
	views      []*view
}

func (l *look) report() *Report {
	r := &Report{Output: l.output.Name, Commit: l.output.Commit, Counts: map[State]int{}, LogicalClusters: []LogicalCluster{}}
	for _, v := range l.views {
		r.Clusters = append(r.Clusters, l.cluster(v)...)
	}
	for _, v := range l.views {
		for _, c := range v.Clusters {
			for _, s := range c.Sites {
				if l.options.Sites == nil && l.options.On(c) || l.options.Sites[s] {
					r.LogicalClusters = append(r.LogicalClusters, l.logicalCluster(v, s))
				}
			}
		}
		r.LogicalClusters = append(r.LogicalClusters, v.unmanaged(l.output)...)
	}
	slices.SortFunc(r.LogicalClusters, func(a, b LogicalCluster) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Cluster, b.Cluster))
	})
	for _, lc := range r.LogicalClusters {
		r.Counts[lc.State]++
	}
	return r
}

// cluster reports on a cluster: on the management cluster and the physical one
// that it may be by themselves.
func (l *look) cluster(v *view) []Cluster {
	if v.LeftOut() {
		return nil
	}
	var out []Cluster
	say := func(c Cluster) {
		if err := cmp.Or(v.Err, v.silence); err != nil {
			c.Error = err.Error()
		}
		c.Problems = v.problems.All()
		out = append(out, c)
	}
	if v.Management {
		say(Cluster{Name: live.Management})
	}
	for _, c := range v.Clusters {
		if !l.options.On(c) {
			continue
		}
		status := Cluster{Name: c.Name, Engine: string(c.Engine)}
		if l.engines != nil {
			status.Parts = l.parts(c)
		}
		if v.Management {
			out = append(out, status)
		} else {
			say(status)
		}
	}
	return out
}

// parts are those of a physical cluster: all, or those that the chosen logical
// clusters depend on.
func (l *look) parts(c *live.Cluster) []Part {
	needed := map[string]bool{}
	for s := range l.options.Sites {
		if s.Cluster == c {
			needed[s.Part()], needed[s.ManagementPart()] = true, true
		}
	}
	var out []Part
	for _, p := range l.engines.of(c) {
		if l.options.Sites == nil || needed[p.Name] {
			out = append(out, p)
		}
	}
	return out
}

// logicalCluster judges a logical cluster by what the engine says and what stands.
func (l *look) logicalCluster(v *view, s *live.Site) LogicalCluster {
	lc := LogicalCluster{Key: s.Key, Cluster: s.Cluster.Name, Class: s.Class}
	if v.Live != nil && v.silence == nil {
		lc.Objects = v.objects(s)
	}
	if s.Cluster.Engine != "" {
		lc.Part = s.Part()
	}
	if l.engines != nil {
		lc.Source = l.engines.sources[s]
	}
	lc.State, lc.Reason = l.judge(v, s, lc.Objects)
	if s.Removal != nil {
		lc.Removal = &Removal{*s.Removal, lc.State == Ready && lc.Objects != nil}
	}
	return lc
}

// judge returns the state of a logical cluster: what the engine says of its parts, then
// how its objects stand on its physical cluster, then how its object in the inventory does.
func (l *look) judge(v *view, s *live.Site, objects *Objects) (State, string) {
	if state, reason := l.engineState(s, objects); state != Ready {
		return state, reason
	}
	if state, reason := l.objectState(v, s, objects); state != Ready {
		return state, reason
	}
	return l.inventoryState(s)
}

// asked reports whether the management cluster was asked for an engine that applies the
// logical cluster.
func (l *look) asked(s *live.Site) bool { return l.engines != nil && s.Cluster.Engine != "" }

func (l *look) engineState(s *live.Site, objects *Objects) (State, string) {
	if !l.asked(s) {
		if !l.management.LeftOut() && l.engines == nil {
			return Unknown, "the management cluster can't be asked"
		}
		return Ready, ""
	}
	for _, part := range []string{s.Part(), s.ManagementPart()} {
		p := l.engines.judge(part, s)
		switch {
		case p.State == Failed && objects != nil && objects.asRendered():
			return Failed, p.Reason + "; what stands is as it is rendered"
		case p.State != Ready:
			return p.State, p.Reason
		}
	}
	return Ready, ""
}

func (l *look) objectState(v *view, s *live.Site, objects *Objects) (State, string) {
	switch {
	case objects == nil && l.options.Trust:
	case objects == nil:
		return Unknown, s.Cluster.Name + " can't be asked"
	case objects.leaving != "":
		return Progressing, "namespace " + objects.leaving + " is being deleted"
	case v.problems.All() != nil: // what seems to be missing may have been kept from view
		return Unknown, "not all of its objects could be looked at"
	case objects.namespaceMissing:
		return Missing, listed(objects.Missing, objects.Rendered, "missing")
	case !objects.asRendered():
		return Drifted, objects.reason()
	}
	return Ready, ""
}

func (l *look) inventoryState(s *live.Site) (State, string) {
	if !l.asked(s) {
		return Ready, ""
	}
	management := l.views[0]
	if management.silence != nil || management.problems.All() != nil {
		return Unknown, "not all of its objects on the management cluster could be looked at"
	}
	if difference := management.inventory(s); difference != "" {
		return Drifted, difference
	}
	return Ready, ""
}

func (o *Objects) reason() string {
	var out []string
	if len(o.Missing) > 0 {
		out = append(out, listed(o.Missing, 0, "missing"))
	}
	if len(o.Drifted) > 0 {
		out = append(out, first(o.Drifted))
	}
	if len(o.Unmanaged) > 0 {
		out = append(out, listed(o.Unmanaged, 0, "not rendered"))
	}
	return strings.Join(out, "; ")
}

// listed says what is the case with some objects, of how many.
func listed(names []string, of int, what string) string {
	if len(names) > 1 && len(names) == of {
		return fmt.Sprintf("all %d objects are %s", of, what)
	}
	verb := " is "
	if len(names) > 1 {
		verb = " are "
	}
	return first(names) + verb + what
}

func first(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
}
