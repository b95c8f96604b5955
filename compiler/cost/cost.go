// Package cost is what logical clusters cost a month at most, and the budgets
// that bound it.
//
// The worst case of a logical cluster is what its quota costs at the prices of
// the price book that holds, with the prices of its class, its backing and the
// API sets that it binds, times the factors of the physical cluster and the
// region where it stands. Everything that has a price must have a quota, so the
// worst case is a bound on what can newly be admitted. A copy that was left behind
// on another physical cluster costs until it is gone.
//
// All amounts are exact decimals; only what is shown is rounded, upwards.
package cost

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Kind is what sort of thing a part of a cost is for.
type Kind string

// The kinds.
const (
	Quota   Kind = "quota"
	Class   Kind = "class"
	Backing Kind = "backing"
	API     Kind = "api"
)

// Book is a price book that can be reckoned with. A nil Book prices nothing.
type Book struct {
	*tenancy.PriceBook
	quota    []price // by resource name
	classes  map[string]Money
	backings map[string]Money
	apis     map[string]Money
	// factors by physical cluster, the region's included; left out, 1.
	factors map[string]Money
	// resources that only priced API sets offer, by their keys, each with these sets,
	// the cheapest first.
	resources map[string][]string
}

// price is the price of one resource.
type price struct {
	resource string // as ResourceQuota has it
	key      string // as the book has it
	unit     quota.Unit
	money    Money // for a unit
	smallest Money // for a thousandth of a core, a byte, or a piece
}

var one, _ = Parse("1")

// factor returns what prices are multiplied by on a physical cluster.
func (b *Book) factor(cluster string) Money {
	if f, ok := b.factors[cluster]; ok {
		return f
	}
	return one
}

// Part is one part of a cost.
type Part struct {
	Kind Kind `json:"kind"`
	// Name of the quota's key, the class, the backing or the API set.
	Name string `json:"name"`
	// Amount in the unit, exact; empty but for quotas.
	Amount Money      `json:"amount,omitzero"`
	Unit   quota.Unit `json:"unit,omitempty"`
	// Price a month of one unit, and Cost of the amount, factors included.
	Price Money `json:"price"`
	Cost  Money `json:"cost"`
}

// Place is what a logical cluster costs on one physical cluster.
type Place struct {
	Cluster string `json:"cluster"`
	Region  string `json:"region,omitempty"`
	Factor  Money  `json:"factor"`
	// Left: it has moved away from there, and a copy still stands.
	Left bool `json:"left,omitempty"`
}

// Costs are the worst cases of all logical clusters. Nil Costs are those of a
// tenancy without prices.
type Costs struct {
	// Book is the price book that holds, nil where none does.
	Book     *Book
	Currency string
	total    map[string]Money
	sites    map[string]*pins.LogicalCluster
	clusters map[string]*tenancy.PhysicalCluster
	bases    Bases
}

// Of reckons what each placed logical cluster costs at most. The bases are those
// of Divide.
func Of(t *tenancy.Tenancy, book *Book, sites map[string]*pins.LogicalCluster, bases Bases) *Costs {
	c := &Costs{Book: book, Currency: t.Settings.Currency, sites: sites, bases: bases}
	if book == nil {
		return c
	}
	c.total = make(map[string]Money, len(t.LogicalClusters))
	for _, lc := range t.LogicalClusters {
		if lc.State != schema.Deleted {
			charge := lc.Charge()
			c.total[lc.Key] = book.total(&charge, sites[lc.Key])
		}
	}
	c.clusters = make(map[string]*tenancy.PhysicalCluster, len(t.Clusters))
	for _, p := range t.Clusters {
		c.clusters[p.Name] = p
	}
	return c
}

// Priced reports whether a price book holds.
func (c *Costs) Priced() bool { return c != nil && c.Book != nil }

// Total returns the worst case of a logical cluster a month. It is nothing for
// one that is not placed, or is declared deleted.
func (c *Costs) Total(key string) Money {
	if c == nil {
		return Money{}
	}
	return c.total[key]
}

// Places returns where a logical cluster costs something.
func (c *Costs) Places(lc *tenancy.LogicalCluster) []Place {
	if !c.Priced() || lc.State == schema.Deleted {
		return nil
	}
	var out []Place
	for i, name := range standing(c.sites[lc.Key]) {
		p := Place{Cluster: name, Factor: c.Book.factor(name), Left: i > 0}
		if cluster := c.clusters[name]; cluster != nil {
			p.Region = cluster.Region
		}
		out = append(out, p)
	}
	return out
}

// Parts returns what the cost of a logical cluster on a physical cluster is made
// of. The parts sum to its cost there.
func (c *Costs) Parts(lc *tenancy.LogicalCluster, p Place) []Part {
	var out []Part
	charge := lc.Charge()
	c.Book.each(&charge, func(part Part) {
		part.Cost = part.Cost.Mul(p.Factor)
		out = append(out, part)
	})
	return out
}

// standing lists the physical clusters on which a logical cluster's objects
// stand: where it is, then those that it has left.
func standing(site *pins.LogicalCluster) []string {
	if site == nil || site.Phase == pins.Gone {
		return nil
	}
	out := []string{site.Cluster}
	for i := range site.Left {
		if site.Left[i].Phase != pins.Gone {
			out = append(out, site.Left[i].Cluster)
		}
	}
	return out
}

// total returns what a charge costs where it stands.
func (b *Book) total(charge *tenancy.Charge, site *pins.LogicalCluster) Money {
	var sum, factor Money
	for _, cluster := range standing(site) {
		factor = factor.Add(b.factor(cluster))
	}
	if factor.Sign() == 0 {
		return sum
	}
	for i := range b.quota {
		p := &b.quota[i]
		if q, ok := charge.Quota.Of(p.resource); ok {
			sum = sum.Add(p.of(q))
		}
	}
	sum = sum.Add(b.classes[charge.Class]).Add(b.backings[string(charge.Backing)])
	for _, set := range b.sets(charge) {
		sum = sum.Add(b.apis[set])
	}
	return sum.Mul(factor)
}

// of returns what an amount costs.
func (p *price) of(q resource.Quantity) Money {
	return p.smallest.Times(quota.Units(p.resource, q))
}

// sets returns the API sets that a charge pays for: those that are bound, and those
// whose resources a set inside orgs/ offers in their place.
func (b *Book) sets(charge *tenancy.Charge) []string {
	if len(charge.Own) == 0 || len(b.resources) == 0 {
		return charge.APIs
	}
	out := slices.Clone(charge.APIs)
	for _, key := range charge.Own {
		offering := b.resources[key]
		if len(offering) > 0 && !slices.ContainsFunc(offering, func(set string) bool { return slices.Contains(out, set) }) {
			out = append(out, offering[0])
		}
	}
	slices.Sort(out)
	return out
}

// offered finds the resources that only priced API sets offer.
func (b *Book) offered(sets []*tenancy.APISet) {
	b.resources = map[string][]string{}
	free := map[string]bool{}
	for _, set := range sets {
		if document.InOrganizations(set.Dir) {
			continue
		}
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if b.apis[set.Name].Sign() == 0 {
					free[r.Key] = true
				} else if !slices.Contains(b.resources[r.Key], set.Name) {
					b.resources[r.Key] = append(b.resources[r.Key], set.Name)
				}
			}
		}
	}
	for key, names := range b.resources {
		if free[key] {
			delete(b.resources, key)
			continue
		}
		slices.SortFunc(names, func(x, y string) int { return cmp.Or(b.apis[x].Cmp(b.apis[y]), strings.Compare(x, y)) })
	}
}

// each calls f with the parts of a charge, without factors. What has no price is
// left out.
func (b *Book) each(charge *tenancy.Charge, f func(Part)) {
	for i := range b.quota {
		p := &b.quota[i]
		if q, ok := charge.Quota.Of(p.resource); ok && p.money.Sign() > 0 {
			f(Part{Quota, p.key, inUnits(p.unit, quota.Units(p.resource, q)), p.unit, p.money, p.of(q)})
		}
	}
	flat := func(kind Kind, name string, m Money) {
		if m.Sign() > 0 {
			f(Part{Kind: kind, Name: name, Price: m, Cost: m})
		}
	}
	flat(Class, charge.Class, b.classes[charge.Class])
	flat(Backing, string(charge.Backing), b.backings[string(charge.Backing)])
	for _, set := range b.sets(charge) {
		flat(API, set, b.apis[set])
	}
}

// inUnits returns an amount that is counted in thousandths of a core, bytes or
// pieces in its unit.
func inUnits(unit quota.Unit, n int64) Money { return one.Times(n).over(perUnit(unit)) }

// perUnit returns how many of the smallest amounts a unit has.
func perUnit(unit quota.Unit) int64 {
	switch unit {
	case quota.Core:
		return 1000
	case quota.GiB:
		return 1 << 30
	}
	return 1
}

// Read reads the price book that holds, and says what is wrong with any book and
// with any budget. The book is nil where none holds.
func Read(t *tenancy.Tenancy) (*Book, []tenancy.Finding) {
	r := &reader{t: t}
	var holds *Book
	for _, pb := range t.PriceBooks {
		if book := r.book(pb); pb == t.Prices {
			holds = book
		}
	}
	r.budgets(holds)
	return holds, r.found
}

// BookOf reads the price book that held in a former run, with the factors of
// today's physical clusters; nil where none did.
func BookOf(t *tenancy.Tenancy, former *pins.Pins) *Book {
	var holds *tenancy.PriceBook
	for name, text := range former.Documents {
		b := &tenancy.PriceBook{Meta: document.Meta{Kind: schema.KindPrices, Key: name.Key, Dir: name.Dir}, Name: name.Key}
		if name.Kind != schema.KindPrices || json.Unmarshal(text, &b.Spec) != nil || b.Spec.From > former.AsOf {
			continue
		}
		if holds == nil || b.Spec.From > holds.Spec.From {
			holds = b
		}
	}
	if holds == nil {
		return nil
	}
	return (&reader{t: t}).book(holds)
}

// reader gathers what is found while prices and budgets are read.
type reader struct {
	t     *tenancy.Tenancy
	found []tenancy.Finding
}

// money reads an amount of a document.
func (r *reader) money(m *document.Meta, text schema.Money, path ...string) Money {
	amount, err := Parse(string(text))
	if err != nil {
		r.found = append(r.found, tenancy.Fault(m, diag.New(diag.PriceInvalid, m.At(path...), "%s: %v", strings.Join(path, "."), err), "it counts as nothing"))
	}
	return amount
}

func (r *reader) book(pb *tenancy.PriceBook) *Book {
	b := &Book{PriceBook: pb, factors: map[string]Money{}}
	for key, text := range sorted(pb.Spec.Quota) {
		name := schema.ResourceName(key)
		p := price{resource: name, key: key, unit: quota.UnitOf(name), money: r.money(&pb.Meta, text, "quota", key)}
		p.smallest = p.money.over(perUnit(p.unit))
		b.quota = append(b.quota, p)
	}
	slices.SortFunc(b.quota, func(a, b price) int { return strings.Compare(a.resource, b.resource) })
	known := func(field, what string, names []string, in map[string]schema.Money) map[string]Money {
		out := map[string]Money{}
		for name, text := range sorted(in) {
			out[name] = r.money(&pb.Meta, text, field, name)
			if !slices.Contains(names, name) {
				d := diag.New(diag.UnknownPriced, pb.At(field, name), "prices %s: there is no %s %s", pb.Name, what, name).About(pb.String())
				if near := diag.DidYouMean(name, names); near != "" {
					d = d.Suggest("%s", near)
				}
				r.found = append(r.found, tenancy.Finding{Diagnostic: d})
			}
		}
		return out
	}
	var classes, sets, clusters, regions []string
	for _, c := range r.t.Classes {
		classes = append(classes, c.Name)
	}
	for _, s := range r.t.APISets {
		if tenancy.Reach(s.Dir) == "" {
			sets = append(sets, s.Name)
		}
	}
	for _, c := range r.t.Clusters {
		clusters, regions = append(clusters, c.Name), append(regions, c.Region)
	}
	b.classes = known("classes", "class", classes, pb.Spec.Classes)
	b.apis = known("apis", "API set outside orgs/", sets, pb.Spec.APIs)
	b.offered(r.t.APISets)
	b.backings = map[string]Money{}
	for backing, text := range sorted(pb.Spec.Backings) {
		b.backings[string(backing)] = r.money(&pb.Meta, text, "backings", string(backing))
	}
	byCluster := known("clusters", "physical cluster", clusters, pb.Spec.Clusters)
	byRegion := known("regions", "region with a physical cluster", regions, pb.Spec.Regions)
	for _, c := range r.t.Clusters {
		f, ok := byCluster[c.Name]
		if !ok {
			f = one
		}
		if region, ok := byRegion[c.Region]; ok {
			f = f.Mul(region)
		}
		b.factors[c.Name] = f
	}
	return b
}

// budgets reads every budget, and says where they can't mean anything.
func (r *reader) budgets(holds *Book) {
	var first *document.Meta
	see := func(m *document.Meta) {
		if first == nil {
			first = m
		}
	}
	for _, o := range r.t.Organizations {
		if o.Spec.Budget != "" {
			r.money(&o.Meta, o.Spec.Budget, "budget")
			see(&o.Meta)
		}
		if o.Spec.Overcommit != "" {
			r.money(&o.Meta, o.Spec.Overcommit, "overcommit")
		}
	}
	for _, lc := range r.t.LogicalClusters {
		if lc.Spec.Budget != "" && lc.State != schema.Deleted {
			r.money(&lc.Meta, lc.Spec.Budget, "budget")
			see(&lc.Meta)
		}
	}
	say := func(m *document.Meta, d diag.Diagnostic) {
		r.found = append(r.found, tenancy.Finding{Diagnostic: d.About(m.String())})
	}
	if first != nil && holds == nil {
		say(first, diag.New(diag.NoPrices, first.At("budget"), "the budget of %s bounds nothing: no price book holds at this date", first.Key))
	}
	if m := first; r.t.Settings.Currency == "" && (m != nil || holds != nil) {
		if holds != nil {
			m = &holds.Meta
		}
		say(m, diag.New(diag.NoCurrency, m.Pos, "amounts of money have no currency").Suggest(`name it in the settings: currency: "EUR"`))
	}
}
