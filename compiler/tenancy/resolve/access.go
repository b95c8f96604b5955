package resolve

import (
	"cmp"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// grants reads the access of one document, by subject. Of a subject that stands
// there in two spellings, the higher role is kept.
func grants(access map[string]schema.Role, m *document.Meta, organization string, out *tenancy.Findings) []tenancy.Grant {
	if len(access) == 0 {
		return nil
	}
	list := make([]tenancy.Grant, 0, len(access))
	for text, role := range access {
		pos := m.At("access", text)
		s, problem := tenancy.ParseSubject(text)
		if problem != "" {
			out.Fault(m, diag.New(diag.SubjectRefused, pos, "%q can't be given access: %s", text, problem).
				Suggest("name a group of your identity provider, a user or a single service account"), "the grant falls away")
			continue
		}
		list = append(list, tenancy.Grant{Subject: s, Role: role, Organization: organization, Dir: m.Dir, Pos: pos})
	}
	slices.SortFunc(list, func(a, b tenancy.Grant) int { return cmp.Or(tenancy.CompareGrants(a, b), a.Pos.Compare(b.Pos)) })
	return slices.CompactFunc(list, func(a, b tenancy.Grant) bool { return a.Subject == b.Subject })
}
