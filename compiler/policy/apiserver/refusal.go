package apiserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
				out = append(out, refusedRule([]string{"matchConstraints", field, strconv.Itoa(i)}, r)...)
			}
		}
	}
	if n := len(set.MatchConditions) + ours; n > maxConditions {
		out = append(out, Refusal{[]string{"matchConditions"}, fmt.Sprintf("there may be at most %d conditions, and with the platform's own there are %d", maxConditions, n)})
	}
	for i, r := range set.Rules {
		refuse := func(field, message string) {
			out = append(out, Refusal{[]string{"rules", strconv.Itoa(i), field}, message})
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
		out = append(out, Refusal{append(slices.Clone(at), field, strconv.Itoa(i)), fmt.Sprintf(format, args...)})
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
	return append(out, refusedResources(at, r.Resources)...)
}

// refusedResources returns what the API server refuses in the resources of a rule.
func refusedResources(at []string, resources []string) (out []Refusal) {
	refuse := func(i int, format string, args ...any) {
		out = append(out, Refusal{append(slices.Clone(at), "resources", strconv.Itoa(i)), fmt.Sprintf(format, args...)})
	}
	all, parts := map[string]string{}, map[string]string{} // what x/* and */x stand for
	plain := -1
	for i, name := range resources {
		resource, sub, divided := strings.Cut(name, "/")
		if !divided {
			if plain = i; name == "*" {
				plain = -1 // only what stands behind it counts
			}
			continue
		}
		if by, ok := all[resource]; ok {
			refuse(i, "%s is among %s already", name, by)
		}
		if by, ok := parts[sub]; ok {
			refuse(i, "%s is among %s already", name, by)
		}
		if sub == "*" {
			all[resource] = name
		}
		if resource == "*" {
			parts[sub] = name
		}
	}
	if i := slices.Index(resources, "*/*"); i >= 0 && len(resources) > 1 {
		refuse(i, `"*/*" stands for all, and nothing else may stand beside it`)
	}
	if i := slices.Index(resources, "*"); i >= 0 && plain >= 0 {
		refuse(plain, `%s is among "*" already`, resources[plain])
	}
	return out
}
