package access

import (
	"slices"
	"strings"
)

// Mark tells why a permission deserves a second look.
type Mark string

// The marks.
const (
	// Secrets: reads or writes secrets.
	Secrets Mark = "secrets"
	// Exec: enters pods, or reaches their ports past network policies.
	Exec Mark = "exec"
	// Tokens: makes tokens of service accounts, which outlive the maker's access.
	Tokens Mark = "tokens"
	// Impersonate: acts as somebody else.
	Impersonate Mark = "impersonate"
	// Escalate: writes roles with more rights than its own.
	Escalate Mark = "escalate"
	// Bind: binds roles that it does not have.
	Bind Mark = "bind"
	// Delegate: hands its own rights on to others.
	Delegate Mark = "delegate"
	// Wildcard: covers what nobody has thought of yet.
	Wildcard Mark = "wildcard"
	// UnknownRole: bound to a role whose content is not known here.
	UnknownRole Mark = "unknown-role"
	// CrossOrganization: the subject has access in several top-level organizations.
	CrossOrganization Mark = "cross-organization"
)

const rbacGroup = "rbac.authorization.k8s.io"

// sensitive are the permissions that bear a mark. No verbs mean any.
var sensitive = []struct {
	mark      Mark
	group     string
	resources []string
	verbs     []string
}{
	{Secrets, "", []string{"secrets"}, nil},
	{Exec, "", []string{"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"}, nil},
	{Exec, "", []string{"pods/ephemeralcontainers"}, []string{"update", "patch"}},
	{Tokens, "", []string{"serviceaccounts/token"}, []string{"create"}},
	{Impersonate, "", []string{"users", "groups", "serviceaccounts"}, []string{"impersonate"}},
	{Escalate, rbacGroup, []string{"roles", "clusterroles"}, []string{"escalate"}},
	{Bind, rbacGroup, []string{"roles", "clusterroles"}, []string{"bind"}},
	{Delegate, rbacGroup, []string{"roles", "rolebindings"}, []string{"create", "update", "patch"}},
}

// marks returns those of a permission, sorted. A verb that admission refuses
// earns none.
func marks(p *Permission) []Mark {
	var out []Mark
	for _, s := range sensitive {
		if p.Group != "*" && p.Group != s.group || !slices.ContainsFunc(s.resources, func(r string) bool { return matches(p.Resource, r) }) {
			continue
		}
		if s.verbs == nil && len(p.Verbs) > 0 || slices.ContainsFunc(s.verbs, p.allows) {
			out = append(out, s.mark)
		}
	}
	// Impersonation has more resources, and verbs with a suffix for each kind.
	if slices.ContainsFunc(p.Verbs, func(v string) bool { return strings.HasPrefix(v, "impersonate") }) && !slices.Contains(out, Impersonate) {
		out = append(out, Impersonate)
	}
	if p.Group == "*" || strings.Contains(p.Resource, "*") || slices.Contains(p.Verbs, "*") {
		out = append(out, Wildcard)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
