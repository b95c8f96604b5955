package cost_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/cost"
	"pgregory.net/rapid"
)

func money(t interface{ Fatal(...any) }, text string) cost.Money {
	m, err := cost.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want, problem string }{
		{"0", "0", ""}, {"12.30", "12.3", ""}, {"800", "800", ""}, {"1e3", "1000", ""}, {"1.5E+2", "150", ""}, {"25e-1", "2.5", ""},
		{"0.000000000001", "0.000000000001", ""}, {"1.1000000000000000000", "1.1", ""},
		{"0.0000000000001", "", "more than 12 decimals"}, {"1e-13", "", "more than 12 decimals"},
		{"-1", "", "below nothing"}, {"1e999999999", "", "can be reckoned with"}, {"", "", "no amount"}, {"1/3", "", "no amount"}, {"ten", "", "no amount"},
	} {
		m, err := cost.Parse(c.text)
		switch {
		case c.problem == "" && (err != nil || m.String() != c.want):
			t.Errorf("%q is %s, %v; want %s", c.text, m, err, c.want)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%q: %v, want %q", c.text, err, c.problem)
		}
	}
}

func TestShown(t *testing.T) {
	for _, c := range []struct{ amount, code, up, down string }{
		{"3.2", "EUR", "3.20 EUR", "3.20 EUR"}, {"3.201", "EUR", "3.21 EUR", "3.20 EUR"}, {"3.2", "JPY", "4 JPY", "3 JPY"},
		{"3.2001", "KWD", "3.201 KWD", "3.200 KWD"}, {"3.201", "", "3.21", "3.20"}, {"0", "EUR", "0.00 EUR", "0.00 EUR"},
	} {
		m := money(t, c.amount)
		if up, down := m.In(c.code), m.AtMost(c.code); up != c.up || down != c.down {
			t.Errorf("%s is shown as %s and %s, want %s and %s", c.amount, up, down, c.up, c.down)
		}
	}
}

// Sums, products and comparisons are those of exact fractions.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?`)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		x, y := money(t, a), money(t, b)
		p, _ := new(big.Rat).SetString(a)
		q, _ := new(big.Rat).SetString(b)
		n := rapid.Int64Range(0, 1<<62).Draw(t, "n")
		for _, c := range []struct {
			name string
			got  cost.Money
			want *big.Rat
		}{
			{"sum", x.Add(y), new(big.Rat).Add(p, q)},
			{"difference", x.Sub(y), new(big.Rat).Sub(p, q)},
			{"product", x.Mul(y), new(big.Rat).Mul(p, q)},
			{"multiple", x.Times(n), new(big.Rat).Mul(p, new(big.Rat).SetInt64(n))},
		} {
			if got, ok := new(big.Rat).SetString(c.got.String()); !ok || got.Cmp(c.want) != 0 {
				t.Fatalf("%s of %s and %s (%d) is %s, want %s", c.name, a, b, n, c.got, c.want)
			}
		}
		if x.Cmp(y) != p.Cmp(q) {
			t.Fatalf("%s and %s compare as %d", a, b, x.Cmp(y))
		}
	})
}
