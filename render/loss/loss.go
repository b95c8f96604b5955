// Package loss tells what a rendering takes away from a logical cluster, compared with
// one that is published.
package loss

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/admission"
	"github.com/tenantry/tenantry/render/inventory"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Content is what is rendered of a logical cluster.
type Content struct {
	// Objects are those on its physical cluster, and Belonging those in the management
	// cluster.
	Objects, Belonging []manifest.Map
	// Roles are the rules of the ClusterRoles on its physical cluster, by name.
	Roles map[string]Rights
}

// Rights are what a subject may do: "get configmaps", "patch deployments.apps".
type Rights map[string]bool

// Of lists what was there and is there no more, or is less: objects, access, amounts, API
// sets, and what policies and Pod Security let pass. What limits (quotas, limit ranges,
// network policies) is no loss where it goes.
func Of(was, now *Content) []string {
	var out []string
	out = append(out, lostObjects(was.Objects, now.Objects)...)
	out = append(out, lostObjects(was.Belonging, now.Belonging)...)
	out = append(out, lostAPIs(was.Belonging, now.Belonging)...)
	out = append(out, lostQuota(was.Objects, now.Objects)...)
	out = append(out, lostAccess(was, now)...)
	slices.Sort(out)
	return slices.Compact(out)
}

type objectID struct{ kind, namespace, name string }

func idOf(o manifest.Map) objectID {
	return objectID{text(o.Get("kind")), text(o.Get("metadata", "namespace")), text(o.Get("metadata", "name"))}
}

func (id objectID) String() string {
	if id.namespace == "" {
		return id.kind + " " + id.name
	}
	return fmt.Sprintf("%s %s in %s", id.kind, id.name, id.namespace)
}

func byID(objects []manifest.Map) map[objectID]manifest.Map {
	out := make(map[objectID]manifest.Map, len(objects))
	for _, o := range objects {
		out[idOf(o)] = o
	}
	return out
}

// lostObjects lists objects that go, and Namespaces that are held to more.
func lostObjects(was, now []manifest.Map) (out []string) {
	today := byID(now)
	for _, o := range was {
		id := idOf(o)
		switch id.kind {
		case "ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding": // see Of, lostAccess
			continue
		}
		other, ok := today[id]
		switch {
		case !ok:
			out = append(out, id.String())
		case id.kind == "Namespace":
			out = append(out, narrowed(id.name, o, other)...)
		}
	}
	return out
}

// levels are those of Pod Security, the strictest last.
var levels = []string{"privileged", "baseline", "restricted"}

// narrowed lists what the labels of a Namespace hold its objects to that those before did
// not.
func narrowed(name string, was, now manifest.Map) (out []string) {
	label := func(o manifest.Map, key string) string { return text(o.Get("metadata", "labels", key)) }
	const enforce = "pod-security.kubernetes.io/enforce"
	if before, after := label(was, enforce), label(now, enforce); slices.Index(levels, after) > slices.Index(levels, before) {
		out = append(out, fmt.Sprintf("Pod Security %s in %s (%s today)", before, name, after))
	}
	if label(now, desired.LabelState) != "" && label(was, desired.LabelState) != label(now, desired.LabelState) {
		out = append(out, "writes in "+name)
	}
	labels, _ := now.Get("metadata", "labels").(manifest.Map)
	for _, l := range labels {
		if policy, ok := admission.NameOf(l.Key); ok && label(was, l.Key) == "" {
			out = append(out, fmt.Sprintf("writes in %s that %s refuses or changes", name, policy))
		}
	}
	return out
}

// lostAPIs lists API sets that are bound no more.
func lostAPIs(was, now []manifest.Map) (out []string) {
	today := byID(now)
	for _, o := range was {
		bound, _ := o.Get("spec", "apis").(manifest.Map)
		if o.Get("kind") != inventory.Kind {
			continue
		}
		for _, b := range bound {
			if today[idOf(o)].Get("spec", "apis", b.Key) == nil {
				out = append(out, "API set "+b.Key)
			}
		}
	}
	return out
}

// lostQuota lists amounts that are less, or that had no limit.
func lostQuota(was, now []manifest.Map) (out []string) {
	before := byID(was)
	for _, o := range now {
		id := idOf(o)
		hard, _ := o.Get("spec", "hard").(manifest.Map)
		if _, ok := before[objectID{kind: "Namespace", name: id.namespace}]; !ok || id.kind != "ResourceQuota" {
			continue
		}
		for _, f := range hard {
			former := before[id].Get("spec", "hard", f.Key)
			less, known := amount(f.Value)
			more, limited := amount(former)
			switch {
			case known && !limited:
				out = append(out, fmt.Sprintf("%s in %s (no limit to %v)", f.Key, id.namespace, f.Value))
			case known && less.Cmp(more) < 0:
				out = append(out, fmt.Sprintf("%s in %s (%v to %v)", f.Key, id.namespace, former, f.Value))
			}
		}
	}
	return out
}

func amount(v manifest.Value) (resource.Quantity, bool) {
	if v == nil {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(fmt.Sprint(v))
	return q, err == nil
}

// lostAccess lists subjects that may do less in a namespace.
func lostAccess(was, now *Content) (out []string) {
	type place struct{ subject, namespace string }
	access := func(c *Content) map[place]Rights {
		all := map[place]Rights{}
		for _, o := range c.Objects {
			if o.Get("kind") != "RoleBinding" {
				continue
			}
			given := c.Roles[text(o.Get("roleRef", "name"))]
			if given == nil {
				given = Rights{"all of " + text(o.Get("roleRef", "kind")) + " " + text(o.Get("roleRef", "name")): true}
			}
			subjects, _ := o.Get("subjects").(manifest.List)
			for _, s := range subjects {
				m, _ := s.(manifest.Map)
				at := place{subjectOf(m), text(o.Get("metadata", "namespace"))}
				if all[at] == nil {
					all[at] = Rights{}
				}
				maps.Copy(all[at], given)
			}
		}
		return all
	}
	before, after := access(was), access(now)
	for at, had := range before {
		if after[at] == nil {
			out = append(out, fmt.Sprintf("access of %s to %s", at.subject, at.namespace))
			continue
		}
		for right := range had {
			if !after[at][right] {
				out = append(out, fmt.Sprintf("part of the access of %s to %s", at.subject, at.namespace))
				break
			}
		}
	}
	return out
}

func subjectOf(m manifest.Map) string {
	name := text(m.Get("name"))
	if namespace := text(m.Get("namespace")); namespace != "" {
		name = namespace + "/" + name
	}
	return strings.ToLower(text(m.Get("kind"))) + " " + name
}

// RolesOf returns what the ClusterRoles among objects give.
func RolesOf(objects []manifest.Map) map[string]Rights {
	out := map[string]Rights{}
	for _, o := range objects {
		if o.Get("kind") != "ClusterRole" {
			continue
		}
		given := Rights{}
		rules, _ := o.Get("rules").(manifest.List)
		for _, r := range rules {
			rule, _ := r.(manifest.Map)
			for _, group := range texts(rule.Get("apiGroups")) {
				for _, name := range texts(rule.Get("resources")) {
					for _, verb := range texts(rule.Get("verbs")) {
						given[verb+" "+name+"."+group] = true
					}
				}
			}
		}
		out[text(o.Get("metadata", "name"))] = given
	}
	return out
}

// texts returns the strings of a list.
func texts(v manifest.Value) []string {
	list, _ := v.(manifest.List)
	out := make([]string, len(list))
	for i := range list {
		out[i] = text(list[i])
	}
	return out
}

func text(v manifest.Value) string { s, _ := v.(string); return s }
