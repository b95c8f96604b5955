package admission

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/manifest"
)

const apiVersion = "admissionregistration.k8s.io/v1"

// admissionPolicy is a ValidatingAdmissionPolicy with its bindings.
type admissionPolicy struct {
	name        string
	rules       []requestRule
	excluded    []requestRule
	selector    manifest.Map // of namespaces; nil: no selector
	conditions  []named      // all hold where the policy applies
	variables   []named
	validations []validation
	bindings    []binding
	action      string // empty: Deny
}

// requestRule says which requests a policy sees: writes, never a read or a connection.
type requestRule struct {
	groups, versions, resources []string
	scope                       string
	operations, names           []string // nil: all writes, all names
}

// everything covers all resources of a namespace and their subresources.
var everything = requestRule{groups: []string{"*"}, versions: []string{"*"}, resources: []string{"*/*"}, scope: "Namespaced"}

// named is a CEL expression with a name.
type named struct{ name, expression string }

type validation struct {
	expression string
	// message is a CEL expression; text holds where there is none.
	message, text string
}

// binding puts a policy into force, where selector and rule say so.
type binding struct {
	name     string
	selector manifest.Map
	rules    []requestRule
}

func (p *admissionPolicy) objects() []manifest.Map {
	validations := make(manifest.List, len(p.validations))
	for i, v := range p.validations {
		m := manifest.M("expression", v.expression)
		if v.text != "" {
			m = append(m, manifest.M("message", v.text)...)
		}
		if v.message != "" {
			m = append(m, manifest.M("messageExpression", v.message)...)
		}
		validations[i] = append(m, manifest.M("reason", "Forbidden")...)
	}
	out := []manifest.Map{manifest.M("apiVersion", apiVersion, "kind", "ValidatingAdmissionPolicy",
		"metadata", manifest.M("name", p.name, "labels", labels()),
		"spec", manifest.M(
			"failurePolicy", "Fail",
			"matchConstraints", matchResources(p.selector, p.rules, p.excluded),
			"matchConditions", namedList(p.conditions),
			"variables", namedList(p.variables),
			"validations", validations,
		).Compact())}
	bindings := p.bindings
	if len(bindings) == 0 {
		bindings = []binding{{name: p.name}}
	}
	for _, b := range bindings {
		spec := manifest.M("policyName", p.name, "validationActions", []string{cmp.Or(p.action, "Deny")})
		if b.selector != nil || b.rules != nil {
			spec = append(spec, manifest.M("matchResources", matchResources(b.selector, b.rules, nil))...)
		}
		out = append(out, manifest.M("apiVersion", apiVersion, "kind", "ValidatingAdmissionPolicyBinding",
			"metadata", manifest.M("name", b.name, "labels", labels()), "spec", spec))
	}
	return out
}

func matchResources(selector manifest.Map, rules, excluded []requestRule) manifest.Map {
	out := manifest.M("matchPolicy", "Equivalent", "namespaceSelector", selector)
	if rules != nil {
		out = append(out, manifest.M("resourceRules", resourceRules(rules))...)
	}
	if excluded != nil {
		out = append(out, manifest.M("excludeResourceRules", resourceRules(excluded))...)
	}
	return out.Compact()
}

func resourceRules(rules []requestRule) manifest.List {
	out := make(manifest.List, len(rules))
	for i, r := range rules {
		operations := r.operations
		if operations == nil {
			operations = []string{"CREATE", "UPDATE", "DELETE"}
		}
		m := manifest.M("apiGroups", r.groups, "apiVersions", r.versions, "operations", operations,
			"resources", r.resources, "scope", r.scope)
		if r.names != nil {
			m = append(m, manifest.M("resourceNames", r.names)...)
		}
		out[i] = m
	}
	return out
}

func namedList(list []named) manifest.List {
	out := make(manifest.List, len(list))
	for i, n := range list {
		out[i] = manifest.M("name", n.name, "expression", n.expression)
	}
	return out
}

// Expressions that policies share. A check by the authorizer costs more than
// all else, so it stands last in each expression.
var (
	platform = named{"platform", `authorizer.group('tenantry.dev').resource('platform').check('manage').allowed()`}
	// In a namespace that goes, whoever cleans up must be let through, or it never does.
	terminating = named{"terminating", `has(namespaceObject.metadata.deletionTimestamp)`}
	// A name that the API server is to make up, or that of a collection, is missing.
	requestName = named{"name", `request.?name.orValue('')`}
)

// byTenants holds for requests of anybody but those who are exempt. The platform
// is told apart by a policy's validations.
func byTenants(e desired.Exempt) named {
	return named{"not-a-controller", fmt.Sprintf(`!(has(request.userInfo.username) && request.userInfo.username in %s) &&
!(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in %s))`,
		celList(e.Users), celList(e.Groups))}
}

// celList writes a list of strings as a CEL literal, on lines of their own
// where it is long, so that people can read what a change adds.
func celList(values []string) string {
	var b strings.Builder
	open, sep, end := "[", ", ", "]"
	if len(values) > 8 {
		open, sep, end = "[\n  ", ",\n  ", "\n]"
	}
	b.WriteString(open)
	for i, v := range values {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(rule.String(v))
	}
	b.WriteString(end)
	return b.String()
}
