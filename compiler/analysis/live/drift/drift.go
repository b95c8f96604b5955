// Package drift says where clusters differ from an output: which objects are
// missing, which fields differ, and which objects stand that are Tenantry's and
// are not rendered any more.
//
// What would change is what the API server itself says: each object is applied as
// a dry run, as the field manager that the GitOps engine is, with the engine's own
// marks. So a default of the API server, a quantity in another spelling or a field
// that somebody else owns is no difference, and a field that was rendered once
// and is no longer is one.
package drift

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/compiler/target"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// What is the case with an object.
const (
	// Missing: it is rendered and does not stand.
	Missing = "missing"
	// Changed: fields of it are not as they are rendered.
	Changed = "changed"
	// Refused: the API server would not take it as it is rendered.
	Refused = "refused"
	// Unmanaged: it stands, carries Tenantry's label, and is not rendered.
	Unmanaged = "unmanaged"
)

// Report is what differs.
type Report struct {
	// Output that was compared, and its commit where it was read from one.
	Output string `json:"output"`
	Commit string `json:"commit,omitempty"`
	// Clusters by name, the management cluster first.
	Clusters []Cluster `json:"clusters"`
}

// Cluster is one cluster.
type Cluster struct {
	Name string `json:"name"`
	// Error says why it could not be asked, or stopped to answer; empty where it was.
	Error string `json:"error,omitempty"`
	// Problems say what of it could not be looked at.
	Problems []string `json:"problems,omitempty"`
	// Notes say what was not looked at and should not matter.
	Notes []string `json:"notes,omitempty"`
	// Compared counts the objects that were.
	Compared int       `json:"compared"`
	Findings []Finding `json:"findings"`
}

// Finding is an object that differs.
type Finding struct {
	What       string `json:"what"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	// LogicalCluster that it belongs to, as far as that is known.
	LogicalCluster string `json:"logicalCluster,omitempty"`
	// File of the output that renders it.
	File string `json:"file,omitempty"`
	// Fields that differ.
	Fields []Field `json:"fields,omitempty"`
	// Message says why it is refused, or what is unmanaged.
	Message string `json:"message,omitempty"`

	id live.ID
}

// ID of the object.
func (f *Finding) ID() live.ID { return f.id }

// Field is a field that differs. Rendered or Live is missing where the field does
// not stand there.
type Field struct {
	Path     string `json:"path"`
	Rendered any    `json:"rendered,omitempty"`
	Live     any    `json:"live,omitempty"`
	// Manager owns a field that is not rendered, and which the engine leaves alone.
	Manager string `json:"manager,omitempty"`
}

// Drifted reports whether anything differs.
func (r *Report) Drifted() bool {
	return slices.ContainsFunc(r.Clusters, func(c Cluster) bool { return len(c.Findings) > 0 })
}

// Hindered reports whether parts of a cluster that answers could not be compared.
func (r *Report) Hindered() bool {
	return slices.ContainsFunc(r.Clusters, func(c Cluster) bool { return len(c.Problems) > 0 })
}

// Unanswered reports whether a cluster did not answer.
func (r *Report) Unanswered() bool {
	return slices.ContainsFunc(r.Clusters, func(c Cluster) bool { return c.Error != "" })
}

// Options say what to compare.
type Options struct {
	// Sites are the logical clusters whose objects are compared; nil means all, and
	// the objects of the platform with them.
	Sites map[*live.Site]bool
	// Other says, where Sites are given, of which logical clusters that the output
	// does not have objects are looked for; nil means of none.
	Other func(key string) bool
	// On says of which physical clusters the objects are compared; nil means of all.
	On func(*live.Cluster) bool
	// Clusters and Workers bound how many clusters, and how many objects of one, are
	// compared at a time.
	Clusters, Workers int
	// Progress is told how many objects have been compared; it may be nil.
	Progress func(stage string, done, total int)
}

func (o *Options) compares(object *live.Object) bool {
	if o.Sites != nil {
		return object.Site != nil && o.Sites[object.Site]
	}
	return o.On == nil || object.Cluster == nil || o.On(object.Cluster)
}

// Compare compares the clusters with what is to stand on them.
func Compare(ctx context.Context, o *live.Output, targets []*live.Target, options Options) (*Report, error) {
	r := &Report{Output: o.Name, Commit: o.Commit}
	p := &progress{report: options.Progress}
	engines := o.Engines.Rows()
	var comparisons []*comparison
	for _, t := range targets {
		if t.LeftOut() {
			continue
		}
		c := &comparison{Target: t, engines: engines, options: options, progress: p, rendered: map[live.ID]bool{}, known: map[string]knownSite{}, met: map[live.ID]bool{}}
		if t.Management {
			c.know(o.Clusters)
		} else {
			c.know(t.Clusters)
		}
		for _, object := range t.Objects {
			c.rendered[object.ID] = true
			if options.compares(object) {
				c.objects = append(c.objects, object)
			}
		}
		if t.Live != nil {
			p.total += len(c.objects)
		}
		comparisons = append(comparisons, c)
	}
	var g errgroup.Group
	g.SetLimit(options.Clusters)
	for _, c := range comparisons {
		g.Go(func() error {
			c.run(ctx)
			return nil
		})
	}
	_ = g.Wait() // what could not be asked stands in the report
	p.end()
	for _, c := range comparisons {
		r.Clusters = append(r.Clusters, c.result())
	}
	return r, ctx.Err()
}

// comparison is that of one cluster.
type comparison struct {
	*live.Target
	engines  target.Engines
	options  Options
	progress *progress
	// objects to compare, and all that are rendered.
	objects  []*live.Object
	rendered map[live.ID]bool
	// known are logical clusters by their label.
	known map[string]knownSite

	stop func()

	mu       sync.Mutex
	findings []Finding
	met      map[live.ID]bool
	silence  error // why the cluster stopped to answer
	compared int
	problems live.Problems
	notes    live.Problems
}

func (c *comparison) run(ctx context.Context) {
	if c.Live == nil {
		return
	}
	ctx, c.stop = context.WithCancel(ctx)
	defer c.stop()
	var g errgroup.Group
	g.SetLimit(c.options.Workers)
	for _, o := range c.objects {
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			f, err := Object(ctx, c.Live, o, c.engines)
			c.progress.add()
			if err != nil {
				c.failed(err)
				return nil
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.compared++
			if f != nil {
				c.findings = append(c.findings, *f)
			}
			return nil
		})
	}
	_ = g.Wait() // no job fails
	c.unmanaged(ctx)
}

// failed notes what could not be looked at. After a request that nobody answers,
// nothing more is asked.
func (c *comparison) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.silence != nil: // what was under way was cut off
	case live.Silent(err):
		c.silence = c.Live.Explain(err)
		c.stop()
	default:
		c.problems.Add(c.Live.Explain(err))
	}
}

func (c *comparison) result() Cluster {
	out := Cluster{Name: c.Name, Problems: c.problems.All(), Notes: c.notes.All(), Compared: c.compared, Findings: c.findings}
	if err := cmp.Or(c.Err, c.silence); err != nil {
		out.Error = err.Error()
	}
	if out.Findings == nil {
		out.Findings = []Finding{}
	}
	slices.SortFunc(out.Findings, func(a, b Finding) int { return a.id.Compare(b.id) })
	return out
}

func newFinding(what string, o *live.Object) *Finding {
	f := &Finding{What: what, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, File: o.File, id: o.ID,
		APIVersion: o.GroupVersionKind().GroupVersion().String()}
	if o.Site != nil {
		f.LogicalCluster = o.Site.Key
	}
	return f
}

// Object compares one object, which one of some engines applies, with what stands on
// a cluster. It returns nil where
// nothing differs. A request that gets no answer is sent once more: connections
// break.
func Object(ctx context.Context, l *live.Live, o *live.Object, engines target.Engines) (*Finding, error) {
	f, err := compare(ctx, l, o, engines)
	if live.Silent(err) && ctx.Err() == nil {
		f, err = compare(ctx, l, o, engines)
	}
	return f, err
}

func compare(ctx context.Context, l *live.Live, o *live.Object, engines target.Engines) (*Finding, error) {
	client, err := l.Of(o)
	if err != nil {
		return nil, err
	}
	stands, err := client.Get(ctx, o.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return newFinding(Missing, o), nil
	} else if err != nil {
		return nil, err
	}
	engine := engineOf(o, engines)
	want := o.Content()
	if keeps(engine, want) {
		return nil, nil
	}
	mark(engine, want, stands)
	data, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	force := true
	applied, err := client.Patch(ctx, o.Name, types.ApplyPatchType, data,
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: engine.FieldManager, Force: &force})
	switch {
	case err == nil:
	case live.Denied(err):
		return nil, err
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsConflict(err):
		f := newFinding(Refused, o)
		f.Message = err.Error()
		return f, nil
	default:
		return nil, err
	}
	fields := append(changes(stands, applied), additions(want, applied, engine, engines)...)
	if len(fields) == 0 {
		return nil, nil
	}
	f := newFinding(Changed, o)
	f.Fields = fields
	return f, nil
}

// kubectl stands for a person who applies objects.
var kubectl = target.Engine{FieldManager: "kubectl"}

// engineOf returns the engine that applies an object. What is in the bootstrap of
// all clusters is applied by a person.
func engineOf(o *live.Object, engines target.Engines) *target.Engine {
	if o.Cluster != nil {
		if e := engines.Named(o.Cluster.Engine); e != nil {
			return e
		}
	}
	return &kubectl
}

// keeps reports whether an engine leaves an object alone once it stands.
func keeps(e *target.Engine, o *unstructured.Unstructured) bool {
	return e.CreatesOnly() && o.GetAnnotations()[e.CreateOnly.Key] == e.CreateOnly.Value
}

// mark puts on an object the marks that an engine has put on the one that stands.
func mark(e *target.Engine, o, stands *unstructured.Unstructured) {
	copied := func(keys []string, from, to map[string]string, set func(map[string]string)) {
		for _, key := range keys {
			if value, ok := from[key]; ok {
				if to == nil {
					to = map[string]string{}
				}
				to[key] = value
			}
		}
		if len(to) > 0 {
			set(to)
		}
	}
	copied(e.TrackingLabels, stands.GetLabels(), o.GetLabels(), o.SetLabels)
	copied(e.TrackingAnnotations, stands.GetAnnotations(), o.GetAnnotations(), o.SetAnnotations)
}

// progress counts across clusters.
type progress struct {
	mu          sync.Mutex
	done, total int
	report      func(stage string, done, total int)
}

func (p *progress) add() {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.report("comparing objects", p.done, p.total)
}

func (p *progress) end() {
	if p.report != nil {
		p.report("", 0, 0)
	}
}
