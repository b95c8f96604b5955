package status

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// engines is what the GitOps engines say: how each of their objects that the
// output has stands.
type engines struct {
	registry engine.Registry
	parts    map[string]Part // by kind and name
	// order by physical cluster, as it is rendered.
	order map[*live.Cluster][]string
	// sources are those of teams: of each, what is worst.
	sources map[*live.Site]*Part
	// tenants are logical clusters by their namespaces, to say whose object is in
	// the way.
	tenants map[string]string
	// outOfSync are namespaces that an Application calls out of sync, by the
	// Application's name, where it can tell.
	outOfSync map[string]map[string]string
}

// readEngines reads the engines' objects from the management cluster.
func readEngines(ctx context.Context, t *live.Target, o *live.Output) (*engines, error) {
	e := &engines{registry: o.Engines, parts: map[string]Part{}, order: map[*live.Cluster][]string{}, sources: map[*live.Site]*Part{}, tenants: map[string]string{}, outOfSync: map[string]map[string]string{}}
	for _, c := range o.Clusters {
		for _, s := range c.Sites {
			for _, ns := range s.Namespaces {
				e.tenants[ns] = s.Key
			}
		}
	}
	stands, err := e.list(ctx, t, o)
	if err != nil {
		return nil, err
	}
	for _, object := range o.Management {
		if observer := e.observer(object.GroupKind()); observer != nil && object.Cluster != nil {
			e.read(observer, object, stands, o.Commit)
		}
	}
	return e, nil
}

// observer returns what reads the status of a kind; nil where it has none.
func (e *engines) observer(kind kschema.GroupKind) engine.Observer {
	for _, one := range e.registry {
		if slices.Contains(one.Observed(), kind) {
			return one
		}
	}
	return nil
}

// list returns the live objects of all kinds that have a status, from the namespaces
// in which some are rendered.
func (e *engines) list(ctx context.Context, t *live.Target, o *live.Output) (map[live.ID]*unstructured.Unstructured, error) {
	type place struct {
		kind      kschema.GroupVersionKind
		namespace string
	}
	stands := map[live.ID]*unstructured.Unstructured{}
	asked := map[place]bool{}
	var problems live.Problems
	for _, object := range o.Management {
		p := place{object.GroupVersionKind(), object.Namespace}
		if e.observer(object.GroupKind()) == nil || asked[p] {
			continue
		}
		asked[p] = true
		err := t.Live.List(ctx, p.kind, p.namespace, "", func(u *unstructured.Unstructured) {
			stands[live.ID{Group: p.kind.Group, Kind: p.kind.Kind, Namespace: u.GetNamespace(), Name: u.GetName()}] = u
		})
		if err != nil {
			problems.Add(t.Live.Explain(err))
		}
	}
	if all := problems.All(); all != nil {
		return nil, errors.New(strings.Join(all, "; "))
	}
	return stands, nil
}

// read takes what the engine says of an object.
func (e *engines) read(observer engine.Observer, object *live.Object, stands map[live.ID]*unstructured.Unstructured, commit string) {
	if object.Site != nil { // it has commits of its own
		commit = ""
	}
	part := Part{State: Missing, Reason: object.Kind + " " + object.Name + " is not there"}
	if u := stands[object.ID]; u != nil {
		kind, name := observer.ReadsFrom(u)
		source := stands[live.ID{Group: kind.Group, Kind: kind.Kind, Namespace: u.GetNamespace(), Name: name}]
		part = e.partOf(u, observer.Status(u, source, commit))
	}
	part.Kind, part.Name = object.Kind, object.Name
	if object.Site != nil {
		if worst := e.sources[object.Site]; worst == nil || tells(worst, &part, observer.Applier().Kind) {
			e.sources[object.Site] = &part
		}
		return
	}
	name := part.Kind + "/" + part.Name
	e.parts[name] = part
	e.order[object.Cluster] = append(e.order[object.Cluster], name)
}

// partOf returns what a status comes to, and notes whose namespaces are out of sync,
// where all of them are a logical cluster's.
func (e *engines) partOf(o *unstructured.Unstructured, s gitops.Status) Part {
	namespaces := map[string]string{}
	attributed := len(s.OutOfSync) > 0
	for _, one := range s.OutOfSync {
		namespaces[one.Namespace] = one.Reason
		attributed = attributed && e.tenants[one.Namespace] != ""
	}
	if attributed {
		e.outOfSync[o.GetName()] = namespaces
	}
	return Part{State: State(s.State), Reason: s.Reason, Revision: s.Revision}
}

// tells reports whether another object of a team's source says more than one: what
// failed first. Of two that are ready that is what applies it, and else what it is read
// from, for want of which the other can't be ready.
func tells(one, other *Part, applier string) bool {
	rank := func(p *Part) int { return slices.Index([]State{Failed, Missing, Progressing, Ready}, p.State) }
	if rank(other) != rank(one) {
		return rank(other) < rank(one)
	}
	return (other.Kind == applier) == (other.State == Ready)
}

// of returns the parts of a physical cluster.
func (e *engines) of(c *live.Cluster) []Part {
	var out []Part
	for _, name := range e.order[c] {
		out = append(out, e.parts[name])
	}
	return out
}

// judge returns how a part stands for one of its logical clusters.
func (e *engines) judge(name string, s *live.Site) Part {
	applier := ""
	if one := e.registry.Named(s.Cluster.Engine); one != nil {
		applier = one.Applier().Kind
	}
	p, ok := e.parts[applier+"/"+name]
	if !ok {
		return Part{State: Missing, Reason: "nothing is rendered that applies it"}
	}
	if namespaces, ok := e.outOfSync[name]; ok && p.State == Progressing {
		for _, ns := range s.Namespaces {
			if why, ok := namespaces[ns]; ok {
				return Part{State: Progressing, Reason: why}
			}
		}
		return Part{State: Ready}
	}
	if p.State == Failed {
		if key := e.culprit(p.Reason); key != "" && key != s.Key {
			p.Reason = "held up by " + key + ": " + p.Reason
		}
	}
	if p.State != Ready && !strings.Contains(p.Reason, name) {
		p.Reason = name + ": " + p.Reason
	}
	return p
}

// culprit is the logical cluster of whose namespace a message speaks first.
func (e *engines) culprit(message string) string {
	for _, word := range strings.FieldsFunc(message, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		if key, ok := e.tenants[word]; ok {
			return key
		}
	}
	return ""
}

func text(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}
