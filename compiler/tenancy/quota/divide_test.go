package quota

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// What a quota is divided into adds up to it exactly, whatever the shares.
func TestDivideIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Range(0, 1<<63-1)).Draw(t, "total")
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Part {
			if rapid.Bool().Draw(t, "fixed") {
				return Part{Fixed: true, Own: rapid.Int64Range(0, 300).Draw(t, "own")}
			}
			return Part{Share: rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 1_000_000)).Draw(t, "share")}
		}), 1, 12).Draw(t, "parts")
		out, left := Divide(total, parts)

		sum, own, shares := big.NewInt(left), int64(0), int64(0)
		for i, p := range parts {
			if out[i] < 0 {
				t.Fatalf("part %d gets %d", i, out[i])
			}
			sum.Add(sum, big.NewInt(out[i]))
			if p.Fixed {
				own += p.Own
			} else {
				shares += p.Share
			}
		}
		if sum.Cmp(big.NewInt(total)) != 0 {
			t.Fatalf("%v and %d left of %d", out, left, total)
		}
		if shares > 0 && left != 0 {
			t.Fatalf("%d left though somebody has a share", left)
		}
		if own > total {
			return
		}
		for i, p := range parts {
			if p.Fixed {
				if out[i] != p.Own {
					t.Fatalf("part %d asked for %d and gets %d", i, p.Own, out[i])
				}
				continue
			}
			if p.Share == 0 {
				if out[i] != 0 {
					t.Fatalf("part %d has no share and gets %d", i, out[i])
				}
				continue
			}
			// Nobody is further than one unit from the exact proportion.
			exact := new(big.Int).Mul(big.NewInt(total-own), big.NewInt(p.Share))
			got := new(big.Int).Mul(big.NewInt(out[i]), big.NewInt(shares))
			if diff := got.Sub(got, exact); diff.CmpAbs(big.NewInt(shares)) >= 0 {
				t.Fatalf("part %d gets %d of %d for a share of %d in %d", i, out[i], total-own, p.Share, shares)
			}
		}
	})
}

func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		name, text string
		units      int64
		problem    bool
	}{
		{"requests.cpu", "4", 4000, false},
		{"limits.cpu", "250m", 250, false},
		{"requests.cpu", "0.0001", 0, true},
		{"requests.cpu", "9e18", 0, true},
		{"requests.memory", "96Gi", 96 << 30, false},
		{"requests.memory", "0.5Gi", 1 << 29, false},
		{"requests.memory", "0.3", 0, true},
		{"pods", "100", 100, false},
		{"pods", "1k", 1000, false},
		{"pods", "500m", 0, true},
		{"count/jobs.batch", "1.5", 0, true},
		{"requests.nvidia.com/gpu", "2", 2, false},
		{"requests.nvidia.com/gpu", "0.5", 0, true},
		{"pods", "9223372036854775807", 1<<63 - 1, false},
		{"pods", "9223372036854775808", 0, true},
		{"pods", "-1", 0, true},
		{"pods", "many", 0, true},
	} {
		q, problem := Parse(c.name, c.text)
		if (problem != "") != c.problem {
			t.Errorf("%s of %s: problem %q", c.text, c.name, problem)
		} else if problem == "" && Units(c.name, q) != c.units {
			t.Errorf("%s of %s: %d units, want %d", c.text, c.name, Units(c.name, q), c.units)
		}
	}
}
