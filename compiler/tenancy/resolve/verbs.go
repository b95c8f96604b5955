package resolve

import (
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// verbs fills in the verbs of each role. What a role can't do with a resource it
// can't do through its subresources either.
func (b *setBuilder) verbs(res *tenancy.Resource, table builtin.Entry, set *tenancy.APISet, spec schema.Verbs, at tenancy.Positions) {
	res.View = b.role(res, set, "view", spec.View, table.View, table.View, at)
	most := table.Most
	if most == nil {
		most = builtin.AllVerbs()
	}
	editMost, adminMost := most, most
	if document.InOrganizations(set.Dir) {
		editMost, adminMost = table.Edit, table.Admin
	}
	res.Edit = b.role(res, set, "edit", spec.Edit, table.Edit, editMost, at)
	res.Admin = b.role(res, set, "admin", spec.Admin, table.Admin, adminMost, at)
	subresources := make([]tenancy.Subresource, 0, len(res.Subresources))
	for _, s := range res.Subresources {
		s.View, s.Edit, s.Admin = within(s.View, res.View), within(s.Edit, res.Edit), within(s.Admin, res.Admin)
		subresources = append(subresources, s)
	}
	res.Subresources = subresources
}

// role returns the verbs of one role: the usual ones, or those that the document
// says, none of them outside most.
func (b *setBuilder) role(res *tenancy.Resource, set *tenancy.APISet, role string, said, usual, most []string, at tenancy.Positions) []string {
	if said == nil {
		return usual
	}
	for i, verb := range said {
		if !slices.Contains(most, verb) {
			d := diag.New(diag.VerbRefused, at("verbs", role, strconv.Itoa(i)), "%s can't be given %s on %s", role, verb, res.Key)
			if len(most) > 0 {
				d = d.Suggest("%s may have %s", role, diag.Join(most))
			}
			b.out.Fault(&set.Meta, d, "the verb falls away")
		}
	}
	var out []string
	for _, verb := range builtin.AllVerbs() {
		if slices.Contains(said, verb) && slices.Contains(most, verb) {
			out = append(out, verb)
		}
	}
	return out
}

// within returns the verbs on a subresource that go with the verbs on the
// resource: reading with reading, anything else with writing.
func within(verbs, resource []string) []string {
	writes := slices.ContainsFunc(resource, func(v string) bool { return v == "create" || v == "update" || v == "patch" })
	var out []string
	for _, v := range verbs {
		if writes || v == "get" && slices.Contains(resource, "get") && !slices.Contains(verbs, "create") {
			out = append(out, v)
		}
	}
	return out
}
