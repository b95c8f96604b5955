package tenancy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Subject is who access is given to.
type Subject struct {
	Kind      string // Group, User or ServiceAccount, as RBAC has it
	Namespace string // of a service account
	Name      string
}

// ParseSubject reads a subject as documents have it: a group by default, or with
// a kind in front. The problem is empty where access may be given to it.
func ParseSubject(text string) (s Subject, problem string) {
	kind, name, ok := strings.Cut(text, ":")
	switch {
	case ok && kind == "serviceaccount":
		return parseServiceAccount(name)
	case ok && kind == "user":
		s = Subject{Kind: "User", Name: name}
	case ok && kind == "group":
		s = Subject{Kind: "Group", Name: name}
	default:
		s = Subject{Kind: "Group", Name: text}
	}
	switch {
	case s.Name == "":
		return s, "it has no name"
	case s.Name == "system:authenticated" || s.Name == "system:unauthenticated" || s.Name == "system:anonymous":
		return s, s.Name + " is everybody who reaches the API server"
	case strings.HasPrefix(s.Name, "system:serviceaccount:"):
		return s, "a service account is named as serviceaccount:NAMESPACE/NAME"
	case strings.HasPrefix(s.Name, "system:"):
		return s, "names that begin with system: are Kubernetes' own"
	}
	return s, ""
}

func parseServiceAccount(text string) (s Subject, problem string) {
	namespace, name, _ := strings.Cut(text, "/")
	s = Subject{Kind: "ServiceAccount", Namespace: namespace, Name: name}
	switch {
	case namespace == "" || name == "":
		return s, "a service account is named by its namespace and its name: serviceaccount:payments-ci/deployer"
	case len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0:
		// What no API server takes would keep its neighbours from being applied too.
		return s, "no service account can have that name"
	}
	return s, ""
}

// String returns the subject as a document may have it, its kind in front.
func (s Subject) String() string {
	if s.Kind == "ServiceAccount" {
		return "serviceaccount:" + s.Namespace + "/" + s.Name
	}
	return strings.ToLower(s.Kind) + ":" + s.Name
}

// Compare orders by kind, namespace and name.
func (s Subject) Compare(o Subject) int {
	return cmp.Or(strings.Compare(s.Kind, o.Kind), strings.Compare(s.Namespace, o.Namespace), strings.Compare(s.Name, o.Name))
}

// Grant is a subject's access to a logical cluster.
type Grant struct {
	Subject Subject
	Role    schema.Role
	// Organization that grants it, empty where the logical cluster itself does.
	Organization string
	// Dir is the directory of the document that grants it.
	Dir string
	Pos diag.Position
}

// CompareGrants orders by subject, the highest role first, and where several
// give the same, the document before its organizations and the nearest of these.
func CompareGrants(a, b Grant) int {
	return cmp.Or(a.Subject.Compare(b.Subject), cmp.Compare(rank(b.Role), rank(a.Role)),
		cmp.Compare(nearness(a), nearness(b)), strings.Compare(a.Organization, b.Organization))
}

func rank(r schema.Role) int {
	return slices.Index([]schema.Role{schema.View, schema.Edit, schema.Admin}, r)
}

// nearness orders the origins of one logical cluster's grants: a longer path is
// nearer, and the document itself is nearest.
func nearness(g Grant) int {
	if g.Organization == "" {
		return -1 << 30
	}
	return -len(g.Organization)
}

// MergeGrants adds up what two origins give. A subject keeps a grant of each.
func MergeGrants(far, near []Grant) []Grant {
	if len(far) == 0 {
		return near
	}
	if len(near) == 0 {
		return far
	}
	return merge(far, near, CompareGrants)
}
