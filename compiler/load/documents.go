package load

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
)

// Document is a document and what is known of it.
type Document[T any] struct {
	Meta
	Spec T
}

// Documents are the documents of a tenancy repo, each list by key, then directory.
type Documents struct {
	// Settings is nil where the repo has none.
	Settings         *Document[schema.Settings]
	PhysicalClusters []*Document[schema.PhysicalCluster]
	APISets          []*Document[schema.APISet]
	Classes          []*Document[schema.Class]
	Organizations    []*Document[schema.Organization]
	LogicalClusters  []*Document[schema.LogicalCluster]
	Modules          []*Document[schema.Module]
	Policies         []*Document[schema.Policy]
	Exemptions       []*Document[schema.Exemption]
	Implicit         []*Document[schema.Implicit]
	Prices           []*Document[schema.PriceBook]
}

// newDocument gives a document its type: a *Document of what spec points to.
func newDocument(m Meta, spec any) any {
	switch s := spec.(type) {
	case *schema.Settings:
		return &Document[schema.Settings]{m, *s}
	case *schema.PhysicalCluster:
		return &Document[schema.PhysicalCluster]{m, *s}
	case *schema.APISet:
		return &Document[schema.APISet]{m, *s}
	case *schema.Class:
		return &Document[schema.Class]{m, *s}
	case *schema.Organization:
		return &Document[schema.Organization]{m, *s}
	case *schema.LogicalCluster:
		return &Document[schema.LogicalCluster]{m, *s}
	case *schema.Module:
		return &Document[schema.Module]{m, *s}
	case *schema.Policy:
		return &Document[schema.Policy]{m, *s}
	case *schema.Exemption:
		return &Document[schema.Exemption]{m, *s}
	case *schema.Implicit:
		return &Document[schema.Implicit]{m, *s}
	case *schema.PriceBook:
		return &Document[schema.PriceBook]{m, *s}
	}
	return nil
}

// add takes in what newDocument returned.
func (d *Documents) add(document any) {
	switch x := document.(type) {
	case *Document[schema.Settings]:
		d.Settings = x
	case *Document[schema.PhysicalCluster]:
		d.PhysicalClusters = append(d.PhysicalClusters, x)
	case *Document[schema.APISet]:
		d.APISets = append(d.APISets, x)
	case *Document[schema.Class]:
		d.Classes = append(d.Classes, x)
	case *Document[schema.Organization]:
		d.Organizations = append(d.Organizations, x)
	case *Document[schema.LogicalCluster]:
		d.LogicalClusters = append(d.LogicalClusters, x)
	case *Document[schema.Module]:
		d.Modules = append(d.Modules, x)
	case *Document[schema.Policy]:
		d.Policies = append(d.Policies, x)
	case *Document[schema.Exemption]:
		d.Exemptions = append(d.Exemptions, x)
	case *Document[schema.Implicit]:
		d.Implicit = append(d.Implicit, x)
	case *Document[schema.PriceBook]:
		d.Prices = append(d.Prices, x)
	}
}

func (d *Documents) sort() {
	sortDocuments(d.PhysicalClusters)
	sortDocuments(d.APISets)
	sortDocuments(d.Classes)
	sortDocuments(d.Organizations)
	sortDocuments(d.LogicalClusters)
	sortDocuments(d.Modules)
	sortDocuments(d.Policies)
	sortDocuments(d.Exemptions)
	sortDocuments(d.Implicit)
	sortDocuments(d.Prices)
}

func sortDocuments[T any](list []*Document[T]) {
	slices.SortFunc(list, func(a, b *Document[T]) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Dir, b.Dir))
	})
}

// All yields what is known of each document.
func (d *Documents) All() iter.Seq[*Meta] {
	return func(yield func(*Meta) bool) {
		if d.Settings != nil && !yield(&d.Settings.Meta) {
			return
		}
		_ = each(d.PhysicalClusters, yield) && each(d.APISets, yield) && each(d.Classes, yield) && each(d.Organizations, yield) &&
			each(d.LogicalClusters, yield) && each(d.Modules, yield) && each(d.Policies, yield) && each(d.Exemptions, yield) &&
			each(d.Implicit, yield) && each(d.Prices, yield)
	}
}

func each[T any](list []*Document[T], yield func(*Meta) bool) bool {
	for _, d := range list {
		if !yield(&d.Meta) {
			return false
		}
	}
	return true
}

// Len returns the number of documents of all kinds.
func (d *Documents) Len() int {
	n := len(d.PhysicalClusters) + len(d.APISets) + len(d.Classes) + len(d.Organizations) + len(d.LogicalClusters) +
		len(d.Modules) + len(d.Policies) + len(d.Exemptions) + len(d.Implicit) + len(d.Prices)
	if d.Settings != nil {
		n++
	}
	return n
}
