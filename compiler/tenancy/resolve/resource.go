package resolve

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// resource resolves one resource of a version; nil where there is none that
// could be given.
func (b *setBuilder) resource(v *tenancy.APIVersion, key string, spec schema.Resource) *tenancy.Resource {
	set := v.Set
	at := func(path ...string) diag.Position {
		return set.At(append([]string{"versions", v.Name, "resources", key}, path...)...)
	}
	const held = "the resource falls away"
	table, own := b.builtins[key]
	refused := builtin.Refused(key)
	var res *tenancy.Resource
	switch {
	case refused != "":
		b.out.Fault(&set.Meta, diag.New(diag.ResourceRefused, at(), "%s can't be given to a logical cluster: %s", key, refused), held)
		return nil
	case own && spec.File != "":
		b.out.Fault(&set.Meta, diag.New(diag.CRDFileUnusable, at("file"), "%s is built into Kubernetes", key).Suggest("leave file out"), held)
		return nil
	case own:
		res = &tenancy.Resource{Key: key, Group: table.Group, Plural: table.Plural, Kind: table.Kind, Served: table.Versions, Subresources: table.Subresources}
	case spec.File == "":
		d := diag.New(diag.UnknownResource, at(), "%s is not one of Kubernetes' own resources", key)
		if near := diag.Nearest(key, slices.Sorted(maps.Keys(b.builtins))); near != "" {
			d = d.Suggest("did you mean %q?", near)
		} else {
			d = d.Suggest("name the file with its CustomResourceDefinition: file")
		}
		b.out.Fault(&set.Meta, d, held)
		return nil
	default:
		if res = b.custom(v, key, spec, at); res == nil {
			return nil
		}
		table = builtin.Entry{View: builtin.ReadVerbs(), Edit: builtin.AllVerbs(), Admin: builtin.AllVerbs()}
	}
	for i, version := range spec.Versions {
		if !slices.Contains(res.Served, version) {
			b.out.Fault(&set.Meta, diag.New(diag.VersionNotServed, at("versions", strconv.Itoa(i)), "%s is not served as %s, only as %s", key, version, diag.Join(res.Served)).SuggestName(version, res.Served),
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
func (b *setBuilder) demands(res *tenancy.Resource, set *tenancy.APISet, spec schema.Resource, at tenancy.Positions) bool {
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
				d = d.SuggestName(unknown.Field, unknown.Known)
			}
			if once := strings.Join(p.Path, " "); !reported[once] {
				reported[once] = true
				b.out.Fault(&set.Meta, d, "the resource falls away")
			}
			ok = false
		}
	}
	if !ok || len(res.Writable()) < 2 {
		return ok
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Constraints)) {
		ok = b.samePlace(res, set, path, at("constraints", path)) && ok
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Defaults)) {
		ok = b.samePlace(res, set, path, at("defaults", path)) && ok
	}
	return ok
}

// samePlace checks that a path leads to the same place in all versions that may be
// written.
func (b *setBuilder) samePlace(res *tenancy.Resource, set *tenancy.APISet, path string, pos diag.Position) bool {
	var first []constraint.Step
	for i, version := range res.Writable() {
		steps, err := constraint.Steps(res.Schema(version), path)
		if i == 0 || err != nil {
			first = steps
		} else if !slices.Equal(steps, first) {
			b.out.Fault(&set.Meta, diag.New(diag.ConstraintInvalid, pos, "%s: %s is something else in version %s than in %s", res.Key, path, res.Writable()[0], version).
				Suggest("name the version that may be written: versions"), "the resource falls away")
			return false
		}
	}
	return true
}

// unchanged is what becomes of a resource of a held API set whose file is broken.
const unchanged = "the resource stays bound, and its CRD stays in the clusters as it is"

// bare returns what is known of a resource without its definition. Its key is all
// that roles and gates need.
func bare(key string, spec schema.Resource) *tenancy.Resource {
	plural, group, _ := strings.Cut(key, ".")
	return &tenancy.Resource{Key: key, Group: group, Plural: plural, Served: spec.Versions, Subresources: []tenancy.Subresource{statusSubresource()}, Lost: true}
}

// statusSubresource is what every role may read of a resource's status.
func statusSubresource() tenancy.Subresource {
	read := []string{"get"}
	return tenancy.Subresource{Name: "status", View: read, Edit: read, Admin: read}
}

// lastGood returns the definition that a held API set had when it was last good;
// nil where it is not known.
func (b *setBuilder) lastGood(v *tenancy.APIVersion, key string) *definition.Definition {
	if b.published == nil {
		return nil
	}
	return b.published(&v.Set.Meta, v.Name, key)
}

// custom resolves a resource that a CRD file defines.
func (b *setBuilder) custom(v *tenancy.APIVersion, key string, spec schema.Resource, at tenancy.Positions) *tenancy.Resource {
	set := v.Set
	const held = "the resource falls away"
	file := path.Join(set.Dir, spec.File)
	if slices.Contains(strings.Split(spec.File, "/"), "..") {
		b.out.Fault(&set.Meta, diag.New(diag.CRDFileUnusable, at("file"), "%s leads out of the API set's directory", spec.File).Suggest("put the file beside the API set"), held)
		return nil
	}
	d := b.definition(set, key, file, at("file"))
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
	if document.InOrganizations(set.Dir) && builtin.Privileged(d.group, b.engines) {
		b.out.Fault(&set.Meta, diag.New(diag.ResourceRefused, at(), "only API sets outside orgs/ can give %s: its objects act with rights of the platform", key), held)
		return nil
	}
	problems := d.problems
	if len(problems) == 0 && !d.namespaced {
		problems = []string{"its scope is Cluster, and a logical cluster is made of namespaces"}
	}
	for _, problem := range problems {
		b.out.Fault(&set.Meta, diag.New(diag.CRDInvalid, at("file"), "%s in %s: %s", key, file, problem).See(diag.Position{File: file}, "the file"), held)
	}
	if len(problems) > 0 {
		return nil
	}
	crd := d.CRD
	crd.Managed = v.Spec.CRDs == schema.CRDsManaged
	res := &tenancy.Resource{Key: key, Group: d.group, Plural: d.plural, Kind: d.kind, Served: d.served, CRD: &crd}
	if d.scalable {
		change := []string{"get", "update", "patch"}
		res.Subresources = append(res.Subresources, tenancy.Subresource{Name: "scale", View: []string{"get"}, Edit: change, Admin: change})
	}
	res.Subresources = append(res.Subresources, statusSubresource())
	return res
}

// definition returns the definition of a resource in one of today's files; nil where
// there is none, which is reported, or where today's files are not known.
func (b *setBuilder) definition(set *tenancy.APISet, key, file string, pos diag.Position) *crdDefinition {
	have := b.files[file]
	if have == nil { // it is not about today's files
		return nil
	}
	if have.problem != "" {
		b.out.Fault(&set.Meta, diag.New(diag.CRDFileUnusable, pos, "%s: %s", file, have.problem).See(diag.Position{File: file}, "the file"), unchanged)
		return nil
	}
	if d := have.crds[key]; d != nil {
		return d
	}
	names := slices.Sorted(maps.Keys(have.crds))
	problem := diag.New(diag.CRDFileUnusable, pos, "%s has no CustomResourceDefinition named %s", file, key)
	if len(names) > 0 {
		problem.Message += ", only " + diag.Join(names)
	}
	b.out.Fault(&set.Meta, problem.SuggestName(key, names), unchanged)
	return nil
}
