package access

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Identity is who asks: a user, and the groups that the user is in. Either may
// be missing.
type Identity struct {
	User   string
	Groups []string
}

const (
	serviceAccountUser   = "system:serviceaccount:"
	serviceAccountGroups = "system:serviceaccounts"
	authenticated        = "system:authenticated"
)

// ParseIdentity reads a subject as documents have it ("payments-devs",
// "user:alice", "serviceaccount:ci/deployer") and further groups. A user and a
// service account are in the groups that the API server puts them in.
func ParseIdentity(subject string, groups []string) (Identity, error) {
	s, problem := tenancy.ParseSubject(subject)
	if problem != "" {
		return Identity{}, fmt.Errorf("%q can't be given access: %s", subject, problem)
	}
	id := identity(s)
	id.Groups = append(id.Groups, groups...)
	return id, nil
}

// identity is somebody who is this subject and nobody else.
func identity(s tenancy.Subject) Identity {
	switch s.Kind {
	case "User":
		return Identity{User: s.Name, Groups: []string{authenticated}}
	case "ServiceAccount":
		return Identity{
			User:   serviceAccountUser + s.Namespace + ":" + s.Name,
			Groups: []string{serviceAccountGroups, serviceAccountGroups + ":" + s.Namespace, authenticated},
		}
	}
	return Identity{Groups: []string{s.Name}}
}

// is reports whether a binding to the subject holds for the identity.
func (id Identity) is(s tenancy.Subject) bool {
	switch s.Kind {
	case "User":
		return id.User != "" && id.User == s.Name
	case "ServiceAccount":
		return id.User == serviceAccountUser+s.Namespace+":"+s.Name
	}
	return slices.Contains(id.Groups, s.Name)
}

func (id Identity) subject() tenancy.Subject {
	if id.User != "" || len(id.Groups) == 0 {
		return tenancy.Subject{Kind: "User", Name: id.User}
	}
	return tenancy.Subject{Kind: "Group", Name: id.Groups[0]}
}
