package evolution

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
	"sigs.k8s.io/yaml"
)

// Config tunes how changes are judged. The zero value changes nothing.
type Config struct {
	// Promise says for whom a verdict is given; empty means for writers and readers.
	Promise schema.Promise `json:"promise,omitempty"`
	// Holds are names of conditions that are known to hold: what depends on them
	// alone is compatible.
	Holds []string `json:"holds,omitempty"`
	// Rules judge a rule, or one of its cases, otherwise. The key is the rule's id, or
	// rule/case, which goes before.
	Rules map[string]Judgement `json:"rules,omitempty"`
}

// Judgement replaces the classes of a rule; an empty one leaves them as they are.
type Judgement struct {
	Writers Class `json:"writers,omitempty"`
	Readers Class `json:"readers,omitempty"`
	// Paths limit the judgement to places at or below these: ".spec.replicas".
	Paths []string `json:"paths,omitempty"`
}

// ParseConfig reads a configuration from YAML or JSON. Whatever it does not know
// is an error: a misspelt rule would change nothing, and nobody would notice.
func ParseConfig(data []byte) (Config, error) {
	var c Config
	if err := yaml.UnmarshalStrict(data, &c); err != nil {
		return Config{}, fmt.Errorf("%s", strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error unmarshaling JSON: "), "while decoding JSON: "))
	}
	return c, c.check()
}

func (c Config) check() error {
	if promises := []schema.Promise{"", schema.PromiseBackward, schema.PromiseFull, schema.PromiseNone}; !slices.Contains(promises, c.Promise) {
		return fmt.Errorf("promise is backward, full or none, not %q", c.Promise)
	}
	for _, name := range c.Holds {
		if conditionTexts[name] == "" {
			return fmt.Errorf("holds: there is no condition %q; there are %s", name, strings.Join(sortedKeys(conditionTexts), ", "))
		}
	}
	for _, key := range sortedKeys(c.Rules) {
		id, kind, one := strings.Cut(key, "/")
		i := slices.IndexFunc(rules(), func(r *rule) bool { return r.ID == id })
		if i < 0 {
			return fmt.Errorf("rules: there is no rule %q", id)
		}
		r := rules()[i]
		if one && !slices.ContainsFunc(r.Cases, func(k ruleCase) bool { return k.ID == kind }) {
			return fmt.Errorf("rules: rule %s has no case %q", id, kind)
		}
		if r == unexplainedRule {
			return fmt.Errorf("rules: what is unexplained stays breaking")
		}
		j := c.Rules[key]
		for _, class := range []Class{j.Writers, j.Readers} {
			if class != "" && !slices.Contains(classes, class) {
				return fmt.Errorf("rules: %s: a class is compatible, conditional or breaking, not %q", key, class)
			}
		}
	}
	return nil
}

// tune applies the configuration to a change.
func (c *Config) tune(change *Change) {
	for _, key := range []string{change.Rule, change.Rule + "/" + change.Case} {
		j, ok := c.Rules[key]
		if !ok || len(j.Paths) > 0 && !slices.ContainsFunc(j.Paths, func(p string) bool { return below(change.Path, p) }) {
			continue
		}
		if j.Writers != "" {
			change.Writers, change.WritersIf = j.Writers, ""
		}
		if j.Readers != "" {
			change.Readers, change.ReadersIf = j.Readers, ""
		}
	}
	if change.Writers == Conditional && slices.Contains(c.Holds, change.WritersIf) {
		change.Writers, change.WritersIf = Compatible, ""
	}
	if change.Readers == Conditional && slices.Contains(c.Holds, change.ReadersIf) {
		change.Readers, change.ReadersIf = Compatible, ""
	}
}

// below reports whether a path is another one or lies below it.
func below(path, top string) bool {
	rest, ok := strings.CutPrefix(path, top)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
