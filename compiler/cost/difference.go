package cost

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
)

// What of a cost differs.
const (
	// Appears and Goes are all of a logical cluster that cost nothing before, or
	// costs nothing any more.
	Appears = "appears"
	Goes    = "goes"
	// Amount of something, or whether it is had at all.
	Amount = "amount"
	// Price of a unit, or of all of it.
	Price = "price"
	// Factor that prices are multiplied by where the logical cluster stands.
	Factor = "factor"
)

// Reason is one thing that makes the worst case of a logical cluster another.
type Reason struct {
	// What differs: Appears, Goes, Amount, Price or Factor.
	What string
	// Kind and Name of what costs; empty where it is all of the logical cluster.
	Kind Kind
	// Name of the resource as ResourceQuota has it, the class, the backing or the
	// API set.
	Name string
	// Unit of a quota.
	Unit quota.Unit
	// Before and After are amounts, prices of a unit, or factors. What is no quota
	// has the amount 1 where it is had.
	Before, After Money
	// Change of the worst case a month.
	Change Money
}

// Reasons says why the worst case of a logical cluster differs between two
// compilations, either of which may lack it. The changes sum to the whole
// difference: amounts at the prices and factors before, then prices at the
// amounts after, then factors.
func Reasons(before, after *Costs, was, is *tenancy.LogicalCluster) []Reason {
	var out []Reason
	add := func(r Reason) {
		if r.Change.Sign() != 0 {
			out = append(out, r)
		}
	}
	b, stood := before.factors(was)
	a, stands := after.factors(is)
	switch {
	case !stood && !stands:
		return nil
	case !stood:
		add(Reason{What: Appears, Change: after.Total(is.Key)})
		return out
	case !stands:
		add(Reason{What: Goes, Change: Money{}.Sub(before.Total(was.Key))})
		return out
	}
	had, has := things(was), things(is)
	var all []thing
	for t := range had {
		all = append(all, t)
	}
	for t := range has {
		if _, ok := had[t]; !ok {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b thing) int { return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.name, b.name)) })
	var sum Money // after the change, without factors
	for _, t := range all {
		r := Reason{Kind: t.kind, Name: t.name}
		if t.kind == Quota {
			r.Unit = quota.UnitOf(t.name)
		}
		then, now := before.Book.price(t), after.Book.price(t)
		price, amount := r, r
		amount.What, amount.Before, amount.After = Amount, had[t], has[t]
		amount.Change = has[t].Sub(had[t]).Mul(then).Mul(b)
		price.What, price.Before, price.After = Price, then, now
		price.Change = now.Sub(then).Mul(has[t]).Mul(b)
		add(amount)
		add(price)
		sum = sum.Add(has[t].Mul(now))
	}
	add(Reason{What: Factor, Before: b, After: a, Change: a.Sub(b).Mul(sum)})
	return out
}

// thing is something that may cost.
type thing struct {
	kind Kind
	name string
}

// things returns what a logical cluster has of all that may cost.
func things(lc *tenancy.LogicalCluster) map[thing]Money {
	charge := lc.Charge()
	out := make(map[thing]Money, len(charge.Quota)+2)
	for _, a := range charge.Quota {
		out[thing{Quota, a.Resource}] = inUnits(quota.UnitOf(a.Resource), quota.Units(a.Resource, a.Quantity))
	}
	out[thing{Class, charge.Class}], out[thing{Backing, string(charge.Backing)}] = one, one
	for _, set := range charge.APIs {
		out[thing{API, set}] = one
	}
	return out
}

// price returns what a unit of something costs a month, without factors.
func (b *Book) price(t thing) Money {
	if b == nil {
		return Money{}
	}
	switch t.kind {
	case Class:
		return b.classes[t.name]
	case Backing:
		return b.backings[t.name]
	case API:
		return b.apis[t.name]
	}
	for i := range b.quota {
		if b.quota[i].resource == t.name {
			return b.quota[i].money
		}
	}
	return Money{}
}

// factors returns the sum of the factors of all places where a logical cluster
// stands, and false where it costs nothing because it stands nowhere or is declared
// deleted.
func (c *Costs) factors(lc *tenancy.LogicalCluster) (sum Money, stands bool) {
	if lc == nil || lc.State == schema.Deleted {
		return sum, false
	}
	for _, cluster := range standing(c.sites[lc.Key]) {
		factor := one
		if c.Book != nil {
			factor = c.Book.factor(cluster)
		}
		sum, stands = sum.Add(factor), true
	}
	return sum, stands
}
