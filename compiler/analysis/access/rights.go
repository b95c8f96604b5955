package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
)

// Rights are what somebody may do in a namespace. Nil rights are none.
type Rights struct {
	// Permissions by group and resource.
	Permissions []Permission
	// Unknown are bound roles whose content is not known here, as "ClusterRole
	// monitoring": what they allow comes on top.
	Unknown []string
	// Marks of all permissions.
	Marks []Mark

	id     string // equal ids have equal permissions
	rules  []desired.Rule
	gate   *desired.Gate
	frozen bool
	exempt bool
}

// Permission is what roles grant on one resource, and what admission leaves of
// it.
type Permission struct {
	// Group and Resource as RBAC has them: "apps" and "deployments/scale"; "*" is any.
	Group    string `json:"group"`
	Resource string `json:"resource"`
	// Verbs that are allowed. "*" is all verbs but those that are denied.
	Verbs []string `json:"verbs,omitempty"`
	// Denied are verbs that a role grants and admission refuses, By tells why.
	Denied []string `json:"denied,omitempty"`
	By     Refusal  `json:"deniedBy,omitempty"`
	// Versions are those in which the resource may be written; nil means all.
	Versions []string `json:"writesInVersions,omitempty"`
	// ExceptVersions are those in which a write is no part of a difference.
	ExceptVersions []string `json:"writesExceptVersions,omitempty"`
	// BoundOnly: of what a "*" stands for, only bound resources may be written.
	BoundOnly bool `json:"writesBoundOnly,omitempty"`
	// Marks tell why the permission is sensitive.
	Marks []Mark `json:"sensitive,omitempty"`
}

// Refusal is the admission policy that refuses what RBAC grants.
type Refusal string

// The refusals.
const (
	Frozen  Refusal = "frozen"
	APIGate Refusal = "api-gate"
)

// Rules are those of all roles that are known. None may be changed.
func (r *Rights) Rules() []desired.Rule { return r.rules }

// Decision is the answer for one request.
type Decision struct {
	// Granted: RBAC allows it.
	Granted bool
	// Unknown: no role that is known allows it, and others are bound as well.
	Unknown bool
	// Refused is why admission does not; empty where it does.
	Refused Refusal
	// Versions are those in which a write is allowed; nil means all.
	Versions []string
}

// Allowed reports whether the request goes through.
func (d Decision) Allowed() bool { return d.Granted && d.Refused == "" }

// Decide answers for a verb on a resource, which may name a subresource:
// "pods/exec".
func (r *Rights) Decide(verb, group, resource string) Decision {
	d := Decision{Unknown: r != nil && len(r.Unknown) > 0}
	if r == nil || !slices.ContainsFunc(r.rules, func(rule desired.Rule) bool { return grants(rule, verb, group, resource) }) {
		return d
	}
	d.Granted, d.Unknown = true, false
	d.Refused, d.Versions = r.admission(verb, group, resource)
	return d
}

// grants follows the matching of RBAC rules in k8s.io/component-helpers/auth/rbac.
func grants(rule desired.Rule, verb, group, resource string) bool {
	return has(rule.Verbs, verb) && has(rule.Groups, group) &&
		slices.ContainsFunc(rule.Resources, func(r string) bool { return matches(r, resource) })
}

func has(list []string, name string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, name)
}

// matches reports whether a rule's resource stands for a resource: "*" for
// everything, "*/scale" for a subresource of anything.
func matches(rule, resource string) bool {
	if rule == "*" || rule == resource {
		return true
	}
	sub, ok := strings.CutPrefix(rule, "*/")
	_, of, _ := strings.Cut(resource, "/")
	return ok && of == sub
}

// admission tells what the policies of package render/admission say to a
// request that RBAC grants.
func (r *Rights) admission(verb, group, resource string) (Refusal, []string) {
	base, _, _ := strings.Cut(resource, "/")
	switch {
	case r.exempt || !slices.Contains(writes[:], verb) || connects(group, resource):
		return "", nil
	case group == "" && base == "namespaces": // of the whole cluster, and no policy here sees it
		return "", nil
	case r.frozen:
		return Frozen, nil
	case r.gate == nil || strings.Contains(group+base, "*"):
		return "", nil
	}
	for _, a := range r.gate.Allowed {
		if a.Group == group && a.Resource == base {
			return "", a.Versions
		}
	}
	return APIGate, nil
}

// writes are the verbs that admission sees.
var writes = [...]string{"create", "update", "patch", "delete", "deletecollection"}

// Verbs are those of requests for resources. "*" in a role covers more than
// these.
func Verbs() []string { return append([]string{"get", "list", "watch"}, writes[:]...) }

// Writes reports whether any write goes through.
func (p *Permission) Writes() bool {
	return !connects(p.Group, p.Resource) && slices.ContainsFunc(writes[:], p.allows)
}

// connects reports whether requests to a subresource are connections, which no
// policy sees.
func connects(group, resource string) bool {
	return group == "" && slices.Contains(connections[:], resource)
}

var connections = [...]string{"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"}

// unseen are core resources whose writes no policy of a logical cluster sees. A
// "*" covers them too, and is not the whole truth about them.
var unseen = append([]string{"namespaces", "namespaces/status", "namespaces/finalize"}, connections[:]...)

// rightsOf returns the rights that bindings of one state give together.
func (a *Access) rightsOf(s *desired.State, bindings []binding, who Identity) *Rights {
	names := make([]string, len(bindings))
	for i, b := range bindings {
		names[i] = b.clusterRole
	}
	slices.Sort(names)
	names = slices.Compact(names)
	roles := len(names)
	r := &Rights{}
	if p := a.platforms[s.Cluster]; p != nil && p.Exempt().Covers(who.User, who.Groups) {
		r.exempt = true
		names = append(names, "exempt")
	} else if r.frozen = s.Frozen; r.frozen {
		names = append(names, "frozen")
	} else {
		r.gate = a.gates[s.Gate]
		names = append(names, s.Gate)
	}
	r.id = strings.Join(names, " ")
	if known := a.rights[r.id]; known != nil {
		return known
	}
	for _, name := range names[:roles] {
		if role := a.roles[name]; role != nil {
			r.rules = append(r.rules, role.Rules...)
		} else {
			r.Unknown = append(r.Unknown, name)
		}
	}
	r.permissions()
	if r.Unknown != nil {
		r.Marks = append(r.Marks, UnknownRole)
		slices.Sort(r.Marks)
	}
	a.rights[r.id] = r
	return r
}

type groupResource struct{ group, resource string }

// permissions works out the permissions from the rules.
func (r *Rights) permissions() {
	verbs := r.grantedVerbs()
	for _, key := range slices.SortedFunc(maps.Keys(verbs), func(a, b groupResource) int {
		return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.resource, b.resource))
	}) {
		p := r.permission(key, verbs[key])
		for _, m := range p.Marks {
			if !slices.Contains(r.Marks, m) {
				r.Marks = append(r.Marks, m)
			}
		}
		r.Permissions = append(r.Permissions, p)
	}
	slices.Sort(r.Marks)
}

// grantedVerbs returns the verbs that the rules grant on each resource that they name,
// and on the unseen ones.
func (r *Rights) grantedVerbs() map[groupResource][]string {
	verbs := map[groupResource][]string{}
	for _, rule := range r.rules {
		for _, g := range rule.Groups {
			for _, res := range rule.Resources {
				key := groupResource{g, res}
				verbs[key] = append(verbs[key], rule.Verbs...)
				for _, u := range unseen {
					covered := groupResource{"", u}
					if covered != key && (g == "" || g == "*") && matches(res, u) {
						verbs[covered] = append(verbs[covered], rule.Verbs...)
					}
				}
			}
		}
	}
	return verbs
}

// permission returns what admission leaves of the verbs that are granted on a resource.
func (r *Rights) permission(key groupResource, granted []string) Permission {
	p := Permission{Group: key.group, Resource: key.resource}
	if slices.Contains(granted, "*") {
		p.Verbs = []string{"*"}
		granted = writes[:]
	}
	for _, verb := range granted {
		refused, versions := r.admission(verb, key.group, key.resource)
		switch {
		case refused != "":
			p.Denied, p.By = append(p.Denied, verb), refused
			continue
		case len(versions) > 0:
			p.Versions = versions
		}
		if !slices.Contains(p.Verbs, "*") {
			p.Verbs = append(p.Verbs, verb)
		}
	}
	desired.SortVerbs(p.Verbs)
	desired.SortVerbs(p.Denied)
	p.Verbs, p.Denied = slices.Compact(p.Verbs), slices.Compact(p.Denied)
	p.BoundOnly = r.gate != nil && strings.Contains(key.group+key.resource, "*") && slices.ContainsFunc(writes[:], p.allows)
	p.Marks = marks(&p)
	return p
}

// allows reports whether a verb goes through.
func (p *Permission) allows(verb string) bool {
	return has(p.Verbs, verb) && !slices.Contains(p.Denied, verb)
}
