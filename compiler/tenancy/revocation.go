package tenancy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// Revocation takes the access of a subject away, as far as documents of its directory and
// those below grant it.
type Revocation struct {
	document.Meta
	Spec    schema.Revocation
	Subject Subject
	// From is the logical cluster, or the organization with all below it, from which access
	// is taken; empty for all organizations.
	From string
	// Pending: its first day is still to come.
	Pending bool
}

// Covers reports whether it takes access from what has a key or path.
func (x *Revocation) Covers(key string) bool {
	return !x.Pending && (x.From == "" || schema.OrgPath(x.From).Contains(key))
}

// Revoked returns what the revocation comes to.
func (x *Revocation) Revoked() Revoked { return Revoked{x.Subject, x.Dir} }

// Revoked is a subject that lost its access. What a directory above Dir grants it keeps: the
// owners of a directory do not decide what those above it grant.
type Revoked struct {
	Subject Subject
	Dir     string
}

// Compare orders by subject, then by directory.
func (r Revoked) Compare(o Revoked) int {
	return cmp.Or(r.Subject.Compare(o.Subject), strings.Compare(r.Dir, o.Dir))
}

// IsRevoked reports whether a subject lost what a document in a directory grants it. A
// service account is also known as a user, by the name that Kubernetes gives it.
func IsRevoked(revoked []Revoked, s Subject, dir string) bool {
	return slices.ContainsFunc(revoked, func(r Revoked) bool {
		same := r.Subject == s || r.Subject.Kind == "ServiceAccount" && s == Subject{Kind: "User", Name: "system:serviceaccount:" + r.Subject.Namespace + ":" + r.Subject.Name}
		return same && Below(dir, r.Dir)
	})
}

// WithoutRevoked returns grants without those that are revoked, and the list itself where
// there are none.
func WithoutRevoked(grants []Grant, revoked []Revoked) []Grant {
	gone := func(g Grant) bool { return IsRevoked(revoked, g.Subject, g.Dir) }
	if len(revoked) == 0 || !slices.ContainsFunc(grants, gone) {
		return grants
	}
	return slices.DeleteFunc(slices.Clone(grants), gone)
}
