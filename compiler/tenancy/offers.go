package tenancy

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// offer is what one organization lets those below it use. What reaches a logical
// cluster must be in the offers of all its organizations that make one.
type offer struct {
	org *Organization
	// apis are the versions that are offered; an empty map offers all versions of
	// the set, a nil map of sets everything.
	apis    map[*APISet]map[*APIVersion]bool
	classes []string
	regions []string
}

func (o *offer) api(v *APIVersion) bool {
	versions, ok := o.apis[v.Set]
	return o.apis == nil || ok && (len(versions) == 0 || versions[v])
}

func (o *offer) class(name string) bool { return o.classes == nil || slices.Contains(o.classes, name) }

func (o *offer) region(name string) bool { return o.regions == nil || slices.Contains(o.regions, name) }

// offers reads the offers of all organizations and checks each against those
// above it.
func (r *resolver) offers() {
	regions := r.regions()
	for _, o := range r.t.Organizations {
		if o.Parent != nil {
			o.offers = o.Parent.offers
		}
		spec := o.Spec.Offers
		if spec == nil {
			continue
		}
		own := &offer{org: o, classes: spec.Classes, regions: spec.Regions}
		if spec.APIs != nil {
			own.apis = map[*APISet]map[*APIVersion]bool{}
			for i, text := range spec.APIs {
				r.offeredAPI(o, own, text, o.At("offers", "apis", itoa(i)))
			}
		}
		for i, name := range spec.Classes {
			pos := o.At("offers", "classes", itoa(i))
			if r.classes[name] == nil {
				r.found.fault(&o.Meta, meant(diag.New(diag.UnknownOffer, pos, "%s offers class %s, which does not exist", o.Path, name), name, r.classNames()), "nobody gets it")
			} else if above := refusing(o.offers, func(f *offer) bool { return f.class(name) }); above != nil {
				r.exceeds(o, above, "classes", "class "+name, pos)
			}
		}
		for i, name := range spec.Regions {
			pos := o.At("offers", "regions", itoa(i))
			if !slices.Contains(regions, name) {
				r.found.fault(&o.Meta, meant(diag.New(diag.UnknownOffer, pos, "%s offers region %s, in which no physical cluster stands", o.Path, name), name, regions), "nobody gets it")
			} else if above := refusing(o.offers, func(f *offer) bool { return f.region(name) }); above != nil {
				r.exceeds(o, above, "regions", "region "+name, pos)
			}
		}
		o.offers = append(slices.Clip(o.offers), own)
	}
}

func (r *resolver) regions() []string {
	var out []string
	for _, c := range r.t.Clusters {
		out = append(out, c.Region)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// offeredAPI adds one entry of offers.apis: a set, or a set and a version. The
// set is the one that is seen from the organization's directory, or else those
// of the name that stand below it.
func (r *resolver) offeredAPI(o *Organization, own *offer, text string, pos diag.Position) {
	name, version, single := strings.Cut(text, "@")
	sets := []*APISet{r.lookup(name, o.Dir)}
	if sets[0] == nil {
		sets = nil
		for _, set := range r.t.APISets {
			if set.Name == name && strings.HasPrefix(set.Dir, o.Dir+"/") {
				sets = append(sets, set)
			}
		}
	}
	if len(sets) == 0 {
		r.found.fault(&o.Meta, meant(diag.New(diag.UnknownOffer, pos, "%s offers API set %s, which does not exist here", o.Path, name), name, r.visible(o.Dir)), "nobody gets it")
		return
	}
	for _, set := range sets {
		versions, offered := own.apis[set]
		var v *APIVersion
		if single {
			if v = set.names[version]; v == nil {
				r.found.fault(&o.Meta, meant(diag.New(diag.UnknownOffer, pos, "%s offers version %s of API set %s, which has none of that name", o.Path, version, name), version, slices.Sorted(maps.Keys(set.names))), "nobody gets it")
				continue
			}
		}
		above := refusing(o.offers, func(f *offer) bool {
			limit, ok := f.apis[set]
			return f.apis == nil || ok && (len(limit) == 0 || v != nil && limit[v])
		})
		if above != nil {
			r.exceeds(o, above, "apis", "API "+text, pos)
		}
		switch {
		case v == nil:
			own.apis[set] = map[*APIVersion]bool{}
		case !offered:
			own.apis[set] = map[*APIVersion]bool{v: true}
		case len(versions) > 0: // all of them are offered otherwise
			versions[v] = true
		}
	}
}

// refusing returns the first offer that does not allow something.
func refusing(offers []*offer, allows func(*offer) bool) *offer {
	for _, f := range offers {
		if !allows(f) {
			return f
		}
	}
	return nil
}

func (r *resolver) exceeds(o *Organization, above *offer, field, what string, pos diag.Position) {
	r.found.fault(&o.Meta, diag.New(diag.OfferExceeds, pos, "%s offers %s, which %s does not offer", o.Path, what, above.org.Path).
		See(above.org.At("offers", field), "the offer of %s stands here", above.org.Path).
		Suggest("leave it out, or have the owners of %s offer it", above.org.Path), "nobody gets it")
}
