package plan

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// organizationPairs yields every organization as it was and as it is, under
// whatever path it was. One of the two may be nil.
func (c *comparison) organizationPairs() iter.Seq2[*tenancy.Organization, *tenancy.Organization] {
	return func(yield func(was, is *tenancy.Organization) bool) {
		then, now := c.before.Tenancy, c.after.Tenancy
		taken := map[*tenancy.Organization]bool{}
		for _, is := range now.Organizations {
			was := then.Organization(is.Path)
			if was == nil {
				for _, path := range formerPaths(now, is) {
					if o := then.Organization(path); o != nil && now.Organization(path) == nil {
						was = o
					}
				}
			}
			taken[was] = true
			if !yield(was, is) {
				return
			}
		}
		for _, was := range then.Organizations {
			if !taken[was] && !yield(was, nil) {
				return
			}
		}
	}
}

// formerPaths returns all paths that an organization says it had before.
func formerPaths(t *tenancy.Tenancy, o *tenancy.Organization) []string {
	return tenancy.FormerKeys(o.Path, o.Spec.Formerly, func(path string) []string {
		if o := t.Organization(path); o != nil {
			return o.Spec.Formerly
		}
		return nil
	})
}

// organizations compares ceilings, budgets and offers.
func (l *limits) organizations() {
	for was, is := range l.organizationPairs() {
		if was == nil || is == nil {
			continue // what is new had no limit, and what goes holds nobody
		}
		causes := func(field ...string) []Cause {
			out := l.fieldCauses(is.Kind, is.Path, "", field...)
			if was.Path != is.Path {
				out = append(out, l.fieldCauses(was.Kind, was.Path, "", field...)...)
			}
			return out
		}
		l.ceilings(was, is, causes("ceilings"))
		l.budget(limitBudget, is.Path, budgetOf(was), budgetOf(is), causes("budget", "overcommit"))
		l.offers(was, is, causes("offers"))
	}
}

func (l *limits) ceilings(was, is *tenancy.Organization, causes []Cause) {
	before, after := cmp.Or(was.Spec.Ceilings, &schema.Ceilings{}), cmp.Or(is.Spec.Ceilings, &schema.Ceilings{})
	bounds := func(c *schema.Ceilings) map[string]string {
		out := map[string]string{}
		if c.LogicalClusters != nil {
			out["logicalClusters"] = fmt.Sprint(*c.LogicalClusters)
		}
		for key, q := range c.Quota {
			out[schema.ResourceName(key)] = string(q)
		}
		return out
	}
	then, now := bounds(before), bounds(after)
	for _, name := range slices.Sorted(maps.Keys(merged(then, now))) {
		if effect := bounded(then[name], now[name]); effect != "" {
			l.add(limitCeiling, is.Path, effect, fmt.Sprintf("%s %s → %s", name, cmp.Or(then[name], "no bound"), cmp.Or(now[name], "no bound")), causes)
		}
	}
}

// bounded says what a change of an upper bound does; "" where it is the same. An
// empty bound is none.
func bounded(was, is string) string {
	switch {
	case was == is:
		return ""
	case is == "":
		return loosens
	case was == "":
		return tightens
	}
	b, err := resource.ParseQuantity(was)
	a, err2 := resource.ParseQuantity(is)
	switch order := a.Cmp(b); {
	case err != nil || err2 != nil:
		return mayLoosen
	case order > 0:
		return loosens
	case order < 0:
		return tightens
	}
	return ""
}

// budget compares what a worst case is held against.
func (l *limits) budget(kind, name string, was, is budgeted, causes []Cause) {
	before, times := was.amounts()
	after, now := is.amounts()
	if equal(before, after) && equal(times, now) {
		return
	}
	limit := func(budget, overcommit *cost.Money) *cost.Money {
		if budget == nil || overcommit == nil {
			return budget
		}
		m := budget.Mul(*overcommit)
		return &m
	}
	text := func(budget, overcommit *cost.Money) string {
		switch {
		case budget == nil:
			return "no bound"
		case overcommit == nil:
			return budget.String()
		}
		return budget.String() + " × " + overcommit.String()
	}
	b, a := limit(before, times), limit(after, now)
	effect := neitherWay
	switch {
	case l.before.Costs.Currency != l.after.Costs.Currency:
		effect = mayLoosen
	case a == nil || b != nil && a.Cmp(*b) > 0:
		effect = loosens
	case b == nil || a.Cmp(*b) < 0:
		effect = tightens
	}
	l.add(kind, name, effect, text(before, times)+" → "+text(after, now), causes)
}

func (l *limits) offers(was, is *tenancy.Organization, causes []Cause) {
	before, after := cmp.Or(was.Spec.Offers, &schema.Offers{}), cmp.Or(is.Spec.Offers, &schema.Offers{})
	for _, o := range []struct {
		what    string
		was, is []string
	}{{"API sets", before.APIs, after.APIs}, {"classes", before.Classes, after.Classes}, {"regions", before.Regions, after.Regions}} {
		l.allowed(limitOffer, is.Path, o.what, o.was, o.is, causes)
	}
}

// allowed compares lists of what is allowed; nil allows everything.
func (l *limits) allowed(kind, name, what string, was, is []string, causes []Cause) {
	was, is = distinct(was), distinct(is)
	if slices.Equal(was, is) && (was == nil) == (is == nil) {
		return
	}
	effect := mayLoosen
	if is != nil && (was == nil || contains(was, is)) {
		effect = tightens
	} else if is == nil || contains(is, was) {
		effect = loosens
	}
	l.add(kind, name, effect, fmt.Sprintf("%s %s → %s", what, orAny(was), orAny(is)), causes)
}

// classes compares where classes may be used.
func (l *limits) classes() {
	before := map[string]*tenancy.Class{}
	for _, k := range l.before.Tenancy.Classes {
		before[k.Name] = k
	}
	for _, is := range l.after.Tenancy.Classes {
		was := before[is.Name]
		if was == nil {
			continue
		}
		causes := l.fieldCauses(is.Kind, is.Key, is.Dir, "parents")
		b, a := cmp.Or(was.Spec.Parents, &schema.Parents{}), cmp.Or(is.Spec.Parents, &schema.Parents{})
		l.allowed(limitParents, is.Name, "organizations", b.Organizations, a.Organizations, causes)
		if !reflect.DeepEqual(b.Selector, a.Selector) {
			effect := mayLoosen
			if wider(a.Selector, b.Selector) {
				effect = tightens
			} else if wider(b.Selector, a.Selector) {
				effect = loosens
			}
			l.add(limitParents, is.Name, effect, "selector "+selectorText(b.Selector)+" → "+selectorText(a.Selector), causes)
		}
	}
}

// promises compares what API sets promise.
func (l *limits) promises() {
	for _, is := range l.after.Tenancy.APISets {
		for _, was := range l.before.Tenancy.APISets {
			if was.Name != is.Name || was.Dir != is.Dir || was.Spec.Promise == is.Spec.Promise {
				continue
			}
			b, a := was.Spec.Promise, is.Spec.Promise
			l.add(limitPromise, is.Name, lowered(promises, b, a), fmt.Sprintf("%s → %s", b, a), l.fieldCauses(is.Kind, is.Key, is.Dir, "promise"))
		}
	}
}

// settings compares who is exempt from gates, and who may set labels.
func (l *limits) settings() {
	was, is := l.before.Tenancy.Settings, l.after.Tenancy.Settings
	if c := distinct(is.Controllers); !slices.Equal(distinct(was.Controllers), c) {
		effect := loosens
		if contains(was.Controllers, c) {
			effect = tightens
		}
		l.add(limitControllers, "", effect, fmt.Sprintf("exempt from gates: %s → %s", orNone(distinct(was.Controllers)), orNone(c)), l.fieldCauses(schema.KindSettings, "", "", "controllers"))
	}
	for _, key := range slices.Sorted(maps.Keys(merged(was.Labels, is.Labels))) {
		b, ruled := was.Labels[key]
		a, rules := is.Labels[key]
		causes := l.fieldCauses(schema.KindSettings, "", "", "labels")
		owner := func(r schema.LabelRule, declared bool) schema.LabelOwner {
			if !declared {
				return schema.OwnerTeam
			}
			return r.Owner
		}
		if then, now := owner(b, ruled), owner(a, rules); then != now {
			effect := tightens
			if rank := slices.Index(labelOwners, now); rank < 0 || rank < slices.Index(labelOwners, then) {
				effect = loosens
			}
			l.add(limitLabels, key, effect, fmt.Sprintf("owner %s → %s", then, now), causes)
		}
		l.allowed(limitLabels, key, "values", b.Values, a.Values, causes)
	}
}

// labelOwners from those whom anybody is to those whom few are.
var labelOwners = []schema.LabelOwner{schema.OwnerTeam, schema.OwnerOrganization, schema.OwnerPlatform}

func orNone(list []string) string { return cmp.Or(strings.Join(list, ", "), "none") }

// distinct returns a list sorted and without what stands in it twice; nil for nil.
func distinct(list []string) []string {
	if list == nil {
		return nil
	}
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// clusters compares the taints of physical clusters.
func (l *limits) clusters() {
	for _, is := range l.after.Tenancy.Clusters {
		was := l.before.Tenancy.Cluster(is.Name)
		if was == nil {
			continue
		}
		texts := func(taints []schema.Taint) []string {
			out := []string{}
			for _, t := range taints {
				out = append(out, strings.TrimSuffix(t.Key+"="+t.Value, "="))
			}
			return distinct(out)
		}
		b, a := texts(was.Taints), texts(is.Taints)
		if slices.Equal(b, a) {
			continue
		}
		effect := loosens
		if contains(a, b) {
			effect = tightens
		}
		l.add(limitTaints, is.Name, effect, orNone(b)+" → "+orNone(a), l.fieldCauses(is.Kind, is.Key, "", "taints"))
	}
}

// The orders of what bounds a logical cluster, from the loosest.
var (
	podSecurityOrder = []string{"privileged", "baseline", "restricted"}
	networkOrder     = []schema.Network{schema.NetworkOpen, schema.NetworkOrganization, schema.NetworkLogicalCluster, schema.NetworkClosed}
)

// effective compares what bounds each logical cluster in the end, whoever says so.
func (l *limits) effective() {
	gatesBefore, gatesAfter := l.gates(l.before), l.gates(l.after)
	reached := map[[2]string]bool{} // kinds and documents told by their logical clusters
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
			effect := tightens
			if was.State == schema.Frozen {
				effect = loosens
			}
			note(limitFrozen, "state", effect, fmt.Sprintf("%s → %s", was.State, is.State))
		}
		then, now := l.statesBefore[place{was.Key, clusterOf(l.before, was.Key)}], l.statesAfter[place{is.Key, clusterOf(l.after, is.Key)}]
		if then == nil || now == nil || then.Gate == now.Gate {
			continue
		}
		if more := opened(gatesBefore[then.Gate], gatesAfter[now.Gate]); len(more) > 0 {
			note(limitGate, "apis", loosens, "lets through writes of "+strings.Join(more, ", "))
		} else {
			note(limitGate, "apis", tightens, "lets through less")
		}
	}
	// What a class or an organization gives, where nobody has it yet.
	for _, d := range slices.SortedFunc(maps.Values(l.changed), compareDocuments) {
		if kind := schema.Kind(d.Kind); kind != schema.KindClasses && kind != schema.KindOrganizations {
			continue
		}
		for i := range d.Fields {
			f := &d.Fields[i]
			for _, order := range []struct{ kind, field string }{{limitPodSecurity, "podSecurity"}, {limitNetwork, "network"}} {
				if f.elements[len(f.elements)-1] != order.field || len(f.elements) > 2 || reached[[2]string{order.kind, d.title()}] {
					continue
				}
				was, _ := f.Before.(string)
				is, _ := f.After.(string)
				effect := mayLoosen
				if was != "" && is != "" {
					effect = lowered(podSecurityOrder, was, is)
					if order.kind == limitNetwork {
						effect = lowered(networkOrder, schema.Network(was), schema.Network(is))
					}
				}
				l.add(order.kind, d.title(), effect, f.change(), []Cause{f.cause(d)})
			}
		}
	}
}

// lowered says what it does to go from one step of an order to another.
func lowered[T comparable](order []T, was, is T) string {
	b, a := slices.Index(order, was), slices.Index(order, is)
	switch {
	case a < 0 || b < 0:
		return mayLoosen
	case a < b:
		return loosens
	}
	return tightens
}

func clusterOf(r *compiler.Result, key string) string {
	if site := r.Sites[key]; site != nil {
		return site.Cluster
	}
	return ""
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
func (c *comparison) sources(was, is *tenancy.LogicalCluster, field string) []Cause {
	about := map[string]bool{field: true}
	var out []Cause
	for _, d := range c.relatives(was, is) {
		if len(d.Fields) == 0 && d.Kind == string(schema.KindPrices) {
			continue
		}
		if len(d.Fields) == 0 {
			out = append(out, d.causes()...)
		}
		for i := range d.Fields {
			if f := &d.Fields[i]; speaksOf(f.elements, about) || f.elements[0] == "class" {
				out = append(out, f.cause(d))
			}
		}
	}
	if len(out) == 0 {
		return c.causes[is.Key]
	}
	return sortCauses(out)
}

// implicit marks implicit documents that give somebody access by what was
// accepted, and those whose changes wait no more, or do now. That logical clusters
// which newly match get what everybody has is growth.
func (l *limits) implicit() {
	for id, d := range l.changed {
		if schema.Kind(id.kind) != schema.KindImplicit {
			continue
		}
		for i := range d.Fields {
			f := &d.Fields[i]
			switch {
			case f.elements[0] != "locked":
			case f.After == true:
				l.add(limitLock, implicit.Ref(d.Dir, d.Key), tightens, "its changes wait until they are accepted", []Cause{f.cause(d)})
			default:
				l.add(limitLock, implicit.Ref(d.Dir, d.Key), loosens, "its changes no longer wait until they are accepted", []Cause{f.cause(d)})
			}
		}
	}
	for i := range l.accesses {
		a := &l.accesses[i]
		if a.Change == Loses {
			continue
		}
		for _, s := range a.sources {
			if s.Implicit == "" {
				continue
			}
			d := l.implicitDocument(s.Implicit)
			if d == nil {
				continue
			}
			detail := l.add(limitImplicit, s.Implicit, loosens, a.Subject+" gains "+s.Role, d.causes())
			for _, in := range a.In {
				if !slices.Contains(detail.LogicalClusters, in.LogicalCluster) {
					detail.LogicalClusters = append(detail.LogicalClusters, in.LogicalCluster)
				}
			}
		}
	}
}

// implicitDocument returns the implicit document of a name, if it differs.
func (c *comparison) implicitDocument(ref string) *Document {
	for id, d := range c.changed {
		if schema.Kind(id.kind) == schema.KindImplicit && implicit.Ref(d.Dir, d.Key) == ref {
			return d
		}
	}
	return nil
}
