package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// offers reads the offers of all organizations and checks each against those
// above it.
func (r *resolver) offers() {
	regions := r.t.Regions()
	for _, o := range r.t.Organizations {
		if o.Parent != nil {
			o.Offers = o.Parent.Offers
		}
		spec := o.Spec.Offers
		if spec == nil {
			continue
		}
		own := &tenancy.Offer{Organization: o, Classes: spec.Classes, Regions: spec.Regions}
		if spec.APIs != nil {
			own.APIs = map[*tenancy.APISet]map[*tenancy.APIVersion]bool{}
			for i, text := range spec.APIs {
				r.offeredAPI(o, own, text, o.At("offers", "apis", strconv.Itoa(i)))
			}
		}
		for i, name := range spec.Classes {
			pos := o.At("offers", "classes", strconv.Itoa(i))
			if r.classes[name] == nil {
				r.found.Fault(&o.Meta, diag.New(diag.UnknownOffer, pos, "%s offers class %s, which does not exist", o.Path, name).SuggestName(name, r.classNames()), "nobody gets it")
				r.found.Following(schema.KindClasses, name)
				own.Wrong = true
			} else if above := o.Offers.Refusing(func(f *tenancy.Offer) bool { return f.Class(name) }); above != nil {
				r.exceeds(o, above, "classes", "class "+name, pos)
			}
		}
		for i, name := range spec.Regions {
			pos := o.At("offers", "regions", strconv.Itoa(i))
			if !slices.Contains(regions, name) {
				r.found.Fault(&o.Meta, diag.New(diag.UnknownOffer, pos, "%s offers region %s, in which no physical cluster stands", o.Path, name).SuggestName(name, regions), "nobody gets it")
				r.found.Following(schema.KindPhysicalClusters, "")
				own.Wrong = true
			} else if above := o.Offers.Refusing(func(f *tenancy.Offer) bool { return f.Region(name) }); above != nil {
				r.exceeds(o, above, "regions", "region "+name, pos)
			}
		}
		o.Offers = append(slices.Clip(o.Offers), own)
	}
}

// offeredAPI adds one entry of offers.apis: a set, or a set and a version.
func (r *resolver) offeredAPI(o *tenancy.Organization, own *tenancy.Offer, text string, pos diag.Position) {
	name, version, single := strings.Cut(text, "@")
	sets := r.offerable(name, o.Dir)
	if len(sets) == 0 {
		r.found.Fault(&o.Meta, diag.New(diag.UnknownOffer, pos, "%s offers API set %s, which does not exist here", o.Path, name).SuggestName(name, r.visible(o.Dir)), "nobody gets it")
		r.found.Following(schema.KindAPISets, name)
		own.Wrong = true
		return
	}
	for _, set := range sets {
		var v *tenancy.APIVersion
		if single {
			if v = set.Find(version); v == nil {
				r.found.Fault(&o.Meta, diag.New(diag.UnknownOffer, pos, "%s offers version %s of API set %s, which has none of that name", o.Path, version, name).SuggestName(version, names(set)), "nobody gets it")
				r.found.Following(schema.KindAPISets, name)
				own.Wrong = true
				continue
			}
		}
		above := o.Offers.Refusing(func(f *tenancy.Offer) bool {
			limit, ok := f.APIs[set]
			return f.APIs == nil || ok && (len(limit) == 0 || v != nil && limit[v])
		})
		if above != nil {
			r.exceeds(o, above, "apis", "API "+text, pos)
		}
		switch versions, offered := own.APIs[set]; {
		case v == nil:
			own.APIs[set] = map[*tenancy.APIVersion]bool{}
		case !offered:
			own.APIs[set] = map[*tenancy.APIVersion]bool{v: true}
		case len(versions) > 0: // all of them are offered otherwise
			versions[v] = true
		}
	}
}

// offerable returns the API sets of a name that an organization may offer: the one that
// is seen from its directory, or else those that stand below it.
func (r *resolver) offerable(name, dir string) []*tenancy.APISet {
	if set := r.lookup(name, dir); set != nil {
		return []*tenancy.APISet{set}
	}
	var sets []*tenancy.APISet
	for _, set := range r.t.APISets {
		if set.Name == name && strings.HasPrefix(set.Dir, dir+"/") {
			sets = append(sets, set)
		}
	}
	return sets
}

func (r *resolver) exceeds(o *tenancy.Organization, above *tenancy.Offer, field, what string, pos diag.Position) {
	above.Fault(&r.found, &o.Meta, diag.New(diag.OfferExceeds, pos, "%s offers %s, which %s does not offer", o.Path, what, above.Organization.Path).
		See(above.Organization.At("offers", field), "the offer of %s stands here", above.Organization.Path).
		Suggest("leave it out, or have the owners of %s offer it", above.Organization.Path), "nobody gets it")
}

// names returns the names under which versions of a set are bound, sorted.
func names(set *tenancy.APISet) []string {
	var out []string
	for _, v := range set.Versions {
		out = append(out, v.Name)
	}
	for channel := range set.Spec.Channels {
		if set.Version(channel) == nil && set.Find(channel) != nil {
			out = append(out, channel)
		}
	}
	slices.Sort(out)
	return out
}
