package namespace

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/render/manifest"
)

const (
	rbacGroup   = "rbac.authorization.k8s.io"
	rbacVersion = rbacGroup + "/v1"
)

// binding is a RoleBinding that stands in each namespace that is not retired.
type binding struct {
	name string
	body manifest.Map
}

// bindings returns one RoleBinding for each subject, in the order of the
// grants, the deployer's last.
func bindings(s *expand.State) []binding {
	n := len(s.Grants)
	if s.Source != nil {
		n++
	}
	out := make([]binding, 0, n)
	for i := range s.Grants {
		out = append(out, newBinding(s, s.Grants[i]))
	}
	if s.Source != nil {
		out = append(out, newBinding(s, expand.Grant{Kind: "ServiceAccount",
			SubjectNamespace: s.Deployers, Subject: expand.DeployerName(s.Key), Role: s.Source.Role}))
	}
	return out
}

// newBinding names the RoleBinding after what it binds. A roleRef can't be
// changed: a role of other content needs a binding of another name.
func newBinding(s *expand.State, g expand.Grant) binding {
	role := s.Roles.View
	switch g.Role {
	case "edit":
		role = s.Roles.Edit
	case "admin":
		role = s.Roles.Admin
	}
	id := make([]byte, 0, 256)
	for _, part := range [...]string{g.Kind, g.SubjectNamespace, g.Subject, role} {
		id = append(append(id, part...), 0)
	}
	sum := sha256.Sum256(id)
	subject := manifest.Map{field("kind", g.Kind)}
	if g.Kind != "ServiceAccount" {
		subject = manifest.Map{field("apiGroup", rbacGroup), field("kind", g.Kind)}
	}
	subject = append(subject, field("name", g.Subject))
	if g.Kind == "ServiceAccount" {
		subject = append(subject, field("namespace", g.SubjectNamespace))
	}
	return binding{
		name: expand.ReservedPrefix + g.Role + "-" + hex.EncodeToString(sum[:10]),
		body: manifest.Map{
			field("roleRef", manifest.Map{
				field("apiGroup", rbacGroup),
				field("kind", "ClusterRole"),
				field("name", role),
			}),
			field("subjects", manifest.List{subject}),
		},
	}
}
