package diff

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
)

// effective is a logical cluster as it comes out, everything inherited and
// decided included.
func (c *sides) effective(r *compiler.Result, lc *tenancy.LogicalCluster, site *pins.LogicalCluster) any {
	if site == nil || site.Phase == pins.Gone {
		return map[string]any{}
	}
	states := c.statesBefore
	if r == c.after {
		states = c.statesAfter
	}
	out := map[string]any{"cluster": site.Cluster}
	if site.Phase != pins.Present {
		out["phase"] = string(site.Phase)
	}
	if lc != nil {
		set(out, "regions", list(lc.Regions))
		quota := map[string]any{}
		for name, q := range lc.Quota.All() {
			quota[name] = q.String()
		}
		set(out, "quota", quota)
	}
	if s := states[place{key(lc), site.Cluster}]; s != nil {
		describe(out, s)
	}
	left := map[string]any{}
	for _, l := range site.Left {
		if l.Phase == pins.Gone {
			continue
		}
		copied := map[string]any{"phase": string(l.Phase)}
		if s := states[place{key(lc), l.Cluster}]; s != nil {
			describe(copied, s)
		}
		left[l.Cluster] = copied
	}
	set(out, "left", left)
	return out
}

func key(lc *tenancy.LogicalCluster) string {
	if lc == nil {
		return ""
	}
	return lc.Key
}

// describe sets every field of a state, in the words of the language.
func describe(out map[string]any, s *desired.State) {
	set(out, "class", s.Class)
	set(out, "state", string(s.Declared))
	set(out, "held", s.Held)
	set(out, "suspended", s.Suspended)
	set(out, "frozen", s.Frozen)
	set(out, "backing", string(s.Backing))
	set(out, "cut", s.Cut)
	set(out, "labels", texts(s.Labels))
	set(out, "network", string(s.Network))
	set(out, "podSecurity", string(s.PodSecurity))
	set(out, "kubernetes", fmt.Sprintf("1.%d", s.Minor))
	set(out, "dns", compacted(map[string]any{"namespace": s.DNS.Namespace, "labels": labels(s.DNS.Labels)}))
	set(out, "containers", compacted(map[string]any{"defaultRequest": quantities(s.Containers.DefaultRequest),
		"default": quantities(s.Containers.Default), "max": quantities(s.Containers.Max), "min": quantities(s.Containers.Min)}))
	apis := map[string]any{}
	for _, a := range s.APIs {
		apis[a.Set] = a.Version
		if a.Requested != a.Version {
			apis[a.Set] = a.Version + " by " + a.Requested
		}
	}
	set(out, "apis", apis)
	access := map[string]any{}
	for _, g := range s.Grants {
		name := g.Subject
		if g.SubjectNamespace != "" {
			name = g.SubjectNamespace + "/" + name
		}
		if g.Kind != "Group" {
			name = g.Kind + " " + name
		}
		access[name] = string(g.Role)
	}
	set(out, "access", access)
	namespaces := map[string]any{}
	for _, n := range s.Namespaces {
		namespaces[n.Physical] = compacted(map[string]any{"name": n.Name, "quota": quantities(n.Hard), "retired": n.Retired})
	}
	set(out, "namespaces", namespaces)
	set(out, "roles", compacted(map[string]any{"view": s.Roles.View, "edit": s.Roles.Edit, "admin": s.Roles.Admin}))
	set(out, "gate", s.Gate)
	if src := s.Source; src != nil {
		set(out, "source", compacted(map[string]any{"repo": src.Repo, "path": src.Path, "branch": src.Branch, "role": string(src.Role),
			"namespace": src.Namespace, "secret": src.Secret, "interval": src.Interval}))
	}
	set(out, "deployers", s.Deployers)
	set(out, "engine", string(s.Engine))
}

// weight orders fields: those that a team speaks of come first.
func weight(field string) int {
	order := []string{"suspended", "held", "cluster", "left", "phase", "state", "frozen", "class", "backing", "namespaces", "apis", "access",
		"quota", "network", "podSecurity", "labels", "regions", "source", "containers"}
	if i := slices.Index(order, field); i >= 0 {
		return i
	}
	return len(order)
}

// set leaves out what says nothing.
func set(m map[string]any, key string, v any) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return
		}
	case bool:
		if !v {
			return
		}
	case map[string]any:
		if len(v) == 0 {
			return
		}
	case []any:
		if v == nil {
			return
		}
	}
	m[key] = v
}

func compacted(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		set(out, k, v)
	}
	return out
}

func quantities(amounts quota.Quota) map[string]any {
	out := make(map[string]any, len(amounts))
	for name, q := range amounts.All() {
		out[name] = q.String()
	}
	return out
}

func labels(list []desired.Label) map[string]any {
	out := make(map[string]any, len(list))
	for _, l := range list {
		out[l.Key] = l.Value
	}
	return out
}

func texts(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func list(s []string) []any {
	if s == nil {
		return nil
	}
	out := make([]any, len(s))
	for i := range s {
		out[i] = s[i]
	}
	return out
}
