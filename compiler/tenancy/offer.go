package tenancy

import (
	"iter"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Offer is what one organization lets those below it use. What reaches a logical
// cluster must be in the offers of all its organizations that make one.
type Offer struct {
	Organization *Organization
	// APIs are the versions that are offered; an empty map offers all versions of
	// the set, a nil map of sets everything.
	APIs    map[*APISet]map[*APIVersion]bool
	Classes []string
	Regions []string
	// Wrong: it names what does not exist, so that others may lack what it was to offer.
	Wrong bool
}

// Fault reports an error of a document that asks for what the offer does not have; see the
// function Fault. It may follow from what is wrong with the offer.
func (o *Offer) Fault(found *Findings, m *document.Meta, d diag.Diagnostic, held string) {
	found.Fault(m, d, held)
	if o.Wrong {
		found.Following(schema.KindOrganizations, o.Organization.Path)
	}
}

// API reports whether a version is offered.
func (o *Offer) API(v *APIVersion) bool {
	versions, ok := o.APIs[v.Set]
	return o.APIs == nil || ok && (len(versions) == 0 || versions[v])
}

// Class reports whether a class is offered.
func (o *Offer) Class(name string) bool { return o.Classes == nil || slices.Contains(o.Classes, name) }

// Region reports whether a region is offered.
func (o *Offer) Region(name string) bool { return o.Regions == nil || slices.Contains(o.Regions, name) }

// Narrow returns those of the regions that are offered. Nil means all regions, so the
// result is not nil where nothing is left.
func (o *Offer) Narrow(regions []string) []string {
	if o.Regions == nil {
		return regions
	}
	if regions == nil {
		return o.Regions
	}
	out := []string{}
	for _, region := range regions {
		if slices.Contains(o.Regions, region) {
			out = append(out, region)
		}
	}
	return out
}

// RegionsOrigin is the origin of regions that the offer narrowed.
func (o *Offer) RegionsOrigin() Origin {
	return Origin{From: "organization " + o.Organization.Path, Pos: o.Organization.At("offers", "regions")}
}

// Offers are the offers that reach an organization, from the top down.
type Offers []*Offer

// Refusing returns the first offer that does not allow something, nil where all do.
func (list Offers) Refusing(allows func(*Offer) bool) *Offer {
	for _, o := range list {
		if !allows(o) {
			return o
		}
	}
	return nil
}

// Narrowed yields each offer that takes regions away, with what it leaves.
func (list Offers) Narrowed(regions []string) iter.Seq2[*Offer, []string] {
	return func(yield func(*Offer, []string) bool) {
		for _, o := range list {
			if o.Regions == nil {
				continue
			}
			if left := o.Narrow(regions); len(left) != len(regions) || regions == nil {
				regions = left
				if !yield(o, left) {
					return
				}
			}
		}
	}
}
