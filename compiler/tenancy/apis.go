package tenancy

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// insideOrgs reports whether a directory belongs to the organization tree.
func insideOrgs(dir string) bool { return dir == "orgs" || strings.HasPrefix(dir, "orgs/") }

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
	each(len(names), &r.found, func(i int, _ *findings) { read[i] = readCRDs(r.tree, names[i]) })
	for i, name := range names {
		files[name] = read[i]
	}
	r.sets = map[string]map[string]*APISet{}
	b := setBuilder{files: files, published: r.published, builtins: builtins(), engines: r.t.Targets.Engines, out: &r.found}
	for _, d := range r.docs.APISets {
		dir := ""
		if insideOrgs(d.Dir) {
			dir = d.Dir
			r.insideSets = true
		}
		if other := r.sets[dir][d.Key]; other != nil {
			r.found.fault(&d.Meta, diag.New(diag.DeclaredTwice, d.Pos, "API set %s is declared twice outside orgs/", d.Key).
				See(other.Pos, "the other stands here").Suggest("give one of them another name"), "the other is used")
			continue
		}
		set := b.set(d)
		r.t.APISets = append(r.t.APISets, set)
		if r.sets[dir] == nil {
			r.sets[dir] = map[string]*APISet{}
		}
		r.sets[dir][set.Name] = set
	}
}

// lookup finds an API set as it is seen from a directory: upwards from there,
// then outside orgs/.
func (r *resolver) lookup(name, dir string) *APISet {
	if r.insideSets && insideOrgs(dir) {
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
	if insideOrgs(dir) {
		for ; dir != "."; dir = path.Dir(dir) {
			names = slices.AppendSeq(names, maps.Keys(r.sets[dir]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// bind resolves a binding where it stands. It returns nil where there is nothing
// that could be bound, and says why.
func (r *resolver) bind(name, requested string, m *document.Meta, pos diag.Position, out *findings) *APIVersion {
	const held = "the binding falls away"
	set := r.lookup(name, m.Dir)
	if set == nil {
		d := diag.New(diag.UnknownAPISet, pos, "there is no API set %s here", name)
		for _, other := range r.t.APISets {
			if other.Name == name {
				d = d.See(other.Pos, "this one can only be bound below its own directory")
			}
		}
		out.fault(m, meant(d, name, r.visible(m.Dir)), held)
		return nil
	}
	v := set.names[requested]
	if v == nil {
		var choices []string
		for _, v := range set.Versions {
			if v.Spec.Lifecycle != schema.Removed {
				choices = append(choices, v.Name)
			}
		}
		channels := slices.Sorted(maps.Keys(set.Spec.Channels))
		text := "its versions are " + list(choices)
		if len(channels) > 0 {
			text = "its channels are " + list(channels) + ", " + text
		}
		out.fault(m, meant(diag.New(diag.UnknownAPIVersion, pos, "API set %s has neither a version nor a channel %s: %s", name, requested, text).
			See(set.Pos, "the API set stands here"), requested, slices.Concat(channels, choices)), held)
		return nil
	}
	lifecycle := set.At("versions", v.Name, "lifecycle")
	switch {
	case v.Spec.Lifecycle == schema.Removed:
		d := diag.New(diag.RemovedAPIVersion, pos, "%s was removed", v).See(lifecycle, "it was removed here")
		out.fault(m, set.suggest(d, "bind", v), held)
		return nil
	case v.Spec.Lifecycle == schema.Deprecated && !sunset(v, r.asOf):
		d := diag.New(diag.DeprecatedAPIVersion, pos, "%s is deprecated", v)
		if v.Spec.Sunset != "" {
			d.Message += ", and can't be newly bound after " + v.Spec.Sunset
		}
		out.add(m, set.suggest(d, "move to", v).See(lifecycle, "it was deprecated here"))
	}
	return v
}

// sunset reports whether the day is past the version's last.
func sunset(v *APIVersion, asOf string) bool {
	return v.Spec.Lifecycle == schema.Deprecated && v.Spec.Sunset != "" && asOf > v.Spec.Sunset
}

// Find returns what is bound under the name of a version or channel; nil where
// there is neither.
func (s *APISet) Find(name string) *APIVersion { return s.names[name] }

// version returns the version of that name.
func (s *APISet) version(name string) *APIVersion {
	i, ok := slices.BinarySearchFunc(s.Versions, name, func(v *APIVersion, name string) int { return strings.Compare(v.Name, name) })
	if !ok {
		return nil
	}
	return s.Versions[i]
}

// upgrade follows replacedBy from a version to one that may be bound, and returns
// the names of all on the way, both among them; nil where there is none.
func (s *APISet) upgrade(v *APIVersion) []string {
	path := []string{v.Name}
	for range s.Versions {
		if v = s.version(v.Spec.ReplacedBy); v == nil {
			return nil
		}
		path = append(path, v.Name)
		if v.Spec.Lifecycle != schema.Removed && v.Spec.Lifecycle != schema.Deprecated {
			return path
		}
	}
	return nil
}

// suggest says what to do instead of binding a version, and by which versions it was
// replaced one after the other.
func (s *APISet) suggest(d diag.Diagnostic, do string, v *APIVersion) diag.Diagnostic {
	path := s.upgrade(v)
	switch len(path) {
	case 0:
		return d
	case 2:
		return d.Suggest("%s %s", do, path[1])
	}
	return d.Suggest("%s %s; the upgrade path is %s", do, path[len(path)-1], strings.Join(path, " -> "))
}

// setBuilder turns documents into API sets.
type setBuilder struct {
	files     map[string]*crdFile
	published Published
	builtins  map[string]builtin
	engines   target.Engines
	out       *findings
}

// LastGoodAPISet returns an API set as it was last good, with the definitions that
// were published then. Resources without one have none.
func LastGoodAPISet(m document.Meta, spec schema.APISet, published Published, engines target.Engines) *APISet {
	m.Held = true
	b := setBuilder{published: published, builtins: builtins(), engines: engines, out: new(findings)}
	return b.set(&document.Document[schema.APISet]{Meta: m, Spec: spec})
}

func (b *setBuilder) set(d *document.Document[schema.APISet]) *APISet {
	set := &APISet{Meta: d.Meta, Name: d.Key, Spec: d.Spec, names: map[string]*APIVersion{}}
	defaults := schema.DefaultAPISet()
	set.Spec.Promise = cmp.Or(set.Spec.Promise, defaults.Promise)
	for _, name := range slices.Sorted(maps.Keys(d.Spec.Versions)) {
		v := &APIVersion{Set: set, Name: name, Spec: d.Spec.Versions[name]}
		usual := schema.DefaultAPIVersion()
		v.Spec.Lifecycle = cmp.Or(v.Spec.Lifecycle, usual.Lifecycle)
		v.Spec.CRDs = cmp.Or(v.Spec.CRDs, usual.CRDs)
		for _, key := range slices.Sorted(maps.Keys(v.Spec.Resources)) {
			if res := b.resource(v, key, v.Spec.Resources[key]); res != nil {
				v.Resources = append(v.Resources, res)
			}
		}
		slices.SortFunc(v.Resources, func(a, b *Resource) int {
			return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Plural, b.Plural))
		})
		set.Versions = append(set.Versions, v)
		set.names[name] = v
	}
	b.references(set)
	return set
}

// references checks channels, sunsets and replacedBy.
func (b *setBuilder) references(set *APISet) {
	versions := slices.Sorted(maps.Keys(set.Spec.Versions))
	for _, channel := range slices.Sorted(maps.Keys(set.Spec.Channels)) {
		target := set.Spec.Channels[channel]
		pos := set.At("channels", channel)
		v := set.version(target)
		switch {
		case set.version(channel) != nil:
			b.out.fault(&set.Meta, diag.New(diag.APISetBroken, pos, "%s is the name of a channel and of a version", channel).
				See(set.At("versions", channel), "the version stands here"), "the version is meant")
		case v == nil:
			b.out.fault(&set.Meta, meant(diag.New(diag.APISetBroken, pos, "channel %s names version %s, which does not exist", channel, target), target, versions),
				"the channel falls away")
		default:
			set.names[channel] = v
			if v.Spec.Lifecycle == schema.Removed {
				d := diag.New(diag.APISetBroken, pos, "channel %s names version %s, which was removed", channel, target).
					See(set.At("versions", target, "lifecycle"), "it was removed here")
				b.out.fault(&set.Meta, set.suggest(d, "let the channel name", v), "nobody can bind it")
			}
		}
	}
	reported := map[string]bool{}
	for _, v := range set.Versions {
		if ends := v.Spec.Lifecycle == schema.Deprecated || v.Spec.Lifecycle == schema.Removed; v.Spec.Sunset != "" && !ends {
			b.out.fault(&set.Meta, diag.New(diag.SunsetWithoutEnd, set.At("versions", v.Name, "sunset"),
				"%s has a sunset and is not deprecated, so it can be bound after %s all the same", v, v.Spec.Sunset).
				Suggest(`deprecate it with lifecycle: "deprecated", or leave the sunset out`), "it has no sunset")
		}
		if v.Spec.ReplacedBy == "" {
			continue
		}
		pos := set.At("versions", v.Name, "replacedBy")
		if set.version(v.Spec.ReplacedBy) == nil {
			b.out.fault(&set.Meta, meant(diag.New(diag.APISetBroken, pos, "version %s is replaced by %s, which does not exist", v.Name, v.Spec.ReplacedBy), v.Spec.ReplacedBy, versions),
				"nothing replaces it")
			continue
		}
		var circle []string
		for at := v; at != nil && !reported[at.Name] && !slices.Contains(circle, at.Name); at = set.version(at.Spec.ReplacedBy) {
			circle = append(circle, at.Name)
			if at.Spec.ReplacedBy == v.Name {
				for _, name := range circle {
					reported[name] = true
				}
				b.out.fault(&set.Meta, diag.New(diag.APISetBroken, pos, "versions replace each other in a circle: %s", strings.Join(append(circle, v.Name), " by ")),
					"nothing replaces them")
				break
			}
		}
	}
}

// resource resolves one resource of a version; nil where there is none that
// could be given.
func (b *setBuilder) resource(v *APIVersion, key string, spec schema.Resource) *Resource {
	set := v.Set
	at := func(path ...string) diag.Position {
		return set.At(append([]string{"versions", v.Name, "resources", key}, path...)...)
	}
	const held = "the resource falls away"
	table, own := b.builtins[key]
	refused := refusedBuiltin(key)
	var res *Resource
	switch {
	case refused != "":
		b.out.fault(&set.Meta, diag.New(diag.ResourceRefused, at(), "%s can't be given to a logical cluster: %s", key, refused), held)
		return nil
	case own && spec.File != "":
		b.out.fault(&set.Meta, diag.New(diag.CRDFileUnusable, at("file"), "%s is built into Kubernetes", key).Suggest("leave file out"), held)
		return nil
	case own:
		res = &Resource{Key: key, Group: table.group, Plural: table.plural, Kind: table.kind, Served: table.versions, Subresources: table.subresources}
	case spec.File == "":
		d := diag.New(diag.UnknownResource, at(), "%s is not one of Kubernetes' own resources", key)
		if near := diag.Nearest(key, slices.Sorted(maps.Keys(b.builtins))); near != "" {
			d = d.Suggest("did you mean %q?", near)
		} else {
			d = d.Suggest("name the file with its CustomResourceDefinition: file")
		}
		b.out.fault(&set.Meta, d, held)
		return nil
	default:
		if res = b.custom(v, key, spec, at); res == nil {
			return nil
		}
		table = builtin{view: readVerbs(), edit: allVerbs(), admin: allVerbs()}
	}
	for i, version := range spec.Versions {
		if !slices.Contains(res.Served, version) {
			b.out.fault(&set.Meta, meant(diag.New(diag.VersionNotServed, at("versions", itoa(i)), "%s is not served as %s, only as %s", key, version, list(res.Served)), version, res.Served),
				"the version falls away")
			continue
		}
		res.Versions = append(res.Versions, version)
	}
	if len(spec.Versions) > 0 && len(res.Versions) == 0 {
		return nil // an empty list would mean all of them
	}
	if !b.demands(res, set, spec, at) {
		return nil
	}
	b.verbs(res, table, set, spec.Verbs, at)
	return res
}

// demands takes over the constraints and defaults of a resource. It reports false
// where they can't be enforced: then nobody gets the resource without them.
func (b *setBuilder) demands(res *Resource, set *APISet, spec schema.Resource, at positions) bool {
	res.Demands = constraint.Demands{Constraints: spec.Constraints, Defaults: spec.Defaults}
	if res.Demands.Empty() || res.Lost {
		return true
	}
	ok := true
	reported := map[string]bool{}
	for _, version := range res.Writable() {
		root := res.Schema(version)
		if root == nil {
			continue
		}
		_, problems := constraint.Narrow(root, res.Demands)
		for _, p := range problems {
			d := diag.New(diag.ConstraintInvalid, at(p.Path...), "%s, version %s: %v", res.Key, version, p.Err)
			if unknown := (*constraint.UnknownField)(nil); errors.As(p.Err, &unknown) {
				d = meant(d, unknown.Field, unknown.Known)
			}
			if once := strings.Join(p.Path, " "); !reported[once] {
				reported[once] = true
				b.out.fault(&set.Meta, d, "the resource falls away")
			}
			ok = false
		}
	}
	if !ok || len(res.Writable()) < 2 {
		return ok
	}
	for _, kind := range []struct {
		field string
		paths []string
	}{{"constraints", slices.Sorted(maps.Keys(spec.Constraints))}, {"defaults", slices.Sorted(maps.Keys(spec.Defaults))}} {
		for _, path := range kind.paths {
			var first []constraint.Step
			for i, version := range res.Writable() {
				steps, err := constraint.Steps(res.Schema(version), path)
				if i == 0 || err != nil {
					first = steps
				} else if !slices.Equal(steps, first) {
					b.out.fault(&set.Meta, diag.New(diag.ConstraintInvalid, at(kind.field, path), "%s: %s is something else in version %s than in %s", res.Key, path, res.Writable()[0], version).
						Suggest("name the version that may be written: versions"), "the resource falls away")
					ok = false
					break
				}
			}
		}
	}
	return ok
}

// Writable returns the API versions in which the resource may be written.
func (r *Resource) Writable() []string {
	if len(r.Versions) > 0 {
		return r.Versions
	}
	return r.Served
}

// Schema returns the schema of an API version of the resource; nil where it is not
// known. It must not be changed.
func (r *Resource) Schema(version string) *apiextensionsv1.JSONSchemaProps {
	if r.CRD == nil {
		return constraint.Builtin(kubeschema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind})
	}
	if r.CRD.Definition != nil {
		for _, v := range r.CRD.Definition.Spec.Versions {
			if v.Name == version && v.Schema != nil {
				return v.Schema.OpenAPIV3Schema
			}
		}
	}
	return nil
}

// asItWas is what becomes of a resource of a held API set whose file is broken.
const asItWas = "the resource stays bound, and its CRD stays in the clusters as it is"

// bare returns what is known of a resource without its definition. Its key is all
// that roles and gates need.
func bare(key string, spec schema.Resource) *Resource {
	plural, group, _ := strings.Cut(key, ".")
	return &Resource{Key: key, Group: group, Plural: plural, Served: spec.Versions, Subresources: []Subresource{statusSubresource()}, Lost: true}
}

// statusSubresource is what every role may read of a resource's status.
func statusSubresource() Subresource {
	read := []string{"get"}
	return Subresource{Name: "status", View: read, Edit: read, Admin: read}
}

// lastGood returns the definition that a held API set had when it was last good;
// nil where it is not known.
func (b *setBuilder) lastGood(v *APIVersion, key string) *definition.Definition {
	if b.published == nil {
		return nil
	}
	return b.published(&v.Set.Meta, v.Name, key)
}

// custom resolves a resource that a CRD file defines.
func (b *setBuilder) custom(v *APIVersion, key string, spec schema.Resource, at positions) *Resource {
	set := v.Set
	const held = "the resource falls away"
	file := path.Join(set.Dir, spec.File)
	unusable := func(format string, args ...any) diag.Diagnostic {
		return diag.New(diag.CRDFileUnusable, at("file"), format, args...)
	}
	if slices.Contains(strings.Split(spec.File, "/"), "..") {
		b.out.fault(&set.Meta, unusable("%s leads out of the API set's directory", spec.File).Suggest("put the file beside the API set"), held)
		return nil
	}
	var d *crdDefinition
	switch have := b.files[file]; {
	case have == nil: // it is not about today's files
	case have.problem != "":
		b.out.fault(&set.Meta, unusable("%s: %s", file, have.problem).See(diag.Position{File: file}, "the file"), asItWas)
	default:
		if d = have.crds[key]; d != nil {
			break
		}
		names := slices.Sorted(maps.Keys(have.crds))
		problem := unusable("%s has no CustomResourceDefinition named %s", file, key)
		if len(names) > 0 {
			problem.Message += ", only " + list(names)
		}
		b.out.fault(&set.Meta, meant(problem, key, names), asItWas)
	}
	if set.Held {
		if was := b.lastGood(v, key); was != nil {
			d = newCRD(was, file)
		} else if d == nil {
			return bare(key, spec)
		}
	}
	if d == nil {
		return nil
	}
	if insideOrgs(set.Dir) && privilegedGroup(d.group, b.engines) {
		b.out.fault(&set.Meta, diag.New(diag.ResourceRefused, at(), "only API sets outside orgs/ can give %s: its objects act with rights of the platform", key), held)
		return nil
	}
	problems := d.problems
	if len(problems) == 0 && !d.namespaced {
		problems = []string{"its scope is Cluster, and a logical cluster is made of namespaces"}
	}
	for _, problem := range problems {
		b.out.fault(&set.Meta, diag.New(diag.CRDInvalid, at("file"), "%s in %s: %s", key, file, problem).See(diag.Position{File: file}, "the file"), held)
	}
	if len(problems) > 0 {
		return nil
	}
	crd := d.CRD
	crd.Managed = v.Spec.CRDs == schema.CRDsManaged
	res := &Resource{Key: key, Group: d.group, Plural: d.plural, Kind: d.kind, Served: d.served, CRD: &crd}
	if d.scalable {
		change := []string{"get", "update", "patch"}
		res.Subresources = append(res.Subresources, Subresource{Name: "scale", View: []string{"get"}, Edit: change, Admin: change})
	}
	res.Subresources = append(res.Subresources, statusSubresource())
	return res
}

// verbs fills in the verbs of each role. What a role can't do with a resource it
// can't do through its subresources either.
func (b *setBuilder) verbs(res *Resource, table builtin, set *APISet, spec schema.Verbs, at positions) {
	res.View = b.role(res, set, "view", spec.View, table.view, table.view, at)
	most := table.most
	if most == nil {
		most = allVerbs()
	}
	editMost, adminMost := most, most
	if insideOrgs(set.Dir) {
		editMost, adminMost = table.edit, table.admin
	}
	res.Edit = b.role(res, set, "edit", spec.Edit, table.edit, editMost, at)
	res.Admin = b.role(res, set, "admin", spec.Admin, table.admin, adminMost, at)
	subresources := make([]Subresource, 0, len(res.Subresources))
	for _, s := range res.Subresources {
		s.View, s.Edit, s.Admin = within(s.View, res.View), within(s.Edit, res.Edit), within(s.Admin, res.Admin)
		subresources = append(subresources, s)
	}
	res.Subresources = subresources
}

// role returns the verbs of one role: the usual ones, or those that the document
// says, none of them outside most.
func (b *setBuilder) role(res *Resource, set *APISet, role string, said, usual, most []string, at positions) []string {
	if said == nil {
		return usual
	}
	for i, verb := range said {
		if !slices.Contains(most, verb) {
			d := diag.New(diag.VerbRefused, at("verbs", role, itoa(i)), "%s can't be given %s on %s", role, verb, res.Key)
			if len(most) > 0 {
				d = d.Suggest("%s may have %s", role, list(most))
			}
			b.out.fault(&set.Meta, d, "the verb falls away")
		}
	}
	var out []string
	for _, verb := range allVerbs() {
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
