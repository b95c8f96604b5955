package resolve

import (
	"slices"
	"time"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// revocations reads the revocations. Whether there is what they name is known later; see
// package check.
func (r *resolver) revocations() {
	r.revoked = map[string][]tenancy.Revoked{}
	for _, d := range r.docs.Revocations {
		x := r.revocation(d)
		if x == nil {
			continue
		}
		r.t.Revocations = append(r.t.Revocations, x)
		if !x.Pending {
			r.revoked[x.From] = append(r.revoked[x.From], x.Revoked())
		}
	}
}

// revocation reads one revocation; nil where it takes nothing away.
func (r *resolver) revocation(d *document.Document[schema.Revocation]) *tenancy.Revocation {
	x := &tenancy.Revocation{Meta: d.Meta, Spec: d.Spec, From: d.Spec.From}
	const nothing = "it takes nothing away"
	var problem string
	if x.Subject, problem = tenancy.ParseSubject(x.Spec.Subject); problem != "" {
		r.found.Fault(&x.Meta, diag.New(diag.RevocationInvalid, x.At("subject"), "revocation %s: %q cannot have access: %s", x.Key, x.Spec.Subject, problem).
			Suggest("name the group, user or service account as documents name it under access"), nothing)
		return nil
	}
	switch reach := tenancy.Reach(x.Dir); {
	case x.From == "":
		x.From = reach
	case reach != "" && !schema.OrgPath(reach).Contains(x.From):
		r.found.Fault(&x.Meta, diag.New(diag.RevocationPlace, x.At("from"), "revocation %s in %s cannot take access from %s, which is not below %s", x.Key, x.Dir, x.From, reach).
			Suggest("move it to a directory above both, or name an organization or logical cluster below %s", reach), nothing)
		return nil
	}
	if x.Spec.Since == "" {
		return x
	}
	if _, err := time.Parse(time.DateOnly, x.Spec.Since); err != nil {
		r.found.Fault(&x.Meta, diag.New(diag.RevocationInvalid, x.At("since"), "revocation %s: there is no day %s", x.Key, x.Spec.Since).
			Suggest("write dates as 2026-12-31"), "it holds already")
		return x
	}
	x.Pending = x.Spec.Since > r.asOf
	return x
}

// revokedFrom returns what is revoked for what has a key or path, given what is for what is
// above it, sorted.
func (r *resolver) revokedFrom(key string, above []tenancy.Revoked) []tenancy.Revoked {
	own := r.revoked[key]
	if len(own) == 0 {
		return above
	}
	out := slices.Concat(above, own)
	slices.SortFunc(out, tenancy.Revoked.Compare)
	return slices.Compact(out)
}

// granted is grants, reporting those that have no effect since they are revoked for all that
// the document is about.
func (r *resolver) granted(access map[string]schema.Role, m *document.Meta, organization string, revoked []tenancy.Revoked, out *tenancy.Findings) []tenancy.Grant {
	list := grants(access, m, organization, out)
	if len(revoked) == 0 {
		return list
	}
	for _, g := range list {
		i := slices.IndexFunc(r.t.Revocations, func(x *tenancy.Revocation) bool {
			return x.Covers(m.Key) && tenancy.IsRevoked([]tenancy.Revoked{x.Revoked()}, g.Subject, g.Dir)
		})
		if i >= 0 {
			x := r.t.Revocations[i]
			out.Add(m, diag.New(diag.AccessRevoked, g.Pos, "%s has no access to %s: it is revoked", g.Subject, m.Key).
				See(x.At("subject"), "revoked here").Suggest("remove the grant, or have the owners of the revocation remove that"))
		}
	}
	return list
}
