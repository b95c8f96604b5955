package evolution

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/testkit"
)

const (
	page = "../../../docs/evolution.md"
	mark = "## Rules\n"
)

// The tables in docs/evolution.md are those of the rules themselves.
func TestDocumentation(t *testing.T) {
	before, _, _ := strings.Cut(testkit.ReadFile(t, page), mark)
	testkit.Golden(t, page, before+mark+tables())
}

func tables() string {
	var b strings.Builder
	for _, level := range []struct {
		title string
		has   func(*rule) bool
	}{
		{"The definition", func(r *rule) bool { return r.definition != nil }},
		{"Each version", func(r *rule) bool { return r.version != nil }},
		{"Each place in a schema", func(r *rule) bool { return r.schema != nil }},
		{"Everything else", func(r *rule) bool { return r == unexplainedRule }},
	} {
		fmt.Fprintf(&b, "\n### %s\n\n| Rule | Looks at | Case | What happens | Writers | Readers |\n| --- | --- | --- | --- | --- | --- |\n", level.title)
		var reasons strings.Builder
		for _, r := range rules() {
			if !level.has(r) {
				continue
			}
			fmt.Fprintf(&reasons, "- `%s`: %s\n", r.ID, r.Reason)
			if len(r.Cases) == 0 {
				fmt.Fprintf(&b, "| `%s` | %s | | | | |\n", r.ID, r.Looks)
			}
			for i, c := range r.Cases {
				id, looks := "`"+r.ID+"`", r.Looks
				if i > 0 {
					id, looks = "", ""
				}
				fmt.Fprintf(&b, "| %s | %s | `%s` | %s | %s | %s |\n", id, looks, c.ID, c.What, class(c.Writers, c.WritersIf), class(c.Readers, c.ReadersIf))
			}
		}
		fmt.Fprintf(&b, "\nWhy:\n\n%s", reasons.String())
	}
	fmt.Fprintf(&b, "\n## Conditions\n\n| Condition | It holds if |\n| --- | --- |\n")
	for _, name := range sortedKeys(conditionTexts) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, conditionTexts[name])
	}
	return b.String()
}

func class(c Class, condition string) string {
	if condition != "" {
		return "`" + condition + "`"
	}
	return string(c)
}

// Rules are complete and consistent: each has a reason, looks at one level, and
// every conditional class names a condition that exists.
func TestRules(t *testing.T) {
	ids := map[string]bool{}
	named := map[string]bool{}
	for _, r := range rules() {
		levels := 0
		for _, has := range []bool{r.definition != nil, r.version != nil, r.schema != nil, r == unexplainedRule} {
			if has {
				levels++
			}
		}
		if ids[r.ID] || r.Looks == "" || !strings.HasSuffix(r.Reason, ".") || levels != 1 {
			t.Errorf("rule %q is not unique, not explained, or looks at %d levels", r.ID, levels)
		}
		ids[r.ID] = true
		cases := map[string]bool{}
		for _, c := range r.Cases {
			if cases[c.ID] || c.What == "" {
				t.Errorf("case %s/%s is not unique or not explained", r.ID, c.ID)
			}
			cases[c.ID] = true
			for _, side := range []struct {
				class     Class
				condition string
			}{{c.Writers, c.WritersIf}, {c.Readers, c.ReadersIf}} {
				if (side.class == Conditional) != (side.condition != "") || side.condition != "" && conditionTexts[side.condition] == "" {
					t.Errorf("case %s/%s is %s under the condition %q", r.ID, c.ID, side.class, side.condition)
				}
				named[side.condition] = true
			}
		}
	}
	for name := range conditionTexts {
		if !named[name] {
			t.Errorf("condition %s is named by no rule", name)
		}
	}
}
