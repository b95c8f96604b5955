package cost

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
	"gopkg.in/inf.v0"
)

// Money is an exact decimal amount, or an exact factor. The zero value is
// nothing. It never changes.
type Money struct{ dec *inf.Dec }

var nothing = new(inf.Dec)

func (m Money) value() *inf.Dec {
	if m.dec == nil {
		return nothing
	}
	return m.dec
}

// maxDecimals is how fine an amount in a document may be.
const maxDecimals = 12

// Parse reads an amount as a document, or JSON, has it: 12.30, 1e3. It refuses
// what is negative, or finer than twelve decimals.
func Parse(text string) (Money, error) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	d, ok := new(inf.Dec).SetString(mantissa)
	if !ok || strings.ContainsAny(mantissa, "/") {
		return Money{}, fmt.Errorf("%q is no amount", text)
	}
	if scientific {
		n, err := strconv.Atoi(exponent)
		if err != nil || n < -30 || n > 30 {
			return Money{}, fmt.Errorf("%s is no amount that can be reckoned with", text)
		}
		d.SetScale(d.Scale() - inf.Scale(n))
	}
	if d.Sign() < 0 {
		return Money{}, fmt.Errorf("%s is below nothing", text)
	}
	d = trim(d)
	if d.Scale() > maxDecimals {
		return Money{}, fmt.Errorf("%s has more than %d decimals", text, maxDecimals)
	}
	return Money{d}, nil
}

// trim returns the same number without zeros at its end, and with no negative
// scale.
func trim(d *inf.Dec) *inf.Dec {
	if d.Sign() == 0 {
		return nothing
	}
	n, scale := new(big.Int).Set(d.UnscaledBig()), d.Scale()
	ten, rest, quotient := big.NewInt(10), new(big.Int), new(big.Int)
	for scale > 0 {
		if quotient.QuoRem(n, ten, rest); rest.Sign() != 0 {
			break
		}
		n.Set(quotient)
		scale--
	}
	for ; scale < 0; scale++ {
		n.Mul(n, ten)
	}
	return inf.NewDecBig(n, scale)
}

// Add returns the sum.
func (m Money) Add(n Money) Money {
	if m.dec == nil {
		return n
	}
	if n.dec == nil {
		return m
	}
	return Money{new(inf.Dec).Add(m.dec, n.dec)}
}

// Sub returns the difference, which may be below nothing.
func (m Money) Sub(n Money) Money { return Money{new(inf.Dec).Sub(m.value(), n.value())} }

// Mul returns the product.
func (m Money) Mul(n Money) Money { return Money{new(inf.Dec).Mul(m.value(), n.value())} }

// Times returns n times the amount.
func (m Money) Times(n int64) Money {
	return Money{new(inf.Dec).Mul(m.value(), inf.NewDec(n, 0))}
}

// Cmp returns -1, 0 or 1.
func (m Money) Cmp(n Money) int { return m.value().Cmp(n.value()) }

// Sign returns -1, 0 or 1.
func (m Money) Sign() int { return m.value().Sign() }

// Floor returns the whole part of the amount, at most 1<<60.
func (m Money) Floor() int64 { return m.floor(one) }

// floor returns how often a divisor above nothing goes into the amount, at most
// 1<<60 times.
func (m Money) floor(divisor Money) int64 {
	n, whole := new(inf.Dec).QuoRound(m.value(), divisor.value(), 0, inf.RoundFloor).Unscaled()
	if !whole {
		return 1 << 60
	}
	return min(n, 1<<60)
}

// over returns the quotient by a divisor whose only prime factors are 2 and 5, for
// which it is exact.
func (m Money) over(n int64) Money {
	return Money{new(inf.Dec).QuoExact(m.value(), inf.NewDec(n, 0))}
}

// String returns the exact decimal, without zeros at its end.
func (m Money) String() string { return trim(m.value()).String() }

// Share returns how many of n equal parts of the whole the amount is, rounded
// down; 0 where the whole is nothing.
func (m Money) Share(whole Money, n int64) int64 {
	if whole.Sign() <= 0 || m.Sign() <= 0 {
		return 0
	}
	share, _ := new(inf.Dec).QuoRound(m.Times(n).value(), whole.value(), 0, inf.RoundDown).Unscaled()
	return share
}

// In returns the amount as it is shown in a currency: rounded up to what can be
// paid in it, by ISO 4217, so that no bound looks lower than it is, with the
// currency's code after it: 3.20 EUR, 4 JPY. Two decimals where the currency is
// not known.
func (m Money) In(code string) string { return m.rounded(code, inf.RoundUp) }

// AtMost is In, rounded down: for what fits into a bound.
func (m Money) AtMost(code string) string { return m.rounded(code, inf.RoundDown) }

func (m Money) rounded(code string, by inf.Rounder) string {
	text := new(inf.Dec).Round(m.value(), inf.Scale(decimals(code)), by).String()
	if code == "" {
		return text
	}
	return text + " " + code
}

// decimals returns how many decimals a currency has.
func decimals(code string) int {
	if unit, err := currency.ParseISO(code); err == nil {
		scale, _ := currency.Standard.Rounding(unit)
		return scale
	}
	return 2
}

// MarshalText writes the exact decimal.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
