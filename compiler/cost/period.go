package cost

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"gopkg.in/inf.v0"
)

// Period is a time in which one price book holds; Book is nil where none does.
type Period struct {
	Book     *Book
	From, To time.Time
}

// Periods divides a time, which begins and ends with a day in UTC, by the price
// books that hold in it.
func Periods(t *tenancy.Tenancy, from, to time.Time) []Period {
	r := &reader{t: t}
	var out []Period
	var last *tenancy.PriceBook
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		var holds *tenancy.PriceBook
		for _, b := range t.PriceBooks {
			if b.Spec.From <= day.Format(time.DateOnly) && (holds == nil || b.Spec.From > holds.Spec.From) {
				holds = b
			}
		}
		if len(out) == 0 || holds != last {
			p := Period{From: day}
			if holds != nil {
				p.Book = r.book(holds)
			}
			out, last = append(out, p), holds
		}
		out[len(out)-1].To = day.AddDate(0, 0, 1)
	}
	return out
}

// Rate is what one unit of a resource costs a month, without factors.
type Rate struct {
	Key   string // as the price book has it
	Unit  quota.Unit
	Price Money
}

// Rate returns the rate of a resource by its name in a ResourceQuota; false where
// it has no price.
func (b *Book) Rate(name string) (Rate, bool) {
	for _, p := range b.quota {
		if p.resource == name && p.money.Sign() > 0 {
			return Rate{p.key, p.unit, p.money}, true
		}
	}
	return Rate{}, false
}

// Flat returns what a logical cluster costs whatever it takes: its class, its
// backing and its API sets, without factors.
func (b *Book) Flat(lc *tenancy.LogicalCluster) []Part {
	charge := lc.Charge()
	charge.Quota = nil
	var out []Part
	b.each(&charge, func(p Part) { out = append(out, p) })
	return out
}

// Factor returns what prices are multiplied by on a physical cluster.
func (b *Book) Factor(cluster string) Money { return b.factor(cluster) }

// WorstCase returns what a logical cluster costs a month at most.
func (b *Book) WorstCase(lc *tenancy.LogicalCluster, site *pins.LogicalCluster) Money {
	charge := lc.Charge()
	return b.total(&charge, site)
}

// ParseExact reads an amount as Parse does, however fine it is.
func ParseExact(text string) (Money, error) {
	if len(text) > 64 {
		return Money{}, fmt.Errorf("%.20q... is no amount", text)
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if _, decimals, _ := strings.Cut(mantissa, "."); len(decimals) <= maxDecimals && exponent == "" {
		return Parse(text)
	}
	d, ok := new(inf.Dec).SetString(mantissa)
	if !ok || strings.Contains(mantissa, "/") {
		return Money{}, fmt.Errorf("%q is no amount", text)
	}
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n < -40 || n > 40 {
			return Money{}, fmt.Errorf("%s is no amount that can be reckoned with", text)
		}
		d.SetScale(d.Scale() - inf.Scale(n))
	}
	if d.Sign() < 0 {
		return Money{}, fmt.Errorf("%s is below nothing", text)
	}
	return Money{trim(d)}, nil
}

// Portion returns n of d equal parts of the amount, rounded down to twelve decimals.
func (m Money) Portion(n, d int64) Money {
	return Money{trim(new(inf.Dec).QuoRound(m.Times(n).value(), inf.NewDec(d, 0), maxDecimals, inf.RoundDown))}
}

// Rounded returns what can be paid of an amount in a currency: the nearest, and of
// two the upper.
func (m Money) Rounded(code string) Money {
	return Money{new(inf.Dec).Round(m.value(), inf.Scale(decimals(code)), inf.RoundHalfUp)}
}
