package evolution

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/version"
)

// Member is one of several definitions of a resource that a cluster is to serve
// at once, since it has room for one definition of a resource.
type Member struct {
	Definition *apiextensionsv1.CustomResourceDefinition
	// Promise says for whom a version may be replaced by a wider one of the same name:
	// full cares for readers too, all others for writers.
	Promise schema.Promise
}

// Stored is in which versions a cluster stores objects of a resource.
type Stored struct {
	// Version is the one in which objects were written last; empty if none ever were.
	Version string
	// Versions are all in which objects may be stored.
	Versions []string
}

// Obstacle is why two members can't be served by one definition.
type Obstacle struct {
	// A and B are the members.
	A, B int
	// Version and Path say where they differ; empty for the whole.
	Version, Path string
	Message       string
}

func (o Obstacle) String() string {
	if o.Version == "" {
		return o.Message
	}
	if o.Path == "" {
		return fmt.Sprintf("version %s: %s", o.Version, o.Message)
	}
	return fmt.Sprintf("version %s, at %s: %s", o.Version, o.Path, o.Message)
}

// Merge returns a definition that serves every version that a member serves: what
// a member accepts it accepts, and stores and gives back the same. Where that is
// not proved, it returns why. Members are valid and have the API server's
// defaults, and are not changed; where two serve equally well, the earlier one is
// taken.
//
// The storage version is the one that all members agree on, else the one that
// objects were stored in last, else the members' highest, whichever is the first
// that keeps all that writers of other versions write. Versions in which objects
// may be stored stay, unserved where no member has them.
func Merge(members []Member, stored Stored) (*apiextensionsv1.CustomResourceDefinition, []Obstacle) {
	m := &merge{members: members, walk: &walk{rules: rules(), resource: ResourceOf(members[0].Definition)}}
	m.join()
	if len(m.obstacles) == 0 {
		m.convert()
	}
	if len(m.obstacles) == 0 {
		m.store(stored)
	}
	if len(m.obstacles) > 0 {
		return nil, m.obstacles
	}
	return Retain(m.out, stored.Versions), nil
}

// Joinable returns why no one definition could serve what the members serve,
// however objects are stored and converted, which is up to whoever installs it.
func Joinable(members []Member) []Obstacle {
	m := &merge{members: members, walk: &walk{rules: rules(), resource: ResourceOf(members[0].Definition)}}
	m.join()
	return m.obstacles
}

type merge struct {
	*walk
	members   []Member
	out       *crd
	obstacles []Obstacle
}

func (m *merge) refuse(a, b int, version, path, format string, args ...any) {
	m.obstacles = append(m.obstacles, Obstacle{a, b, version, path, fmt.Sprintf(format, args...)})
}

// join makes the definition of the first member, with the versions of all.
func (m *merge) join() {
	m.out = m.head()
	spec := &m.out.Spec
	for _, name := range m.versionNames() {
		if v, ok := m.widest(name); ok {
			spec.Versions = append(spec.Versions, v)
		}
	}
}

// head makes the definition of the first member, without versions, and with the
// names for command lines of all.
func (m *merge) head() *crd {
	first := m.members[0].Definition
	out := first.DeepCopy()
	out.Status = apiextensionsv1.CustomResourceDefinitionStatus{}
	spec := &out.Spec
	spec.Versions = nil
	for i := 1; i < len(m.members); i++ {
		other := m.members[i].Definition
		for _, f := range []struct{ what, a, b string }{
			{"group", first.Spec.Group, other.Spec.Group},
			{"scope", string(first.Spec.Scope), string(other.Spec.Scope)},
			{"plural", first.Spec.Names.Plural, other.Spec.Names.Plural},
			{"kind", first.Spec.Names.Kind, other.Spec.Names.Kind},
			{"kind of lists", first.Spec.Names.ListKind, other.Spec.Names.ListKind},
		} {
			if f.a != f.b {
				m.refuse(0, i, "", "", "the %s is %s in one and %s in the other", f.what, f.a, f.b)
			}
		}
		if first.Spec.PreserveUnknownFields || other.Spec.PreserveUnknownFields {
			m.refuse(0, i, "", "", "unknown fields of all versions are preserved")
		}
		spec.Names.ShortNames = union(spec.Names.ShortNames, other.Spec.Names.ShortNames)
		spec.Names.Categories = union(spec.Names.Categories, other.Spec.Names.Categories)
		out.Labels = under(out.Labels, other.Labels)
		out.Annotations = under(out.Annotations, other.Annotations)
	}
	return out
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(slices.Clip(a), s)
		}
	}
	return a
}

// under fills in what the first map does not have.
func under(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(b)
	maps.Copy(out, a)
	return out
}

// versionNames are the names of all versions, the highest first.
func (m *merge) versionNames() []string {
	var names []string
	for _, member := range m.members {
		for _, v := range member.Definition.Spec.Versions {
			names = union(names, []string{v.Name})
		}
	}
	slices.SortFunc(names, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	return names
}

// widest returns the version of the member that does for all members.
func (m *merge) widest(name string) (crdVersion, bool) {
	var holders []int
	served := false
	for i, member := range m.members {
		v := versionOf(member.Definition, name)
		if v == nil {
			continue
		}
		served = served || v.Served
		holders = append(holders, i)
	}
	var nearest []Obstacle
	for _, i := range holders {
		wide := versionOf(m.members[i].Definition, name)
		var against []Obstacle
		for _, j := range holders {
			narrow := versionOf(m.members[j].Definition, name)
			if i == j || !concerns(m.members[j].Definition, narrow, narrow) {
				continue
			}
			if why := m.widens(narrow, wide, m.members[j].Promise); why != nil {
				against = append(against, Obstacle{j, i, name, why.Path, why.Message})
			}
		}
		if len(against) == 0 {
			out := *wide.DeepCopy()
			out.Served, out.Storage = served, false
			for _, j := range holders {
				for _, f := range versionOf(m.members[j].Definition, name).SelectableFields {
					if !slices.Contains(out.SelectableFields, f) {
						out.SelectableFields = append(out.SelectableFields, f)
					}
				}
			}
			return out, true
		}
		if nearest == nil || len(against) < len(nearest) {
			nearest = against
		}
	}
	m.obstacles = append(m.obstacles, nearest...)
	return crdVersion{}, false
}

// widens returns a change that keeps a version from being replaced by a wider one
// of its name; nil where there is none.
func (m *merge) widens(narrow, wide *crdVersion, promise schema.Promise) *Change {
	w := &walk{rules: m.rules, resource: m.resource}
	w.versions(narrow, wide)
	var worst *Change
	for _, c := range w.sorted() {
		class := c.Writers
		if promise == schema.PromiseFull {
			class = class.Worse(c.Readers)
		}
		if c.Rule == selectableFieldsRule.ID { // those of all are served
			class = Compatible
		}
		if opens[c.Rule+"/"+c.Case] {
			class = Breaking
			c.Message += ", and no admission policy can keep those away who bind the other"
		}
		if class != Compatible && (worst == nil || class.Worse(worst.Writers) != worst.Writers) {
			c.Writers = class
			c.Message = fmt.Sprintf("%s [%s/%s]", c.Message, c.Rule, c.Case)
			worst = &c
		}
	}
	return worst
}

// opens are the cases in which fields without a name can be written that could
// not be before.
var opens = map[string]bool{"map-values/opened": true, "unknown-fields/kept": true}

// convert decides how versions are converted.
func (m *merge) convert() {
	hook := -1
	for i, member := range m.members {
		c := member.Definition.Spec.Conversion
		if strategy(c) == apiextensionsv1.NoneConverter {
			continue
		}
		if hook < 0 {
			hook = i
		} else if !reflect.DeepEqual(c, m.members[hook].Definition.Spec.Conversion) {
			m.refuse(hook, i, "", "", "other webhooks convert their versions")
		}
	}
	if hook < 0 || len(m.obstacles) > 0 {
		return
	}
	// A webhook knows the versions of the definition that names it.
	for i, member := range m.members {
		for _, v := range member.Definition.Spec.Versions {
			if versionOf(m.members[hook].Definition, v.Name) == nil && strategy(member.Definition.Spec.Conversion) == apiextensionsv1.NoneConverter {
				m.refuse(hook, i, v.Name, "", "the webhook that converts the versions of the other does not know it")
			}
		}
	}
	m.out.Spec.Conversion = m.members[hook].Definition.Spec.Conversion.DeepCopy()
}

// store decides the storage version.
func (m *merge) store(stored Stored) {
	var candidates []string
	for _, member := range m.members {
		candidates = union(candidates, []string{storageOf(member.Definition).Name})
	}
	slices.SortFunc(candidates, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	if i := slices.Index(candidates, stored.Version); i > 0 {
		candidates = slices.Insert(slices.Delete(candidates, i, i+1), 0, stored.Version)
	}
	var why []Obstacle
	for _, name := range candidates {
		lost := m.lost(name)
		if len(lost) == 0 {
			versionOf(m.out, name).Storage = true
			return
		}
		if why == nil {
			why = lost
		}
	}
	m.obstacles = append(m.obstacles, why...)
}

// lost is what writers of a member lose by storage in the version, and do not
// lose in the member's own.
func (m *merge) lost(name string) []Obstacle {
	if strategy(m.out.Spec.Conversion) != apiextensionsv1.NoneConverter {
		return nil
	}
	d := &definitions{walk: m.walk}
	storage := versionOf(m.out, name)
	holder := slices.IndexFunc(m.members, func(member Member) bool { return storageOf(member.Definition).Name == name })
	var out []Obstacle
	for i, member := range m.members {
		for k := range member.Definition.Spec.Versions {
			v := &member.Definition.Spec.Versions[k]
			if !v.Served {
				continue
			}
			own := map[string]bool{}
			for _, l := range d.losses(v, storageOf(member.Definition)) {
				own[l.Path+" "+l.Rule+" "+l.Case] = true
			}
			for _, l := range d.losses(v, storage) {
				if !own[l.Path+" "+l.Rule+" "+l.Case] {
					out = append(out, Obstacle{i, holder, v.Name, l.Path, fmt.Sprintf("stored in %s, it would not be kept: %s", name, l.Message)})
				}
			}
		}
	}
	return out
}

// Retain returns the definition with the versions that it lacks, unserved: in
// which objects may be stored, and which the API server refuses to let go. Nobody
// can use them, and what is stored in them is not pruned before it is read in
// another one. A definition that lacks none is returned as it is, and none is
// changed.
func Retain(d *apiextensionsv1.CustomResourceDefinition, names []string) *apiextensionsv1.CustomResourceDefinition {
	keep, out := true, d
	for _, name := range names {
		if versionOf(d, name) != nil {
			continue
		}
		if out == d {
			out = d.DeepCopy()
		}
		out.Spec.Versions = append(out.Spec.Versions, crdVersion{Name: name, Schema: &apiextensionsv1.CustomResourceValidation{
			OpenAPIV3Schema: &props{Type: "object", XPreserveUnknownFields: &keep}}})
	}
	return out
}

// StorageVersion returns the name of the version in which objects are stored.
func StorageVersion(d *apiextensionsv1.CustomResourceDefinition) string {
	if v := storageOf(d); v != nil {
		return v.Name
	}
	return ""
}

// Withheld returns the fields of a version, as paths, that a wide definition has
// and a narrow one does not. Whoever binds the narrow one is not to write them.
func Withheld(narrow, wide *apiextensionsv1.CustomResourceDefinition, name string) []string {
	a, b := versionOf(narrow, name), versionOf(wide, name)
	if a == nil || b == nil {
		return nil
	}
	w := &walk{rules: rules(), resource: ResourceOf(narrow), version: name}
	w.schemas(schemaOf(a), schemaOf(b))
	var out []string
	for _, c := range w.sorted() {
		if c.Rule == propertiesRule.ID && (c.Case == "added" || c.Case == "added-counted") {
			out = append(out, c.Path)
		}
	}
	return out
}
