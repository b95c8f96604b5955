package resolve

import (
	"maps"
	"path"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// apiSets resolves all API sets, and with them the CRD files that they name.
func (r *resolver) apiSets() {
	files := map[string]*crdFile{}
	for _, d := range r.docs.APISets {
		for _, v := range d.Spec.Versions {
			for _, res := range v.Resources {
				if res.File != "" {
					files[path.Join(d.Dir, res.File)] = nil
				}
			}
		}
	}
	names := slices.Sorted(maps.Keys(files))
	read := make([]*crdFile, len(names))
	r.found.Gather(len(names), func(i int, _ *tenancy.Findings) { read[i] = readCRDs(r.tree, names[i]) })
	for i, name := range names {
		files[name] = read[i]
	}
	r.sets = map[string]map[string]*tenancy.APISet{}
	b := setBuilder{files: files, published: r.published, builtins: builtin.All(), engines: r.t.Targets.Engines, out: &r.found}
	for _, d := range r.docs.APISets {
		dir := ""
		if document.InOrganizations(d.Dir) {
			dir = d.Dir
			r.insideSets = true
		}
		if other := r.sets[dir][d.Key]; other != nil {
			r.found.Fault(&d.Meta, diag.New(diag.DeclaredTwice, d.Pos, "API set %s is declared twice outside orgs/", d.Key).
				See(other.Pos, "the other stands here").Suggest("give one of them another name"), "the other is used")
			continue
		}
		set := b.set(d)
		r.t.APISets = append(r.t.APISets, set)
		if r.sets[dir] == nil {
			r.sets[dir] = map[string]*tenancy.APISet{}
		}
		r.sets[dir][set.Name] = set
	}
}

// lookup finds an API set as it is seen from a directory: upwards from there,
// then outside orgs/.
func (r *resolver) lookup(name, dir string) *tenancy.APISet {
	if r.insideSets && document.InOrganizations(dir) {
		for ; dir != "."; dir = path.Dir(dir) {
			if set := r.sets[dir][name]; set != nil {
				return set
			}
		}
	}
	return r.sets[""][name]
}

// visible lists the API sets that are seen from a directory.
func (r *resolver) visible(dir string) []string {
	names := slices.Collect(maps.Keys(r.sets[""]))
	if document.InOrganizations(dir) {
		for ; dir != "."; dir = path.Dir(dir) {
			names = slices.AppendSeq(names, maps.Keys(r.sets[dir]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// bind resolves a binding where it stands. It returns nil where there is nothing
// that could be bound, and says why.
func (r *resolver) bind(name, requested string, m *document.Meta, pos diag.Position, out *tenancy.Findings) *tenancy.APIVersion {
	const held = "the binding falls away"
	set := r.lookup(name, m.Dir)
	if set == nil {
		d := diag.New(diag.UnknownAPISet, pos, "there is no API set %s here", name)
		for _, other := range r.t.APISets {
			if other.Name == name {
				d = d.See(other.Pos, "this one can only be bound below its own directory")
			}
		}
		out.Fault(m, d.SuggestName(name, r.visible(m.Dir)), held)
		out.Following(schema.KindAPISets, name)
		return nil
	}
	v := set.Find(requested)
	if v == nil {
		var choices []string
		for _, v := range set.Versions {
			if v.Spec.Lifecycle != schema.Removed {
				choices = append(choices, v.Name)
			}
		}
		channels := slices.Sorted(maps.Keys(set.Spec.Channels))
		text := "its versions are " + diag.Join(choices)
		if len(channels) > 0 {
			text = "its channels are " + diag.Join(channels) + ", " + text
		}
		out.Fault(m, diag.New(diag.UnknownAPIVersion, pos, "API set %s has neither a version nor a channel %s: %s", name, requested, text).
			See(set.Pos, "the API set stands here").SuggestName(requested, slices.Concat(channels, choices)), held)
		out.Following(schema.KindAPISets, name)
		return nil
	}
	lifecycle := set.At("versions", v.Name, "lifecycle")
	switch {
	case v.Spec.Lifecycle == schema.Removed:
		d := diag.New(diag.RemovedAPIVersion, pos, "%s was removed", v).See(lifecycle, "it was removed here")
		out.Fault(m, set.SuggestUpgrade(d, "bind", v), held)
		return nil
	case v.Spec.Lifecycle == schema.Deprecated && !v.PastSunset(r.asOf):
		d := diag.New(diag.DeprecatedAPIVersion, pos, "%s is deprecated", v)
		if v.Spec.Sunset != "" {
			d.Message += ", and can't be newly bound after " + v.Spec.Sunset
		}
		out.Add(m, set.SuggestUpgrade(d, "move to", v).See(lifecycle, "it was deprecated here"))
	}
	return v
}
