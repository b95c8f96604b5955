package cost

import (
	"fmt"
	"testing"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

// A division neither makes nor loses money, never exceeds what it divides, and
// gives nobody less for a larger budget or at lower prices.
func TestDivision(t *testing.T) {
	names := []string{"requests.cpu", "requests.memory", "services.loadbalancers"}
	rapid.Check(t, func(t *rapid.T) {
		amount := func(label string) Money {
			m, err := Parse(rapid.StringMatching(`(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?`).Draw(t, label))
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		b := &Book{classes: map[string]Money{"c": amount("class")}}
		charge := tenancy.Charge{Class: "c"}
		for i, name := range names {
			p := price{resource: name, key: name, unit: quota.UnitOf(name), money: amount("price").Add(one)}
			p.smallest = p.money.over(perUnit(p.unit))
			b.quota = append(b.quota, p)
			charge.Weights = append(charge.Weights, tenancy.Weight{Name: name, Key: name, Weight: rapid.Int64Range(1, 9).Draw(t, "weight"),
				Minimum: rapid.Int64Range(0, 3).Draw(t, "minimum") * []int64{1000, 1 << 30, 1}[i]})
		}
		factor, budget, more := amount("factor").Add(one), amount("budget"), amount("more")
		d := b.divide(&charge, budget, factor)
		sum := d.Fixed.Add(d.Remainder)
		for _, s := range d.Shares {
			sum = sum.Add(s.Cost)
			if s.units < 0 {
				t.Fatalf("%s gets %d", s.Name, s.units)
			}
		}
		if sum.Cmp(budget) != 0 {
			t.Fatalf("a budget of %s became %s", budget, sum)
		}
		if d.Remainder.Sign() < 0 && (d.Fixed.Cmp(budget) <= 0 || d.Shares[0].units+d.Shares[1].units+d.Shares[2].units > 0) {
			t.Fatalf("a budget of %s is exceeded by %s", budget, d.Remainder)
		}
		larger, dearer := b.divide(&charge, budget.Add(more), factor), b.divide(&charge, budget, factor.Add(more))
		for i, s := range d.Shares {
			if n := larger.Shares[i].units; n < s.units {
				t.Fatalf("%s gets %d of %s and %d of %s more", s.Name, s.units, budget, n, more)
			}
			if n := dearer.Shares[i].units; n > s.units {
				t.Fatalf("%s gets %d of %s and %d where all costs more", s.Name, s.units, budget, n)
			}
		}
	})
}

// Rounding is downwards, to a thousandth of a core, a MiB and a piece; what no
// whole step is paid for stays unused.
func TestDivisionRounds(t *testing.T) {
	parse := func(text string) Money {
		m, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	b := (&reader{t: &tenancy.Tenancy{}}).book(&tenancy.PriceBook{Spec: schema.PriceBook{Quota: schema.Prices{"cpu": "3", "memory": "7", "loadBalancers": "14"}}})
	charge := tenancy.Charge{Weights: []tenancy.Weight{
		{Name: "requests.cpu", Weight: 1}, {Name: "requests.memory", Weight: 1}, {Name: "services.loadbalancers", Weight: 1}}}
	d := b.divide(&charge, parse("100"), one)
	got := fmt.Sprint(d.Shares[0].Amount, d.Shares[1].Amount, d.Shares[2].Amount, d.Remainder)
	if want := "11.111 4.76171875 2 5.33496875"; got != want {
		t.Errorf("divided into %s, want %s", got, want)
	}
}
