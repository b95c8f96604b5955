package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// told are kinds of limits and documents that logical clusters tell of.
type told map[[2]string]bool

// effective compares what bounds each logical cluster in the end, whoever says so.
func (l *limits) effective() {
	gatesBefore, gatesAfter := l.gates(l.before), l.gates(l.after)
	reached := told{}
	for was, is := range l.differingPairs() {
		if was == nil || is == nil || !standing(was) || !standing(is) {
			continue
		}
		note := func(kind, field, effect, what string) {
			sources := l.sources(was, is, field)
			for _, s := range sources {
				reached[[2]string{kind, s.Document}] = true
			}
			d := l.add(kind, "", effect, what, sources)
			d.LogicalClusters = append(d.LogicalClusters, is.Key)
		}
		if was.PodSecurity != is.PodSecurity {
			note(limitPodSecurity, "podSecurity", lowered(podSecurityOrder, string(was.PodSecurity), string(is.PodSecurity)), fmt.Sprintf("%s → %s", was.PodSecurity, is.PodSecurity))
		}
		if was.Network != is.Network {
			note(limitNetwork, "network", lowered(networkOrder, was.Network, is.Network), fmt.Sprintf("%s → %s", was.Network, is.Network))
		}
		if (was.State == schema.Frozen) != (is.State == schema.Frozen) {
			effect := change.Tightens
			if was.State == schema.Frozen {
				effect = change.Loosens
			}
			note(limitFrozen, "state", effect, fmt.Sprintf("%s → %s", was.State, is.State))
		}
		then, now := l.statesBefore[place{was.Key, clusterOf(l.before, was.Key)}], l.statesAfter[place{is.Key, clusterOf(l.after, is.Key)}]
		if then == nil || now == nil || then.Gate == now.Gate {
			continue
		}
		if more := opened(gatesBefore[then.Gate], gatesAfter[now.Gate]); len(more) > 0 {
			note(limitGate, "apis", change.Loosens, "lets through writes of "+strings.Join(more, ", "))
		} else {
			note(limitGate, "apis", change.Tightens, "lets through less")
		}
	}
	l.givenByDocuments(reached)
}

// givenByDocuments compares what a class or an organization gives, where nobody has it yet.
func (l *limits) givenByDocuments(reached told) {
	for _, d := range slices.SortedFunc(maps.Values(l.by), compareDocuments) {
		if kind := schema.Kind(d.Kind); kind != schema.KindClasses && kind != schema.KindOrganizations {
			continue
		}
		for i := range d.Fields {
			f := &d.Fields[i]
			if len(f.Elements) > 2 {
				continue
			}
			kind, effect := "", ""
			switch was, is := f.Before, f.After; f.Elements[len(f.Elements)-1] {
			case "podSecurity":
				kind, effect = limitPodSecurity, loweredText(podSecurityOrder, was, is)
			case "network":
				kind, effect = limitNetwork, loweredText(networkOrder, was, is)
			}
			if kind != "" && !reached[[2]string{kind, d.Title()}] {
				l.add(kind, d.Title(), effect, changeText(f), []change.Cause{f.Cause(d)})
			}
		}
	}
}

// loweredText is lowered for the values of a field. That one which is not set
// loosens can't be ruled out.
func loweredText[T ~string](order []T, was, is any) string {
	b, _ := was.(string)
	a, _ := is.(string)
	if b == "" || a == "" {
		return change.MayLoosen
	}
	return lowered(order, T(b), T(a))
}

// gates returns what each gate lets through, by its name: its content.
func (l *limits) gates(r *compiler.Result) map[string]*desired.Gate {
	out := map[string]*desired.Gate{}
	for i := range r.Platforms {
		for j := range r.Platforms[i].Gates {
			g := &r.Platforms[i].Gates[j]
			out[g.Name] = g
		}
	}
	return out
}

// opened lists what one gate lets through and another does not. A nil gate lets
// everything through.
func opened(was, is *desired.Gate) []string {
	switch {
	case was == nil:
		return nil
	case is == nil:
		return []string{"everything"}
	}
	var out []string
	for _, a := range is.Allowed {
		i := slices.IndexFunc(was.Allowed, func(b desired.Allowed) bool { return b.Group == a.Group && b.Resource == a.Resource })
		name := strings.TrimSuffix(a.Resource+"."+a.Group, ".")
		if i < 0 {
			out = append(out, name)
			continue
		}
		had := was.Allowed[i].Versions
		switch {
		case len(had) == 0:
		case len(a.Versions) == 0:
			out = append(out, name+" in all versions")
		case !contains(had, a.Versions):
			out = append(out, name+" in "+strings.Join(a.Versions, ", "))
		}
	}
	return out
}

// sources finds what in the source makes a field of a logical cluster differ.
func (c *comparison) sources(was, is *tenancy.LogicalCluster, field string) []change.Cause {
	about := map[string]bool{field: true}
	var out []change.Cause
	for _, d := range c.relatives(was, is) {
		if len(d.Fields) == 0 && d.Kind == string(schema.KindPrices) {
			continue
		}
		if len(d.Fields) == 0 {
			out = append(out, d.Causes()...)
		}
		for i := range d.Fields {
			if f := &d.Fields[i]; speaksOf(f.Elements, about) || f.Elements[0] == "class" {
				out = append(out, f.Cause(d))
			}
		}
	}
	if len(out) == 0 {
		return c.causes[is.Key]
	}
	return sortCauses(out)
}
