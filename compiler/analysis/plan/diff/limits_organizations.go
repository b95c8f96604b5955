package diff

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// organizations compares ceilings, budgets and offers.
func (l *limits) organizations() {
	for was, is := range l.organizationPairs() {
		if was == nil || is == nil {
			continue // what is new had no limit, and what goes holds nobody
		}
		causes := func(field ...string) []change.Cause {
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

func (l *limits) ceilings(was, is *tenancy.Organization, causes []change.Cause) {
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

// budget compares what a worst case is held against.
func (l *limits) budget(kind, name string, was, is budgeted, causes []change.Cause) {
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
	effect := change.Neither
	switch {
	case l.before.Costs.Currency != l.after.Costs.Currency:
		effect = change.MayLoosen
	case a == nil || b != nil && a.Cmp(*b) > 0:
		effect = change.Loosens
	case b == nil || a.Cmp(*b) < 0:
		effect = change.Tightens
	}
	l.add(kind, name, effect, text(before, times)+" → "+text(after, now), causes)
}

func (l *limits) offers(was, is *tenancy.Organization, causes []change.Cause) {
	before, after := cmp.Or(was.Spec.Offers, &schema.Offers{}), cmp.Or(is.Spec.Offers, &schema.Offers{})
	for _, o := range []struct {
		what    string
		was, is []string
	}{{"API sets", before.APIs, after.APIs}, {"classes", before.Classes, after.Classes}, {"regions", before.Regions, after.Regions}} {
		l.allowed(limitOffer, is.Path, o.what, o.was, o.is, causes)
	}
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
			effect := change.MayLoosen
			if wider(a.Selector, b.Selector) {
				effect = change.Tightens
			} else if wider(b.Selector, a.Selector) {
				effect = change.Loosens
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
