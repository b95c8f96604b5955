package diag

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		name       string
		candidates string
		want       string
	}{
		{"standrad", "standard premium", "standard"},
		{"acme/payment/prod", "acme/payments/prod acme/payments/dev", "acme/payments/prod"},
		{"PROD", "prod dev", "prod"},
		{"v4", "v2 v3", "v2"},
		{"v4", "v3 v2", "v2"},
		{"databse", "kafka database databases", "database"},
		{"größe", "grösse größer", "größer"},
		{"kafka", "database", ""},
		{"prod", "dev", ""},
		{"x", "y", ""},
		{"", "a", ""},
		{"prod", "", ""},
		{"prod", "prod", ""},
		{"prod", "prod prods", "prods"},
	} {
		if got := Nearest(c.name, strings.Fields(c.candidates)); got != c.want {
			t.Errorf("Nearest(%q, %q) = %q, want %q", c.name, c.candidates, got, c.want)
		}
	}
	if got, want := DidYouMean("standrad", []string{"standard"}), `did you mean "standard"?`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := DidYouMean("a", []string{"zzz"}); got != "" {
		t.Errorf("got %s, want nothing", got)
	}
}

// editDistance fills the whole matrix, as the definition has it.
func editDistance(a, b []rune) int {
	m := make([][]int, len(a)+1)
	for i := range m {
		m[i] = make([]int, len(b)+1)
		for j := range m[i] {
			switch {
			case i == 0 || j == 0:
				m[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				m[i][j] = m[i-1][j-1]
			default:
				m[i][j] = m[i-1][j-1] + 1
			}
			m[i][j] = min(m[i][j], m[i-1][j]+1, m[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				m[i][j] = min(m[i][j], m[i-2][j-2]+1)
			}
		}
	}
	return m[len(a)][len(b)]
}

func TestNearestIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("abcé/")), 0, 14, -1)
		name := word.Draw(t, "name")
		candidates := rapid.SliceOfN(word, 0, 12).Draw(t, "candidates")
		n := len([]rune(name))
		best, least := "", min(max(n/3, 1), 3, n-1)
		for _, c := range candidates {
			if c == name || c == "" {
				continue
			}
			if d := editDistance([]rune(name), []rune(c)); d < least || d == least && (best == "" || c < best) {
				best, least = c, d
			}
		}
		if got := Nearest(name, candidates); got != best {
			t.Fatalf("Nearest = %q, want %q", got, best)
		}
		if got := Nearest(name, rapid.Permutation(candidates).Draw(t, "permuted")); got != best {
			t.Fatalf("in another order %q, want %q", got, best)
		}
	})
}

func manyKeys() []string {
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("org-%03d/team-%03d/prod", i/400, i%400)
	}
	return keys
}

// Nearest is quick among many, since it allocates for none of them by itself.
func TestNearestOfManyIsQuick(t *testing.T) {
	keys := manyKeys()
	if got := Nearest("org-123/taem-234/prod", keys); got != "org-123/team-234/prod" {
		t.Errorf("got %q", got)
	}
	if n := testing.AllocsPerRun(1, func() { Nearest("org-123/taem-234/prod", keys) }); n > 50 {
		t.Errorf("%v allocations among %d keys", n, len(keys))
	}
}

func BenchmarkNearest(b *testing.B) {
	keys := manyKeys()
	b.ReportAllocs()
	for b.Loop() {
		Nearest("org-123/taem-234/prod", keys)
	}
}
