package namespace

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
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

// bindings returns one RoleBinding for each of the state's bindings.
func bindings(s *desired.State) []binding {
	of := s.Bindings()
	out := make([]binding, len(of))
	for i := range of {
		out[i] = newBinding(&of[i])
	}
	return out
}

// newBinding names the RoleBinding after what it binds. A roleRef can't be
// changed: a role of other content needs a binding of another name.
func newBinding(g *desired.Binding) binding {
	id := make([]byte, 0, 256)
	for _, part := range [...]string{g.Kind, g.SubjectNamespace, g.Subject, g.ClusterRole} {
		id = append(append(id, part...), 0)
	}
	sum := sha256.Sum256(id)
	subject := manifest.Map{field("apiGroup", rbacGroup), field("kind", g.Kind), field("name", g.Subject)}
	if g.Kind == "ServiceAccount" {
		subject = manifest.Map{field("kind", g.Kind), field("name", g.Subject), field("namespace", g.SubjectNamespace)}
	}
	return binding{
		name: desired.ReservedPrefix + string(g.Role) + "-" + hex.EncodeToString(sum[:10]),
		body: manifest.Map{
			field("roleRef", manifest.Map{
				field("apiGroup", rbacGroup),
				field("kind", "ClusterRole"),
				field("name", g.ClusterRole),
			}),
			field("subjects", manifest.List{subject}),
		},
	}
}
