package cost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Division is what a logical cluster's budget is divided into. The budget is what
// is fixed, the costs of all shares and the remainder, to the last decimal; the
// remainder is below nothing where what is fixed alone costs more.
type Division struct {
	Budget Money `json:"budget"`
	// At is the physical cluster at whose prices it is divided: the one where the
	// logical cluster stands, or the dearest that it may be placed on. Factor is what
	// prices are multiplied by there, the factors of copies left elsewhere added.
	At     string `json:"at,omitempty"`
	Factor Money  `json:"factor"`
	// Fixed is the cost of all that is not divided.
	Fixed     Money   `json:"fixed"`
	Shares    []Share `json:"shares"`
	Remainder Money   `json:"remainder"`

	// short: what is fixed and the minimums come to more than the budget, by so much.
	short Money
}

// Share is what one key gets.
type Share struct {
	Name    string     `json:"name"` // the quota's key
	Weight  int64      `json:"weight"`
	Minimum Money      `json:"minimum,omitzero"` // in the unit
	Amount  Money      `json:"amount"`
	Unit    quota.Unit `json:"unit"`
	// Price of one unit without the factor, and Cost with it.
	Price Money `json:"price"`
	Cost  Money `json:"cost"`
	// Capped says what keeps it below what its weight would give.
	Capped string `json:"capped,omitempty"`

	price *price
	units int64
}

// step returns in what steps an amount is divided, in thousandths of a core, bytes
// or pieces: a thousandth of a core, a MiB, a piece.
func step(unit quota.Unit) int64 {
	if unit == quota.GiB {
		return 1 << 20
	}
	return 1
}

// most bounds what a share may come to: more than any cluster has, and small enough
// to be a quantity of anything.
const most = 1 << 52

// divide divides a budget. Each share gets its minimum; of the money that is left,
// each gets its part by weight, and as many whole steps as that pays for. Where the
// budget does not cover the minimums, what it has beyond what is fixed is divided by
// what the minimums cost.
func (b *Book) divide(charge *tenancy.Charge, budget, factor Money) Division {
	d := Division{Budget: budget, Factor: factor}
	for i := range b.quota {
		p := &b.quota[i]
		w := slices.IndexFunc(charge.Weights, func(w tenancy.Weight) bool { return w.Name == p.resource })
		if w < 0 {
			if q, ok := charge.Quota.Of(p.resource); ok {
				d.Fixed = d.Fixed.Add(p.of(q))
			}
			continue
		}
		if p.money.Sign() > 0 {
			weight := charge.Weights[w]
			d.Shares = append(d.Shares, Share{Name: p.key, Weight: weight.Weight, Unit: p.unit, Price: p.money, price: p, units: weight.Minimum})
			if weight.Minimum > 0 {
				d.Shares[len(d.Shares)-1].Minimum = inUnits(p.unit, weight.Minimum)
			}
		}
	}
	d.Fixed = d.Fixed.Add(b.classes[charge.Class]).Add(b.backings[string(charge.Backing)])
	for _, set := range b.sets(charge) {
		d.Fixed = d.Fixed.Add(b.apis[set])
	}
	d.Fixed = d.Fixed.Mul(factor)
	left := budget.Sub(d.Fixed)
	var minimums, weights Money
	for i := range d.Shares {
		s := &d.Shares[i]
		minimums = minimums.Add(s.price.smallest.Times(s.units).Mul(factor))
		weights = weights.Add(one.Times(s.Weight))
	}
	if left.Cmp(minimums) < 0 {
		d.short = minimums.Sub(left)
		for i := range d.Shares {
			s := &d.Shares[i]
			if least := one.Times(s.units); left.Sign() > 0 && minimums.Sign() > 0 {
				steps := least.Mul(left).floor(minimums.Times(step(s.Unit)))
				s.units = steps * step(s.Unit)
			} else {
				s.units = 0
			}
		}
	} else {
		left = left.Sub(minimums)
		for i := range d.Shares {
			s := &d.Shares[i]
			perStep := s.price.smallest.Times(step(s.Unit)).Mul(factor)
			steps := left.Times(s.Weight).floor(perStep.Mul(weights))
			s.units += min(steps, most/step(s.Unit)) * step(s.Unit)
		}
	}
	d.reckon()
	return d
}

// reckon makes costs and remainder follow from the amounts.
func (d *Division) reckon() {
	d.Remainder = d.Budget.Sub(d.Fixed)
	for i := range d.Shares {
		s := &d.Shares[i]
		s.Amount = inUnits(s.Unit, s.units)
		s.Cost = s.price.smallest.Times(s.units).Mul(d.Factor)
		d.Remainder = d.Remainder.Sub(s.Cost)
	}
}

// set makes shares what a charge has of them.
func (d *Division) set(charge *tenancy.Charge) {
	for i := range d.Shares {
		s := &d.Shares[i]
		have, _ := charge.Quota.Of(s.price.resource)
		s.units = quota.Units(s.price.resource, have)
	}
	d.reckon()
}

// units returns the amounts of a charge's weights, in their order. What could not
// be divided, since it has no price, has its minimum.
func (d *Division) units(charge *tenancy.Charge) []int64 {
	out := make([]int64, len(charge.Weights))
	for i, w := range charge.Weights {
		out[i] = w.Minimum
		for _, s := range d.Shares {
			if s.price.resource == w.Name {
				out[i] = s.units
			}
		}
	}
	return out
}

// Dividing is what dividing budgets depends on, beside the tenancy and its prices.
type Dividing struct {
	// Former are the decisions before this run.
	Former  *pins.Pins
	History *history.History
	// Eligible names the physical clusters that could take a logical cluster.
	Eligible func(*tenancy.LogicalCluster) []string
	// Placed are physical clusters that this run has found for new logical clusters.
	Placed map[string]string
	// Admitted says how much of each amount the patterns above the documents admit.
	// The result is that of load.Loader's Hold.
	Admitted func(questions map[*tenancy.LogicalCluster][]eval.Most) (map[*tenancy.LogicalCluster][]eval.Admitted, error)
}

// Divided is a tenancy whose budgets are divided.
type Divided struct {
	Tenancy  *tenancy.Tenancy
	Bases    Bases
	Findings []tenancy.Finding
}

// Divide gives every logical cluster that has weights the quota that its budget
// comes to, before anything is judged by it. It is divided at the prices of the
// physical cluster where the logical cluster stands, or of the dearest that it may
// be placed on.
func Divide(t *tenancy.Tenancy, book *Book, by Dividing) (Divided, error) {
	d := divider{Dividing: by, checker: checker{t: t, former: by.Former, history: by.History}, book: book, bases: Bases{}}
	var asked []*tenancy.LogicalCluster
	for _, lc := range t.LogicalClusters {
		if len(lc.Weights) > 0 {
			asked = append(asked, lc)
		}
	}
	if len(asked) == 0 {
		return Divided{Tenancy: t}, nil
	}
	for _, lc := range asked {
		d.charges = append(d.charges, lc.Charge())
		d.budgets = append(d.budgets, d.budget(lc))
	}
	amounts := make([][]int64, len(asked))
	questions := map[*tenancy.LogicalCluster][]eval.Most{}
	for i, lc := range asked {
		amounts[i] = d.one(lc, i)
		for n, w := range lc.Weights {
			questions[lc] = append(questions[lc], eval.Most{Path: []string{"quota", w.Key}, N: amounts[i][n],
				Spellings: func(n int64) []string { return spellings(w.Name, n) }})
		}
	}
	admitted, err := by.Admitted(questions)
	if err != nil {
		return Divided{}, err
	}
	divided := make([]*tenancy.LogicalCluster, len(asked))
	for i, lc := range asked {
		var caps []tenancy.Cap
		for n, a := range admitted[lc] {
			caps = append(caps, d.bound(lc, n, &amounts[i][n], a)...)
		}
		var found []tenancy.Finding
		divided[i], found = resolve.Divided(lc, amounts[i], caps...)
		d.found = append(d.found, found...)
	}
	d.anew(divided, amounts)
	return Divided{Tenancy: t.With(divided), Bases: d.bases, Findings: d.found}, nil
}

type divider struct {
	Dividing
	checker
	book    *Book
	bases   Bases
	charges []tenancy.Charge
	budgets []Money
}

// spellings are the ways in which a document may write an amount.
func spellings(name string, n int64) []string {
	q := quota.Quantity(name, n)
	number := q.AsDec().String()
	return []string{number, fmt.Sprintf("%q", q.String())}
}

// budget reads the budget of a logical cluster.
func (d *divider) budget(lc *tenancy.LogicalCluster) Money {
	m, err := Parse(string(lc.Spec.Budget))
	if err != nil {
		return Money{} // Read speaks of it
	}
	return m
}

// one divides the budget of one logical cluster, and says why it can't be.
func (d *divider) one(lc *tenancy.LogicalCluster, i int) []int64 {
	charge := &d.charges[i]
	at := lc.Origins()["quota."+lc.Weights[0].Name].Pos
	switch {
	case lc.Spec.Budget == "":
		d.blamed(lc, diag.New(diag.NothingToDivide, at, "the quota of %s is to come from its budget, and it has none", lc.Key).
			Suggest("give it one: budget: 500"), "what is weighted is nothing")
		return make([]int64, len(lc.Weights))
	case d.book == nil:
		d.blamed(lc, diag.New(diag.NothingToDivide, at, "the budget of %s can't be divided: no price book holds at this date", lc.Key), "what is weighted is nothing")
		return make([]int64, len(lc.Weights))
	}
	basis := d.book.basis(lc, d.formerSite(lc), d.Placed[lc.Key], d.Eligible)
	d.bases[lc.Key] = basis
	division := d.book.divide(charge, d.budgets[i], basis.factor)
	for _, w := range lc.Weights {
		if !slices.ContainsFunc(division.Shares, func(s Share) bool { return s.price.resource == w.Name }) {
			d.blamed(lc, diag.New(diag.WeightedFree, lc.Origins()["quota."+w.Name].Pos, "%s has no price, so no budget can be divided into it", w.Key).
				See(d.book.At("quota"), "the prices stand here"), "it gets its minimum")
		}
	}
	if division.short.Sign() > 0 {
		need := d.budgets[i].Add(division.short).In(d.t.Settings.Currency)
		d.blamed(lc, diag.New(diag.MinimumsUncovered, lc.At("budget"), "the budget of %s does not cover its minimums, which come to %s with all that is not divided",
			lc.Key, need).See(at, "the minimums stand here").Suggest("raise the budget to at least %s, or lower minimums", need), "what the budget has left is divided by what the minimums cost")
	}
	return division.units(charge)
}

// bound holds an amount to what patterns admit, and returns the cap where they lower it.
func (d *divider) bound(lc *tenancy.LogicalCluster, n int, amount *int64, a eval.Admitted) []tenancy.Cap {
	w := lc.Weights[n]
	wished := quota.Quantity(w.Name, *amount)
	switch {
	case a.N == *amount:
		return nil
	case a.N < 0:
		d.blamed(lc, diag.New(diag.DivisionRefused, lc.Origins()["quota."+w.Name].Pos, "the budget of %s gives %s %s, and the patterns of the directories above admit neither that nor less",
			lc.Key, wished.String(), w.Key).See(a.Pos, "the limit stands here").Suggest("give %s an amount in quota", w.Key), "it is nothing")
		*amount = 0
		return nil
	}
	*amount = a.N
	return []tenancy.Cap{{Name: w.Name, By: "a pattern", Pos: a.Pos}}
}

// blamed reports an error of the document by whose change a division is not what
// it should be: the logical cluster's, that of an organization above it, its
// class's, or the price book's. Where none changed, a day has come, and it is a
// warning.
func (d *divider) blamed(lc *tenancy.LogicalCluster, problem diag.Diagnostic, held string) {
	m := &lc.Meta
	if !lc.Held && !d.history.Changed(m) {
		m = nil
		for _, o := range lc.Org.Ancestors() {
			if m == nil && o.Missing == nil && d.history.Changed(&o.Meta) {
				m = &o.Meta
			}
		}
		if m == nil && d.history.Changed(&lc.Class.Meta) {
			m = &lc.Class.Meta
		}
		if m == nil && d.book != nil && d.history.Changed(&d.book.Meta) {
			m = &d.book.Meta
		}
	}
	if m == nil {
		problem.Severity = diag.Warning
		d.found = append(d.found, tenancy.Finding{Diagnostic: problem.About(lc.String())})
		return
	}
	d.found = append(d.found, tenancy.Fault(m, problem, held))
}

// anew notes what another price book than that of the former run makes of the
// budgets of logical clusters that did not change.
func (d *divider) anew(lcs []*tenancy.LogicalCluster, amounts [][]int64) {
	if d.book == nil {
		return
	}
	former := BookOf(d.t, d.Former)
	if former == nil || former.Name == d.book.Name && !d.history.Changed(&d.book.Meta) {
		return
	}
	var changes []string
	var first []*tenancy.LogicalCluster
	for i, lc := range lcs {
		site := d.formerSite(lc)
		if site == nil || d.history.Changed(&lc.Meta) || d.history.Changed(&lc.Class.Meta) || d.history.ChangedAbove(lc.Org) {
			continue
		}
		division := former.divide(&d.charges[i], d.budgets[i], former.basis(lc, site, "", d.Eligible).factor)
		if parts := amountChanges(lc, division.units(&d.charges[i]), amounts[i]); len(parts) > 0 {
			first = append(first, lc)
			changes = append(changes, lc.Key+": "+strings.Join(parts, ", "))
		}
	}
	if len(changes) == 0 {
		return
	}
	what := "the budget of 1 logical cluster"
	if len(changes) > 1 {
		what = fmt.Sprintf("the budgets of %d logical clusters", len(changes))
	}
	n := diag.New(diag.DividedAnew, d.book.Pos, "prices %s divide %s anew", d.book.Name, what).About(d.book.String())
	for i, text := range changes[:min(len(changes), 8)] {
		n = n.See(first[i].At("budget"), "%s", text)
	}
	d.found = append(d.found, tenancy.Finding{Diagnostic: n})
}

// amountChanges tells which amounts of a logical cluster's weights differ. A cap holds
// for what they were as well.
func amountChanges(lc *tenancy.LogicalCluster, was, is []int64) []string {
	var out []string
	for n, w := range lc.Weights {
		before := was[n]
		if slices.ContainsFunc(lc.Caps, func(c tenancy.Cap) bool { return c.Name == w.Name }) {
			before = min(before, is[n])
		}
		if before != is[n] {
			a, b := quota.Quantity(w.Name, before), quota.Quantity(w.Name, is[n])
			out = append(out, fmt.Sprintf("%s %s → %s", w.Key, a.String(), b.String()))
		}
	}
	return out
}

// Capped notes where a bound keeps a division below what the budget would give.
// Ceilings are checked by then.
func Capped(t *tenancy.Tenancy) (out []tenancy.Finding) {
	for _, lc := range t.LogicalClusters {
		for _, c := range lc.Caps {
			q, _ := lc.Quota.Of(c.Name)
			i := slices.IndexFunc(lc.Weights, func(w tenancy.Weight) bool { return w.Name == c.Name })
			n := diag.New(diag.DivisionCapped, lc.At("budget"), "the budget of %s would give more %s than %s, where %s stops it", lc.Key, lc.Weights[i].Key, q.String(), c.By)
			out = append(out, tenancy.Finding{Diagnostic: n.See(c.Pos, "the limit stands here").About(lc.String())})
		}
	}
	return out
}

// Bases are the prices at which budgets are divided, by logical cluster.
type Bases map[string]basis

// basis is what prices are multiplied by, and the physical cluster that it is for.
type basis struct {
	at     string
	factor Money
}

// basis returns at which prices a budget is divided: where the logical cluster
// stands, with every copy that it left and the place that its document demands; for
// a new one where this run has placed it, or the dearest that could take it.
func (b *Book) basis(lc *tenancy.LogicalCluster, site *pins.LogicalCluster, placed string, eligible func(*tenancy.LogicalCluster) []string) basis {
	stands := standing(site)
	if len(stands) == 0 && placed != "" {
		stands = []string{placed}
	}
	if len(stands) > 0 {
		if to := lc.Placement.Cluster; to != "" && !slices.Contains(stands, to) {
			stands = append(stands, to)
		}
		out := basis{at: stands[0]}
		for _, name := range stands {
			out.factor = out.factor.Add(b.factor(name))
		}
		return out
	}
	out := basis{factor: one} // nothing can take it, and placing says so
	for _, name := range eligible(lc) {
		if f := b.factor(name); out.at == "" || f.Cmp(out.factor) > 0 {
			out = basis{name, f}
		}
	}
	return out
}

// Replaced returns where new logical clusters were placed for whom a budget was
// divided at other prices than those of the place: it is to be divided again there.
// One that was placed elsewhere than before comes with no place, and is divided at
// the prices of the dearest.
func (c *Costs) Replaced(former *pins.Pins, placed map[string]string) map[string]string {
	out := map[string]string{}
	for key, b := range c.bases {
		site := c.sites[key]
		if site == nil || b.at == "" || site.Cluster == b.at || former.LogicalClusters[key] != nil || len(site.Left) > 0 {
			continue
		}
		before, again := placed[key]
		switch factor := c.Book.factor(site.Cluster); {
		case !again && factor.Cmp(b.factor) < 0:
			out[key] = site.Cluster
		case before != "" && factor.Cmp(b.factor) > 0:
			out[key] = ""
		}
	}
	return out
}

// Division returns what the budget of a logical cluster is divided into, nil where
// it is not divided.
func (c *Costs) Division(lc *tenancy.LogicalCluster) *Division {
	basis, ok := c.bases[lc.Key]
	if !ok || !c.Priced() || lc.State == schema.Deleted {
		return nil
	}
	budget, err := Parse(string(lc.Spec.Budget))
	if err != nil {
		return nil
	}
	charge := lc.Charge()
	d := c.Book.divide(&charge, budget, basis.factor)
	d.At = basis.at
	for i := range d.Shares {
		for _, limit := range lc.Caps {
			if limit.Name == d.Shares[i].price.resource {
				d.Shares[i].Capped = limit.By
			}
		}
	}
	d.set(&charge)
	return &d
}
