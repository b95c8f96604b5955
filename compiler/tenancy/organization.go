package tenancy

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// Class is a class with its document.
type Class struct {
	document.Meta
	Name string
	Spec schema.Class

	// Layer is what it contributes to inheritance.
	Layer Layer
	// Parents selects the organizations in which it may be used; nil selects any.
	Parents labels.Selector
	// Missing: there is no such class, and this one stands in for it.
	Missing bool
}

// Organization is a node of the organization tree.
type Organization struct {
	document.Meta
	Path   string
	Spec   schema.Organization
	Parent *Organization // nil at the top
	// Labels are its own and those of all organizations above.
	Labels map[string]string

	// Missing is the nearest organization, itself included, that nobody declares;
	// it stands in the tree only for what is held below it. Nil as a rule.
	Missing *Organization

	// Layer is what its defaults contribute to inheritance.
	Layer Layer
	// DefaultClass is the nearest default class, which DefaultClassFrom names.
	DefaultClass     string
	DefaultClassFrom *Organization
	// Ceilings bound the sum of the quotas below it.
	Ceilings Limits
	// Offers are those that reach it.
	Offers Offers
}

// Ancestors returns the organization and all above it, the nearest first.
func (o *Organization) Ancestors() []*Organization {
	var out []*Organization
	for ; o != nil; o = o.Parent {
		out = append(out, o)
	}
	return out
}

// OwnDefaultClass returns the default class that the organization itself names, if it
// exists.
func (o *Organization) OwnDefaultClass() string {
	if o.DefaultClassFrom == o {
		return o.DefaultClass
	}
	return ""
}
