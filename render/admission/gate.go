package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/expand"
)

// chunk is how many resources stand in one expression: the API server's parser
// takes no expression above 100,000 characters.
const chunk = 500

// gate refuses writes to what is not bound, in the namespaces that carry its
// name. It judges the resource and version that the request names, and not what
// they are equivalent to, or one version would pass for another. A subresource
// goes with its resource.
func gate(p *expand.Platform, g *expand.Gate) admissionPolicy {
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
		rules:      []rule{everything},
		selector:   matchLabel(expand.LabelGate, g.Name),
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
	return out
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
func frozen(p *expand.Platform) admissionPolicy {
	return admissionPolicy{
		name:       expand.ReservedPrefix + "frozen",
		rules:      []rule{everything},
		selector:   matchLabel(expand.LabelState, expand.StateFrozen),
		conditions: []named{byTenants(p.Exempt())},
		variables:  []named{platform, terminating},
		validations: []validation{{
			expression: "variables.terminating || variables.platform",
			message:    `'this logical cluster is frozen: nothing in it can be changed until its state is "active" again in the tenancy repo'`,
		}},
	}
}
