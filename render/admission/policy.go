package admission

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/render/manifest"
)

const apiVersion = "admissionregistration.k8s.io/v1"

// policy is a ValidatingAdmissionPolicy with its bindings.
type policy struct {
	name        string
	rule        rule
	selector    manifest.Map // of namespaces; nil: no selector
	conditions  []named      // all hold where the policy applies
	variables   []named
	validations []validation
	bindings    []binding
}

// rule says which requests a policy sees: writes, never a read or a connection.
type rule struct {
	groups, versions, resources []string
	scope                       string
}

// everything covers all resources of a namespace and their subresources.
var everything = rule{groups: []string{"*"}, versions: []string{"*"}, resources: []string{"*/*"}, scope: "Namespaced"}

// named is a CEL expression with a name.
type named struct{ name, expression string }

type validation struct {
	expression string
	// message is a CEL expression.
	message string
}

// binding puts a policy into force, where selector and rule say so.
type binding struct {
	name     string
	selector manifest.Map
	rule     *rule
}

func (p *policy) objects() []manifest.Map {
	validations := make(manifest.List, len(p.validations))
	for i, v := range p.validations {
		validations[i] = manifest.M("expression", v.expression, "messageExpression", v.message, "reason", "Forbidden")
	}
	out := []manifest.Map{manifest.M("apiVersion", apiVersion, "kind", "ValidatingAdmissionPolicy",
		"metadata", manifest.M("name", p.name, "labels", labels()),
		"spec", manifest.M(
			"failurePolicy", "Fail",
			"matchConstraints", matchResources(p.selector, &p.rule),
			"matchConditions", namedList(p.conditions),
			"variables", namedList(p.variables),
			"validations", validations,
		).Compact())}
	bindings := p.bindings
	if len(bindings) == 0 {
		bindings = []binding{{name: p.name}}
	}
	for _, b := range bindings {
		spec := manifest.M("policyName", p.name, "validationActions", []string{"Deny"})
		if b.selector != nil || b.rule != nil {
			spec = append(spec, manifest.M("matchResources", matchResources(b.selector, b.rule))...)
		}
		out = append(out, manifest.M("apiVersion", apiVersion, "kind", "ValidatingAdmissionPolicyBinding",
			"metadata", manifest.M("name", b.name, "labels", labels()), "spec", spec))
	}
	return out
}

func matchResources(selector manifest.Map, r *rule) manifest.Map {
	out := manifest.M("matchPolicy", "Equivalent", "namespaceSelector", selector)
	if r != nil {
		out = append(out, manifest.M("resourceRules", manifest.List{manifest.M(
			"apiGroups", r.groups,
			"apiVersions", r.versions,
			"operations", []string{"CREATE", "UPDATE", "DELETE"},
			"resources", r.resources,
			"scope", r.scope)})...)
	}
	return out.Compact()
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
func byTenants(e expand.Exempt) named {
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
		b.WriteString(celString(v))
	}
	b.WriteString(end)
	return b.String()
}

// celString writes a string as a CEL literal.
func celString(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
