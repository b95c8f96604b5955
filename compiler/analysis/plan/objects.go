package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// What happens to an object.
const (
	Create = "create"
	Update = "update"
	// Replace: a field changes that the API server does not let change.
	Replace = "replace"
	Delete  = "delete"
	// Leave: it is no longer rendered, and protected from pruning, so it stays as
	// it is and nobody manages it.
	Leave = "leave"
)

// Management stands for the cluster that the GitOps engine runs on.
const Management = "management cluster"

// Objects are those of one physical cluster that differ.
type Objects struct {
	// Cluster is the physical cluster; Management for what the engine itself reads.
	Cluster string `json:"cluster"`
	// Counts are numbers of objects by what happens to them.
	Counts map[string]int `json:"counts"`
	// Changes in an order in which they can be applied.
	Changes []ObjectChange `json:"changes"`
}

// ObjectChange are objects of one kind to which the same happens.
type ObjectChange struct {
	Step       int    `json:"step"`
	Action     string `json:"action"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Objects by namespace and name.
	Objects []Object `json:"objects"`
	// Fields that differ, of objects that stand on both sides.
	Fields []Field `json:"fields,omitempty"`
	// Entails is what follows, where that is more than the object itself.
	Entails string  `json:"entails,omitempty"`
	Causes  []Cause `json:"causes,omitempty"`
}

// Object names one object.
type Object struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// LogicalCluster that it belongs to; empty for the platform's.
	LogicalCluster string `json:"logicalCluster,omitempty"`
}

// objectID is what an API server knows an object by.
type objectID struct{ group, kind, namespace, name string }

// rendered is an object on two sides.
type rendered struct {
	before, after  manifest.Map
	logicalCluster string
}

// latest is the object as it comes to stand, or as it last stood.
func (r *rendered) latest() manifest.Map {
	if r.after != nil {
		return r.after
	}
	return r.before
}

// objects compares the objects of files that may differ.
func (c *comparison) objects(files []render.FileChange) []Objects {
	clusters := map[string]map[objectID]*rendered{}
	for _, f := range files {
		target, key := targetOf(f.Path), f.LogicalCluster
		if clusters[target] == nil {
			clusters[target] = map[objectID]*rendered{}
		}
		note := func(objects []manifest.Map, side func(*rendered) *manifest.Map) {
			for _, o := range objects {
				id, ok := identityOf(o)
				if !ok {
					continue
				}
				r := clusters[target][id]
				if r == nil {
					r = &rendered{logicalCluster: key}
					clusters[target][id] = r
				}
				*side(r) = o
			}
		}
		note(f.Before, func(r *rendered) *manifest.Map { return &r.before })
		note(f.After, func(r *rendered) *manifest.Map { return &r.after })
	}
	var out []Objects
	for _, name := range slices.Sorted(maps.Keys(clusters)) {
		if o := c.cluster(name, clusters[name]); len(o.Changes) > 0 {
			out = append(out, o)
		}
	}
	return out
}

// targetOf returns the physical cluster that a file is applied to.
func targetOf(file string) string {
	rest, ok := strings.CutPrefix(file, "clusters/")
	if !ok {
		return Management
	}
	cluster, _, _ := strings.Cut(rest, "/")
	return cluster
}

// identityOf is false for what is no object of an API server.
func identityOf(o manifest.Map) (objectID, bool) {
	text := func(path ...string) string { s, _ := o.Get(path...).(string); return s }
	group, _, found := strings.Cut(text("apiVersion"), "/")
	if !found {
		group = ""
	}
	id := objectID{group, text("kind"), text("metadata", "namespace"), text("metadata", "name")}
	return id, id.name != "" && group != "kustomize.config.k8s.io"
}

func (c *comparison) cluster(name string, objects map[objectID]*rendered) Objects {
	out := Objects{Cluster: name, Counts: map[string]int{}}
	groups := map[string]*ObjectChange{}
	var order []*ObjectChange
	ids := slices.SortedFunc(maps.Keys(objects), func(a, b objectID) int {
		return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.kind, b.kind),
			strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name))
	})
	var platform []Cause
	for _, id := range ids {
		r := objects[id]
		change := compareObject(r)
		if change == nil {
			continue
		}
		out.Counts[change.Action]++
		o := Object{Namespace: id.namespace, Name: id.name, LogicalCluster: r.logicalCluster}
		if o.LogicalCluster == "" && name == Management {
			o.LogicalCluster, _ = r.latest().Get("spec", "key").(string)
		}
		if o.LogicalCluster != "" {
			change.Causes = c.causes[o.LogicalCluster]
		} else {
			if platform == nil {
				platform = c.platformCauses(name)
			}
			change.Causes = platform
		}
		key := change.effect()
		if g := groups[key]; g != nil {
			g.Objects = append(g.Objects, o)
			continue
		}
		change.Objects = []Object{o}
		groups[key] = change
		order = append(order, change)
	}
	slices.SortStableFunc(order, func(a, b *ObjectChange) int {
		return cmp.Or(slices.Compare(a.stage(), b.stage()), strings.Compare(a.Kind, b.Kind))
	})
	step := 0
	for i, g := range order {
		if i == 0 || !slices.Equal(g.stage(), order[i-1].stage()) {
			step++
		}
		g.Step = step
		out.Changes = append(out.Changes, *g)
	}
	return out
}

// effect is the same for objects to which the same happens.
func (o *ObjectChange) effect() string {
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Sprintf("%p", o)
	}
	return string(text)
}

// compareObject returns nil where the two sides are the same object, whatever
// the order of its fields.
func compareObject(r *rendered) *ObjectChange {
	if reflect.DeepEqual(r.before, r.after) {
		return nil
	}
	o := r.latest()
	change := &ObjectChange{Action: Update}
	change.APIVersion, _ = o.Get("apiVersion").(string)
	change.Kind, _ = o.Get("kind").(string)
	switch {
	case r.before == nil:
		change.Action = Create
		return change
	case r.after == nil && protected(r.before):
		change.Action = Leave
		change.Entails = "it is protected from pruning: it stays on the cluster, and nothing manages it any more"
		return change
	case r.after == nil:
		change.Action = Delete
		switch change.Kind {
		case "Namespace":
			change.Entails = "everything in the namespace is deleted with it"
		case "CustomResourceDefinition":
			change.Entails = "all objects of the kind are deleted with it"
		}
		return change
	}
	if change.Fields = difference(plain(r.before), plain(r.after)); len(change.Fields) == 0 {
		return nil
	}
	if field := immutable(change.Kind, o, change.Fields); field != "" {
		change.Action = Replace
		change.Entails = field + " cannot be changed in place: the API server refuses the update, and what is applied together with it " +
			"fails, until somebody deletes the object"
		if change.Kind == "CustomResourceDefinition" {
			change.Entails += ", and with it all objects of the kind"
		}
	}
	return change
}

// protected reports whether GitOps engines keep an object that vanishes.
func protected(o manifest.Map) bool {
	return o.Get("metadata", "annotations", "kustomize.toolkit.fluxcd.io/prune") == "disabled"
}

// immutableFields are those that the validation of the API server does not let
// change, by kind.
var immutableFields = map[string][]string{
	"RoleBinding":              {"roleRef"},
	"ClusterRoleBinding":       {"roleRef"},
	"CustomResourceDefinition": {"spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"},
	"Secret":                   {"type"},
	"Service":                  {"spec.clusterIP"},
	"PersistentVolumeClaim":    {"spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeMode", "spec.volumeName", "spec.dataSource"},
	"Deployment":               {"spec.selector"},
	"ReplicaSet":               {"spec.selector"},
	"DaemonSet":                {"spec.selector"},
	"StatefulSet":              {"spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"},
	"Job":                      {"spec.selector", "spec.template", "spec.completionMode", "spec.podFailurePolicy"},
	"PriorityClass":            {"value", "preemptionPolicy"},
	"StorageClass":             {"provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"},
}

// immutable returns the first field that the API server will not change.
func immutable(kind string, o manifest.Map, fields []Field) string {
	names := immutableFields[kind]
	if (kind == "ConfigMap" || kind == "Secret") && o.Get("immutable") == true {
		names = append(slices.Clip(names), "data", "binaryData", "stringData", "immutable")
	}
	for _, f := range fields {
		for _, name := range names {
			if f.Path == name || strings.HasPrefix(f.Path, name+".") || strings.HasPrefix(f.Path, name+"[") {
				return name
			}
		}
	}
	return ""
}

// kindOrder is an order in which kinds can be applied: what others need comes
// first, what bounds tenants before what gives them access.
var kindOrder = []string{
	"CustomResourceDefinition", "Namespace", "ClusterRole", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
	"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount",
	"Role", "ConfigMap", "ClusterRoleBinding", "RoleBinding",
}

// raises reports whether a quota is raised, or is new: what others give up comes
// first, so that the sum of quotas is never above what was planned.
func (o *ObjectChange) raises() bool {
	return o.Kind == "ResourceQuota" && (o.Action == Create || slices.ContainsFunc(o.Fields, func(f Field) bool {
		before, _ := f.Before.(string)
		after, _ := f.After.(string)
		return strings.HasPrefix(f.Path, "spec.hard.") && before != "" && bounded(before, after) == loosens
	}))
}

// stage orders changes: access is taken away first, then all is created and
// changed that stands, then the rest is deleted, in the opposite order.
func (o *ObjectChange) stage() []int {
	rank := slices.Index(kindOrder, o.Kind)
	if rank < 0 {
		rank = len(kindOrder)
	}
	switch {
	case o.Action != Delete && o.Action != Leave && o.raises():
		return []int{1, rank, 1}
	case o.Action != Delete && o.Action != Leave:
		return []int{1, rank, 0}
	case o.Kind == "RoleBinding" || o.Kind == "ClusterRoleBinding":
		return []int{0, 0}
	}
	return []int{2, -rank}
}

// platformCauses are where the objects come from that a physical cluster has
// once: settings, its own document, and the API sets; else the logical clusters
// on it that differ.
func (c *comparison) platformCauses(cluster string) []Cause {
	var out []Cause
	for id, d := range c.changed {
		switch schema.Kind(id.kind) {
		case schema.KindPhysicalClusters:
			if id.key != cluster && cluster != Management {
				continue
			}
		case schema.KindSettings, schema.KindAPISets, schema.KindPolicies, schema.KindModules, schema.KindExemptions:
		default:
			continue
		}
		out = append(out, d.causes()...)
	}
	if len(out) == 0 {
		for _, states := range []map[place]*desired.State{c.statesBefore, c.statesAfter} {
			for p := range states {
				if p.cluster == cluster || cluster == Management {
					out = append(out, c.causes[p.key]...)
				}
			}
		}
	}
	const most = 20
	out = sortCauses(out)
	return out[:min(most, len(out))]
}
