package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy/rule"
)

// chunk is how many resources stand in one expression: the API server's parser
// takes no expression above 100,000 characters.
const chunk = 500

// gate refuses writes to what is not bound, in the namespaces that carry its
// name. It judges the resource and version that the request names, and not what
// they are equivalent to, or one version would pass for another. A subresource
// goes with its resource.
func gate(p *desired.Platform, g *desired.Gate) admissionPolicy {
	var any, versioned []string
	for _, a := range g.Allowed {
		if len(a.Versions) == 0 {
			any = append(any, qualified(a.Resource, a.Group))
		}
		for _, v := range a.Versions {
			versioned = append(versioned, qualified(a.Resource, v, a.Group))
		}
	}
	const group = `(request.requestResource.group == '' ? '' : '.' + request.requestResource.group)`
	out := admissionPolicy{
		name:       g.Name,
		rules:      []requestRule{everything},
		selector:   matchLabel(desired.LabelGate, g.Name),
		conditions: []named{byTenants(p.Exempt())},
		variables: []named{
			platform,
			terminating,
			{"resource", `request.requestResource.resource + ` + group},
			{"versioned", `request.requestResource.resource + '.' + request.requestResource.version + ` + group},
		},
	}
	var pass []string
	add := func(variable string, values []string) {
		for list := range slices.Chunk(values, chunk) {
			name := fmt.Sprintf("bound%d", len(pass)+1)
			out.variables = append(out.variables, named{name, "variables." + variable + " in " + celList(list)})
			pass = append(pass, "variables."+name)
		}
	}
	add("resource", any)
	add("versioned", versioned)
	pass = append(pass, "variables.terminating", "variables.platform")
	out.validations = []validation{{
		expression: strings.Join(pass, " || "),
		message:    `variables.versioned + ' is not among the APIs of this logical cluster: bind an API set that has it, under "apis" of the logical cluster in the tenancy repo'`,
	}}
	for _, w := range g.Withheld {
		for _, field := range w.Fields {
			out.validations = append(out.validations, withhold(w, field))
		}
	}
	return out
}

// withhold refuses a field that the physical cluster serves for others. Whoever
// has it in an object from before can go on with it.
func withhold(w desired.Withheld, field string) validation {
	without := func(object string) string { return absent(object, evolution.Keys(field)[2:], 0) }
	name := qualified(w.Resource, w.Version, w.Group)
	return validation{
		expression: fmt.Sprintf(`variables.versioned != %s || request.operation == 'DELETE' || (has(request.subResource) && request.subResource == 'scale') ||
%s ||
(request.operation == 'UPDATE' && !(%s)) || variables.terminating || variables.platform`,
			rule.String(name), without("object"), without("oldObject")),
		text: fmt.Sprintf(`%s of %s is not in the version of the API set that this logical cluster binds: bind one that has it, under "apis" of the logical cluster in the tenancy repo`, field, name),
	}
}

// absent returns an expression that holds where nothing stands at a place in an
// object. The keys lead there through its schema.
func absent(value string, keys []string, depth int) string {
	switch key := keys[0]; key {
	case "items", "additionalProperties":
		item := fmt.Sprintf("i%d", depth)
		inside := item
		if key == "additionalProperties" { // a map goes through its keys
			inside = fmt.Sprintf("%s[%s]", value, item)
		}
		return fmt.Sprintf("(%s == null || %s.all(%s, %s))", value, value, item, absent(inside, keys[1:], depth+1))
	default: // "properties" and a name
		name := rule.String(keys[1])
		missing := fmt.Sprintf("%s == null || !(%s in %s)", value, name, value)
		if len(keys) == 2 {
			return "(" + missing + ")"
		}
		return fmt.Sprintf("(%s || %s)", missing, absent(fmt.Sprintf("%s[%s]", value, name), keys[2:], depth))
	}
}

// qualified joins names as kubectl does: "deployments.apps". Neither a resource
// nor a version has a dot, so the result is unambiguous.
func qualified(parts ...string) string {
	if parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ".")
}

// frozen refuses all writes to frozen logical clusters. Workloads keep running:
// controllers and nodes do their part.
func frozen(p *desired.Platform) admissionPolicy {
	return admissionPolicy{
		name:       desired.ReservedPrefix + "frozen",
		rules:      []requestRule{everything},
		selector:   matchLabel(desired.LabelState, desired.StateFrozen),
		conditions: []named{byTenants(p.Exempt())},
		variables:  []named{platform, terminating},
		validations: []validation{{
			expression: "variables.terminating || variables.platform",
			message:    `'this logical cluster is frozen: nothing in it can be changed until its state is "active" again in the tenancy repo'`,
		}},
	}
}
