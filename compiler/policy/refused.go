package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Refusal is why the API server would not take a part of a policy.
type Refusal struct {
	// Path leads to the part in the rules' document.
	Path    []string
	Message string
}

// maxConditions is how many match conditions an admission policy may have.
const maxConditions = 64

// Refusals returns what the API server refuses in the match constraints, conditions
// and messages of an admission policy, beyond what the schema of a document does: the
// rules of validateMatchResources, validateMatchConditions and validateValidation in
// Kubernetes' pkg/apis/admissionregistration/validation, which is not published as a
// library. ours is the number of conditions that are added to those of the document.
func Refusals(set *schema.RuleSet, ours int) (out []Refusal) {
	if m := set.MatchConstraints; m != nil {
		for field, rules := range map[string][]schema.ResourceRule{"resourceRules": m.ResourceRules, "excludeResourceRules": m.ExcludeResourceRules} {
			for i, r := range rules {
				out = append(out, refusedRule([]string{"matchConstraints", field, itoa(i)}, r)...)
			}
		}
	}
	if n := len(set.MatchConditions) + ours; n > maxConditions {
		out = append(out, Refusal{[]string{"matchConditions"}, fmt.Sprintf("there may be at most %d conditions, and with the platform's own there are %d", maxConditions, n)})
	}
	for i, r := range set.Rules {
		refuse := func(field, message string) {
			out = append(out, Refusal{[]string{"rules", itoa(i), field}, message})
		}
		switch {
		case r.Message == "":
		case strings.TrimSpace(r.Message) == "":
			refuse("message", "a message must say something")
		case strings.ContainsAny(r.Message, "\r\n"):
			refuse("message", "a message must be one line")
		}
		if r.MessageExpression != "" && strings.TrimSpace(r.MessageExpression) == "" {
			refuse("messageExpression", "there is no expression")
		}
	}
	slices.SortStableFunc(out, func(a, b Refusal) int { return slices.Compare(a.Path, b.Path) })
	return out
}

func refusedRule(at []string, r schema.ResourceRule) (out []Refusal) {
	refuse := func(field string, i int, format string, args ...any) {
		out = append(out, Refusal{append(slices.Clone(at), field, itoa(i)), fmt.Sprintf(format, args...)})
	}
	alone := func(field string, values []string) {
		if i := slices.Index(values, "*"); i >= 0 && len(values) > 1 {
			refuse(field, i, `"*" stands for all, and nothing else may stand beside it`)
		}
	}
	alone("apiGroups", r.APIGroups)
	alone("apiVersions", r.APIVersions)
	if i := slices.Index(r.APIVersions, ""); i >= 0 {
		refuse("apiVersions", i, "an API version can't be empty")
	}
	for i, name := range r.ResourceNames {
		if name == "." || name == ".." || strings.ContainsAny(name, "/%") {
			refuse("resourceNames", i, `%q names no object: a name is not "." or ".." and has neither "/" nor "%%"`, name)
		}
		if slices.Index(r.ResourceNames, name) < i {
			refuse("resourceNames", i, "%s stands there twice", name)
		}
	}
	all, parts := map[string]string{}, map[string]string{} // what x/* and */x stand for
	plain := -1
	for i, name := range r.Resources {
		resource, sub, divided := strings.Cut(name, "/")
		if !divided {
			if plain = i; name == "*" {
				plain = -1 // only what stands behind it counts
			}
			continue
		}
		if by, ok := all[resource]; ok {
			refuse("resources", i, "%s is among %s already", name, by)
		}
		if by, ok := parts[sub]; ok {
			refuse("resources", i, "%s is among %s already", name, by)
		}
		if sub == "*" {
			all[resource] = name
		}
		if resource == "*" {
			parts[sub] = name
		}
	}
	if i := slices.Index(r.Resources, "*/*"); i >= 0 && len(r.Resources) > 1 {
		refuse("resources", i, `"*/*" stands for all, and nothing else may stand beside it`)
	}
	if i := slices.Index(r.Resources, "*"); i >= 0 && plain >= 0 {
		refuse("resources", plain, `%s is among "*" already`, r.Resources[plain])
	}
	return out
}

// platformConditions is how many conditions an admission policy of the tenancy repo
// gets besides its own.
const platformConditions = 2

// refused reports what the API server would refuse, and rules about connections to
// what nobody connects to.
func (c *compiler) refused(m *document.Meta, set *schema.RuleSet, held string) bool {
	refusals := Refusals(set, platformConditions)
	for _, r := range refusals {
		c.fault(m, diag.New(diag.PolicyRefused, m.At(r.Path...), "%s: %s", rule.FieldName(r.Path), r.Message), held)
	}
	for i, r := range set.MatchConstraints.ResourceRules {
		for j, o := range r.Operations {
			if o == "CONNECT" && !slices.ContainsFunc(r.Resources, func(name string) bool { return strings.Contains(name, "/") }) {
				c.add(m, diag.New(diag.ConnectsToNothing, m.At("matchConstraints", "resourceRules", itoa(i), "operations", itoa(j)), "%s matches no connection: %s has no subresources, and only these are connected to",
					m.Key, strings.Join(r.Resources, ", ")).Suggest(`name subresources: "pods/exec", "pods/attach", "pods/portforward", "services/proxy"`))
			}
		}
	}
	return len(refusals) == 0
}
