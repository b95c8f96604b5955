package check

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

func (c *checker) class(class *tenancy.Class) {
	c.labelValues(&class.Meta, class.Spec.Labels, &c.found)
	c.knownRegions(&class.Meta, class.Spec.Regions, class.At, &c.found)
	c.sunsets(&class.Meta, class.Layer.APIs)
	if p := class.Spec.Parents; p != nil {
		for i, path := range p.Organizations {
			if o := c.t.Organization(path); o == nil || o.Missing == o {
				c.found.Fault(&class.Meta, diag.New(diag.UnknownOffer, class.At("parents", "organizations", strconv.Itoa(i)),
					"class %s may be used in organization %s, which does not exist", class.Name, path).SuggestName(path, c.organizations()), "it stays as it is")
				c.found.Following(schema.KindOrganizations, path)
			}
		}
	}
}

// defaults checks that an organization gives to those below only what it has
// itself. A logical cluster that says nothing could not be held back from what
// it inherits: its last good document says nothing either.
func (c *checker) defaults(o *tenancy.Organization, class string) {
	if !c.History.Changed(&o.Meta) {
		return
	}
	for _, b := range o.Layer.APIs {
		if above := o.Offers.Refusing(func(f *tenancy.Offer) bool { return f.API(b.Version) }); above != nil {
			above.Fault(&c.found, &o.Meta, apiNotOffered(o.Path, b, above), "the bindings fall away")
		}
	}
	if o.DefaultClassFrom != o {
		return // it names none, or none that exists
	}
	known := c.t.Class(class)
	c.refusedDefault[o] = refuseClass(&c.found, &o.Meta, o.Path, known, o, func() diag.Position { return o.At("defaults", "class") })
}

// classAllowed checks the class against offers and against the class's own say.
func (c *checker) classAllowed(lc *subject, out *tenancy.Findings) {
	if lc.Class.Missing || lc.Spec.Class == "" && c.refusedDefault[lc.Org.DefaultClassFrom] {
		return // or said of the organization already
	}
	refuseClass(out, &lc.Meta, lc.Key, lc.Class, lc.Org, func() diag.Position { return lc.ClassOrigin().Pos })
}

// refuseClass reports why a document may not use a class in an organization, and whether
// there is any reason.
func refuseClass(out *tenancy.Findings, m *document.Meta, who string, class *tenancy.Class, org *tenancy.Organization, pos func() diag.Position) bool {
	const held = "the class stays"
	found := len(*out)
	if above := org.Offers.Refusing(func(f *tenancy.Offer) bool { return f.Class(class.Name) }); above != nil {
		above.Fault(out, m, diag.New(diag.ClassNotOffered, pos(), "%s has class %s, which %s does not offer", who, class.Name, above.Organization.Path).
			See(above.Organization.At("offers", "classes"), "%s offers %s", above.Organization.Path, diag.Join(above.Classes)).
			Suggest("use one that is offered, or ask the owners of %s to offer it", above.Organization.Path), held)
	}
	if p := class.Spec.Parents; p != nil && p.Organizations != nil && !slices.ContainsFunc(p.Organizations, func(path string) bool { return schema.OrgPath(path).Contains(org.Path) }) {
		out.Fault(m, diag.New(diag.ClassParent, pos(), "class %s may not be used in %s, only in %s", class.Name, org.Path, diag.Join(p.Organizations)).
			See(class.At("parents", "organizations"), "the class says so here"), held)
	}
	if class.Parents != nil && !class.Parents.Matches(labels.Set(org.Labels)) {
		out.Fault(m, diag.New(diag.ClassParent, pos(), "class %s may not be used in %s, only in organizations with the labels %s", class.Name, org.Path, class.Parents).
			See(class.At("parents", "selector"), "the class says so here").
			See(org.At("labels"), "the labels of %s: %s", org.Path, cmp.Or(labels.Set(org.Labels).String(), "none")), held)
	}
	return len(*out) > found
}
