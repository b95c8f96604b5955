// Package bill joins what was used in a month with the price books that held in
// it, and writes a statement for each organization at the top of the tree.
//
// A price is a month's. Whoever uses an amount for a part of the month pays that
// part of the price: the seconds of use over the seconds of the month in UTC, so a
// core costs the same in February as in March when it is used all month. Where a
// price book takes the place of another within the month, each is used for its own
// days.
//
// How much of a month each unit was used is rounded once, down, to twelve decimals;
// what follows from that is exact. What an organization pays is the sum of its lines,
// rounded once to what can be paid in the currency.
package bill

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Month is a month of the calendar in UTC.
type Month struct{ From, To time.Time }

// ParseMonth reads a month such as 2026-11.
func ParseMonth(text string) (Month, error) {
	from, err := time.Parse("2006-01", text)
	if err != nil {
		return Month{}, fmt.Errorf("%q is no month such as 2026-11", text)
	}
	return Month{from, from.AddDate(0, 1, 0)}, nil
}

func (m Month) String() string { return m.From.Format("2006-01") }

// hours is how many hours the month has.
func (m Month) hours() int64 { return m.seconds() / 3600 }

func (m Month) seconds() int64 { return int64(m.To.Sub(m.From) / time.Second) }

// Bill is what all organizations pay for a month.
type Bill struct {
	Month string `json:"month"`
	// Pins are the decisions that say where logical clusters are.
	Pins       pins.Origin `json:"pins"`
	Hours      int64       `json:"hours"`
	Currency   string      `json:"currency"`
	Statements []Statement `json:"statements"`

	month Month
}

// Statement is what an organization at the top of the tree pays.
type Statement struct {
	Organization string `json:"organization"`
	DisplayName  string `json:"displayName,omitempty"`
	Lines        []Line `json:"lines"`
	// Total is exact, and Payable what can be paid of it.
	Total   cost.Money `json:"total"`
	Payable cost.Money `json:"payable"`
}

// Line is what one logical cluster pays for one thing on one physical cluster,
// while one price book held.
type Line struct {
	LogicalCluster string     `json:"logicalCluster"`
	Cluster        string     `json:"cluster"`
	Region         string     `json:"region,omitempty"`
	Kind           cost.Kind  `json:"kind"`
	Name           string     `json:"name"`
	Unit           quota.Unit `json:"unit,omitempty"`
	Prices         string     `json:"prices"` // the price book
	From           time.Time  `json:"from"`
	To             time.Time  `json:"to"`
	// Quantity is in units times months, Price of a unit for a month, Factor what it
	// is multiplied by, and Cost the product of the three.
	Quantity cost.Money `json:"quantity"`
	Price    cost.Money `json:"price"`
	Factor   cost.Money `json:"factor"`
	Cost     cost.Money `json:"cost"`

	hours  cost.Money // in units times hours
	labels map[string]string
}

// Make makes the bill of a month. sites say where logical clusters stand, and name
// is that of the file of usage, for findings.
func Make(t *tenancy.Tenancy, sites map[string]*pins.LogicalCluster, month Month, name string, records []Record) (*Bill, []diag.Diagnostic) {
	m := &maker{t: t, sites: sites, month: month, name: name, periods: cost.Periods(t, month.From, month.To), sums: map[item]cost.Money{}, existed: map[string]bool{}}
	m.index()
	for _, p := range m.periods {
		if p.Book == nil {
			m.say(diag.New(diag.MonthWithoutPrices, diag.Position{}, "no price book holds from %s to %s, so nothing is billed for that time", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly)))
		}
	}
	m.records(records)
	m.flat()
	return m.bill(), m.found
}

type maker struct {
	t       *tenancy.Tenancy
	sites   map[string]*pins.LogicalCluster
	month   Month
	name    string
	periods []cost.Period
	found   []diag.Diagnostic

	byName      map[string]*tenancy.LogicalCluster // keys and label values
	byNamespace map[[2]string]*tenancy.LogicalCluster
	// sums are amounts times seconds. existed are those whose existence was recorded.
	sums    map[item]cost.Money
	existed map[string]bool
}

// item is what amounts are summed by.
type item struct {
	key, cluster, resource string
	period                 int
}

func (m *maker) say(d diag.Diagnostic) { m.found = append(m.found, d) }

func (m *maker) index() {
	m.byName, m.byNamespace = map[string]*tenancy.LogicalCluster{}, map[[2]string]*tenancy.LogicalCluster{}
	for _, lc := range m.t.LogicalClusters {
		m.byName[lc.Key], m.byName[desired.LabelValue(lc.Key)] = lc, lc
		site := m.sites[lc.Key]
		if site == nil {
			continue
		}
		for _, s := range append([]pins.Site{site.Site}, site.Left...) {
			for _, n := range slices.Concat(s.Namespaces, s.Retired) {
				m.byNamespace[[2]string{s.Cluster, n.Physical}] = lc
			}
		}
	}
}

// whose returns the logical cluster and the physical cluster of a record.
func (m *maker) whose(r *Record) (lc *tenancy.LogicalCluster, cluster, problem string) {
	if r.Cluster != "" && m.t.Cluster(r.Cluster) == nil {
		return nil, "", "there is no physical cluster " + r.Cluster
	}
	if r.LogicalCluster == "" {
		for _, c := range m.t.Clusters {
			if found := m.byNamespace[[2]string{c.Name, r.Namespace}]; found != nil && (r.Cluster == "" || r.Cluster == c.Name) {
				if lc != nil && lc != found {
					return nil, "", "namespace " + r.Namespace + " is several logical clusters': name the physical cluster in a label cluster"
				}
				lc, cluster = found, c.Name
			}
		}
		if lc == nil {
			return nil, "", "namespace " + r.Namespace + " belongs to no logical cluster"
		}
		return lc, cluster, ""
	}
	if lc = m.byName[r.LogicalCluster]; lc == nil {
		return nil, "", "there is no logical cluster " + r.LogicalCluster
	}
	if cluster = r.Cluster; cluster == "" {
		if site := m.sites[lc.Key]; site != nil {
			cluster = site.Cluster
		}
	}
	return lc, cluster, ""
}

// records adds up what was used.
func (m *maker) records(records []Record) {
	var all []usage
	lines := map[usage][]*Record{}
	for i := range records {
		s, ok := m.usage(&records[i])
		if !ok {
			continue
		}
		if lines[s] == nil {
			all = append(all, s)
		}
		lines[s] = append(lines[s], &records[i])
	}
	for _, s := range all {
		if !m.priced(s.resource) {
			m.say(diag.New(diag.UsageUnpriced, diag.Position{File: m.name, Line: lines[s][0].Line}, "%s of %s has no price in %s, so it is not billed", s.resource, s.key, m.month))
			continue
		}
		m.addUp(s, lines[s])
	}
}

// usage is what a logical cluster used of a resource on a physical cluster.
type usage struct{ key, cluster, resource string }

// usage returns whose usage a record is, cut to the month; false if it is not billed.
func (m *maker) usage(r *Record) (usage, bool) {
	at := diag.Position{File: m.name, Line: r.Line}
	lc, cluster, problem := m.whose(r)
	if lc == nil {
		m.say(diag.New(diag.UsageUnknown, at, "%s", problem).Suggest("bill as of a revision that still has it: --revision"))
		return usage{}, false
	}
	name := r.Resource
	if name != existence {
		name = schema.ResourceName(name)
	}
	switch {
	case !r.To.After(m.month.From) || !r.From.Before(m.month.To):
		m.say(diag.New(diag.UsageOutside, at, "it lies outside %s", m.month))
		return usage{}, false
	case r.From.Before(m.month.From) || r.To.After(m.month.To):
		m.say(diag.New(diag.UsageOutside, at, "a part of it lies outside %s", m.month))
		if r.From = later(r.From, m.month.From); r.To.After(m.month.To) {
			r.To = m.month.To
		}
	}
	return usage{lc.Key, cluster, name}, true
}

// priced reports whether a resource has a price at any time of the month.
func (m *maker) priced(resource string) bool {
	return resource == existence || slices.ContainsFunc(m.periods, func(p cost.Period) bool {
		if p.Book == nil {
			return false
		}
		_, ok := p.Book.Rate(resource)
		return ok
	})
}

// addUp adds records of one usage, each instant once.
func (m *maker) addUp(u usage, records []*Record) {
	slices.SortStableFunc(records, func(a, b *Record) int { return a.From.Compare(b.From) })
	var last *Record
	for _, r := range records {
		if last != nil && r.From.Before(last.To) {
			m.say(diag.New(diag.UsageTwice, diag.Position{File: m.name, Line: max(r.Line, last.Line)}, "%s of %s is there twice from %s on", u.resource, u.key, r.From.Format(time.RFC3339)).
				See(diag.Position{File: m.name, Line: min(r.Line, last.Line)}, "the other stands here"))
			if r.From = last.To; !r.From.Before(r.To) {
				continue
			}
		}
		last = r
		m.add(item{key: u.key, cluster: u.cluster, resource: u.resource}, r)
	}
}

// add adds a record to the sums of the periods that it lies in.
func (m *maker) add(it item, r *Record) {
	if it.resource == existence {
		m.existed[it.key] = true
	}
	for i, p := range m.periods {
		from, to := later(r.From, p.From), r.To
		if to.After(p.To) {
			to = p.To
		}
		if p.Book == nil || !from.Before(to) {
			continue
		}
		it.period = i
		seconds := int64(to.Sub(from) / time.Second)
		if r.Hours {
			m.sums[it] = m.sums[it].Add(r.Amount.Times(3600).Portion(seconds, m.month.seconds()))
		} else {
			m.sums[it] = m.sums[it].Add(r.Amount.Times(seconds))
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// flat lets every logical cluster that stands exist all month, unless the usage
// says when it did.
func (m *maker) flat() {
	for _, lc := range m.t.LogicalClusters {
		site := m.sites[lc.Key]
		if m.existed[lc.Key] || site == nil || site.Phase == pins.Gone || lc.State == schema.Deleted {
			continue
		}
		one, _ := cost.Parse("1")
		m.add(item{key: lc.Key, cluster: site.Cluster, resource: existence}, &Record{From: m.month.From, To: m.month.To, Amount: one})
	}
}

// bill turns the sums into statements.
func (m *maker) bill() *Bill {
	b := &Bill{Month: m.month.String(), Hours: m.month.hours(), Currency: m.t.Settings.Currency, Statements: []Statement{}, month: m.month}
	byTop := map[string][]Line{}
	totals := map[string]cost.Money{}
	for it, sum := range m.sums {
		p := m.periods[it.period]
		lc := m.t.LogicalCluster(it.key)
		line := Line{LogicalCluster: it.key, Cluster: it.cluster, Prices: p.Book.Name, From: p.From, To: p.To, Factor: p.Book.Factor(it.cluster), labels: lc.Labels}
		if c := m.t.Cluster(it.cluster); c != nil {
			line.Region = c.Region
		}
		put := func(kind cost.Kind, name string, unit quota.Unit, per int64, price cost.Money) {
			line.Kind, line.Name, line.Unit, line.Price = kind, name, unit, price
			line.Quantity = sum.Portion(1, m.month.seconds()*per)
			line.hours = sum.Portion(1, 3600*per)
			line.Cost = line.Quantity.Mul(price).Mul(line.Factor)
			if line.Cost.Sign() > 0 {
				top := string(schema.OrgPath(it.key).Top())
				byTop[top] = append(byTop[top], line)
				totals[it.key] = totals[it.key].Add(line.Cost)
			}
		}
		if it.resource == existence {
			for _, part := range p.Book.Flat(lc) {
				put(part.Kind, part.Name, "", 1, part.Price)
			}
		} else if rate, ok := p.Book.Rate(it.resource); ok {
			per := int64(1)
			if rate.Unit == quota.GiB {
				per = 1 << 30
			}
			put(cost.Quota, rate.Key, rate.Unit, per, rate.Price)
		}
	}
	for _, lc := range m.t.LogicalClusters {
		m.above(lc, totals[lc.Key])
	}
	kinds := []cost.Kind{cost.Quota, cost.Class, cost.Backing, cost.API}
	for _, o := range m.t.Organizations {
		lines := byTop[o.Path]
		if o.Parent != nil || len(lines) == 0 {
			continue
		}
		slices.SortFunc(lines, func(a, b Line) int {
			return cmp.Or(strings.Compare(a.LogicalCluster, b.LogicalCluster), strings.Compare(a.Cluster, b.Cluster),
				cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), strings.Compare(a.Name, b.Name), a.From.Compare(b.From))
		})
		s := Statement{Organization: o.Path, DisplayName: o.Spec.DisplayName, Lines: lines}
		for _, l := range lines {
			s.Total = s.Total.Add(l.Cost)
		}
		s.Payable = s.Total.Rounded(b.Currency)
		b.Statements = append(b.Statements, s)
	}
	return b
}

// above says where a logical cluster is billed more than its worst case.
func (m *maker) above(lc *tenancy.LogicalCluster, billed cost.Money) {
	if billed.Sign() == 0 || lc.State == schema.Deleted {
		return
	}
	var worst cost.Money
	for _, p := range m.periods {
		if p.Book != nil {
			worst = worst.Add(p.Book.WorstCase(lc, m.sites[lc.Key]).Portion(int64(p.To.Sub(p.From)/time.Second), m.month.seconds()))
		}
	}
	if billed.Cmp(worst) > 0 {
		code := m.t.Settings.Currency
		m.say(diag.New(diag.BilledAboveWorst, lc.Pos, "%s is billed %s for %s, above its worst case of %s", lc.Key, billed.In(code), m.month, worst.In(code)).About(lc.String()).
			Suggest("see whether its quota was lowered during the month, or something is measured that its quota does not bound"))
	}
}
