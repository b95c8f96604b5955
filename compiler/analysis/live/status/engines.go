package status

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// engines is what the GitOps engines say: how each of their objects that the
// output has stands.
type engines struct {
	parts map[string]Part // by kind and name
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

// kinds are those of engines' objects that have a status, and how it is read.
var kinds = map[kschema.GroupKind]func(e *engines, o, source *unstructured.Unstructured, commit string) Part{
	{Group: "kustomize.toolkit.fluxcd.io", Kind: "Kustomization"}: (*engines).kustomization,
	{Group: "source.toolkit.fluxcd.io", Kind: "GitRepository"}:    (*engines).source,
	{Group: "source.toolkit.fluxcd.io", Kind: "OCIRepository"}:    (*engines).source,
	{Group: "argoproj.io", Kind: "Application"}:                   (*engines).application,
}

// appliers are the kinds of what applies a part.
var appliers = map[schema.Engine]string{schema.Flux: "Kustomization", schema.Argo: "Application"}

// readEngines reads the engines' objects from the management cluster.
func readEngines(ctx context.Context, t *live.Target, o *live.Output) (*engines, error) {
	e := &engines{parts: map[string]Part{}, order: map[*live.Cluster][]string{}, sources: map[*live.Site]*Part{}, tenants: map[string]string{}, outOfSync: map[string]map[string]string{}}
	for _, c := range o.Clusters {
		for _, s := range c.Sites {
			for _, ns := range s.Namespaces {
				e.tenants[ns] = s.Key
			}
		}
	}
	type place struct {
		kind      kschema.GroupVersionKind
		namespace string
	}
	stands := map[live.ID]*unstructured.Unstructured{}
	asked := map[place]bool{}
	var problems live.Problems
	for _, object := range o.Management {
		p := place{object.GroupVersionKind(), object.Namespace}
		if kinds[object.GroupKind()] == nil || asked[p] {
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
	for _, object := range o.Management {
		read := kinds[object.GroupKind()]
		if read == nil || object.Cluster == nil {
			continue
		}
		commit := o.Commit
		if object.Site != nil { // it has commits of its own
			commit = ""
		}
		u := stands[object.ID]
		part := Part{State: Missing, Reason: object.Kind + " " + object.Name + " is not there"}
		if u != nil {
			part = read(e, u, e.sourceOf(u, stands), commit)
		}
		part.Kind, part.Name = object.Kind, object.Name
		if object.Site != nil {
			if worst := e.sources[object.Site]; worst == nil || tells(worst, &part) {
				e.sources[object.Site] = &part
			}
			continue
		}
		name := part.Kind + "/" + part.Name
		e.parts[name] = part
		e.order[object.Cluster] = append(e.order[object.Cluster], name)
	}
	return e, nil
}

// tells reports whether another object of a team's source says more than one: what
// failed first. Of two that are ready that is what applies it, and else what it is read
// from, for want of which the other can't be ready.
func tells(one, other *Part) bool {
	rank := func(p *Part) int { return slices.Index([]State{Failed, Missing, Progressing, Ready}, p.State) }
	if rank(other) != rank(one) {
		return rank(other) < rank(one)
	}
	return (other.Kind == appliers[schema.Flux]) == (other.State == Ready)
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
	p, ok := e.parts[appliers[s.Cluster.Engine]+"/"+name]
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

// sourceOf returns the source that a Kustomization reads.
func (e *engines) sourceOf(o *unstructured.Unstructured, stands map[live.ID]*unstructured.Unstructured) *unstructured.Unstructured {
	ref, _, _ := unstructured.NestedStringMap(o.Object, "spec", "sourceRef")
	return stands[live.ID{Group: "source.toolkit.fluxcd.io", Kind: ref["kind"], Namespace: o.GetNamespace(), Name: ref["name"]}]
}

// condition is a condition of an object.
type condition struct{ status, reason, message string }

func conditionOf(o *unstructured.Unstructured, kind string) condition {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		text := func(key string) string { s, _ := m[key].(string); return s }
		if text("type") == kind {
			return condition{text("status"), text("reason"), text("message")}
		}
	}
	return condition{}
}

func (c condition) String() string {
	switch {
	case c.message == "":
		return c.reason
	case c.reason == "":
		return oneLine(c.message)
	}
	return c.reason + ": " + oneLine(c.message)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func text(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}

// short is a revision for people: the branch and the beginning of the hash.
func short(revision string) string {
	branch, hash, found := strings.Cut(revision, "@")
	if !found {
		branch, hash = "", revision
	}
	if _, digits, ok := strings.Cut(hash, ":"); ok {
		hash = digits
	}
	const enough = 7
	hash = hash[:min(enough, len(hash))]
	if branch == "" {
		return hash
	}
	return branch + "@" + hash
}

// behind says that a revision is not the one that is to be applied; empty if it
// is, or nobody knows.
func behind(applied, published, commit string) string {
	switch {
	case applied == "":
		return "nothing has been applied yet"
	case published != "" && applied != published:
		return fmt.Sprintf("it has applied %s, and %s is to come", short(applied), short(published))
	case commit != "" && !strings.HasSuffix(applied, commit):
		return fmt.Sprintf("it has applied %s, and the output is %s", short(applied), short(commit))
	}
	return ""
}
