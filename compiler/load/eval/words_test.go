package eval

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/schema"
)

// TestWords shows what stands in messages for the regular expressions of the schema.
func TestWords(t *testing.T) {
	k := &known{words: func() *strings.Replacer { return readWords(schema.Files()) }}
	for message, want := range map[string]string{
		`"x" is not allowed: it must match "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"`:          `"x" is not allowed: it must be a day: 2026-11-20`,
		`"4Gi4" is not allowed: want =~"^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$" or number`: `"4Gi4" is not allowed: want an amount as Kubernetes writes it: 4, 0.5, "250m", "96Gi"`,
		`the value is not settled: it is still =~"^[a-z0-9]([a-z0-9]|-[a-z0-9])*$" & strings.MaxRunes(40)`: `the value is not settled: it is still a name: a DNS label of at most 40 characters without two hyphens in a row`,
		`"9s" is not allowed: it must be !~"^([12]?[0-9]s)?$"`:                                             `"9s" is not allowed: it must be a length of time as Flux and Argo CD read it: 30s, 5m, 1h30m`,
		`"a" conflicts with "b"`: `"a" conflicts with "b"`,
	} {
		if got := k.plain(message); got != want {
			t.Errorf("%s\nbecomes %s", message, got)
		}
	}
}
