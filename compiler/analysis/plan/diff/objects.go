package diff

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

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
func (c *comparison) objects(files []render.FileChange) []change.Objects {
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
	var out []change.Objects
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
		return change.Management
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

func (c *comparison) cluster(name string, objects map[objectID]*rendered) change.Objects {
	out := change.Objects{Cluster: name, Counts: map[string]int{}}
	groups := map[string]*change.ObjectChange{}
	var order []*change.ObjectChange
	ids := slices.SortedFunc(maps.Keys(objects), func(a, b objectID) int {
		return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.kind, b.kind),
			strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name))
	})
	var platform []change.Cause
	for _, id := range ids {
		r := objects[id]
		of := compareObject(r, c.after.Tenancy.Targets.Engines)
		if of == nil {
			continue
		}
		out.Counts[of.Action]++
		o := change.Object{Namespace: id.namespace, Name: id.name, LogicalCluster: r.logicalCluster}
		if o.LogicalCluster == "" && name == change.Management {
			o.LogicalCluster, _ = r.latest().Get("spec", "key").(string)
		}
		if o.LogicalCluster != "" {
			of.Causes = c.causes[o.LogicalCluster]
		} else {
			if platform == nil {
				platform = c.platformCauses(name)
			}
			of.Causes = platform
		}
		key := objectEffect(of)
		if g := groups[key]; g != nil {
			g.Objects = append(g.Objects, o)
			continue
		}
		of.Objects = []change.Object{o}
		groups[key] = of
		order = append(order, of)
	}
	slices.SortStableFunc(order, func(a, b *change.ObjectChange) int {
		return cmp.Or(slices.Compare(stageOf(a), stageOf(b)), strings.Compare(a.Kind, b.Kind))
	})
	step := 0
	for i, g := range order {
		if i == 0 || !slices.Equal(stageOf(g), stageOf(order[i-1])) {
			step++
		}
		g.Step = step
		out.Changes = append(out.Changes, *g)
	}
	return out
}

// objectEffect is the same for objects to which the same happens.
func objectEffect(o *change.ObjectChange) string {
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Sprintf("%p", o)
	}
	return string(text)
}

// compareObject returns nil where the two sides are the same object, whatever
// the order of its fields.
func compareObject(r *rendered, engines target.Engines) *change.ObjectChange {
	if reflect.DeepEqual(r.before, r.after) {
		return nil
	}
	o := r.latest()
	of := &change.ObjectChange{Action: change.Update}
	of.APIVersion, _ = o.Get("apiVersion").(string)
	of.Kind, _ = o.Get("kind").(string)
	switch {
	case r.before == nil:
		of.Action = change.Create
		return of
	case r.after == nil && protected(r.before, engines):
		of.Action = change.Leave
		of.Entails = "it is protected from pruning: it stays on the cluster, and nothing manages it any more"
		return of
	case r.after == nil:
		of.Action = change.Delete
		switch of.Kind {
		case "Namespace":
			of.Entails = "everything in the namespace is deleted with it"
		case "CustomResourceDefinition":
			of.Entails = "all objects of the kind are deleted with it"
		}
		return of
	}
	if of.Fields = difference(manifest.Plain(r.before), manifest.Plain(r.after)); len(of.Fields) == 0 {
		return nil
	}
	if field := immutable(of.Kind, o, of.Fields); field != "" {
		of.Action = change.Replace
		of.Entails = field + " cannot be changed in place: the API server refuses the update, and what is applied together with it " +
			"fails, until somebody deletes the object"
		if of.Kind == "CustomResourceDefinition" {
			of.Entails += ", and with it all objects of the kind"
		}
	}
	return of
}

// protected reports whether GitOps engines keep an object that vanishes.
func protected(o manifest.Map, engines target.Engines) bool {
	return engines.Protects(func(key string) string {
		value, _ := o.Get("metadata", "annotations", key).(string)
		return value
	})
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
func immutable(kind string, o manifest.Map, fields []change.Field) string {
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

// platformCauses are where the objects come from that a physical cluster has
// once: settings, its own document, and the API sets; else the logical clusters
// on it that differ.
func (c *comparison) platformCauses(cluster string) []change.Cause {
	var out []change.Cause
	for id, d := range c.by {
		switch id.Kind {
		case schema.KindPhysicalClusters:
			if id.Key != cluster && cluster != change.Management {
				continue
			}
		case schema.KindSettings, schema.KindAPISets, schema.KindPolicies, schema.KindModules, schema.KindExemptions:
		default:
			continue
		}
		out = append(out, d.Causes()...)
	}
	if len(out) == 0 {
		for _, states := range []map[place]*desired.State{c.statesBefore, c.statesAfter} {
			for p := range states {
				if p.cluster == cluster || cluster == change.Management {
					out = append(out, c.causes[p.key]...)
				}
			}
		}
	}
	const most = 20
	out = sortCauses(out)
	return out[:min(most, len(out))]
}
