package document

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
)

// Kind is what the compiler knows of a kind of document.
type Kind struct {
	Name  schema.Kind
	Where Where
	// Singleton: the field is one document and not a map of them.
	Singleton bool
	// Local: siblings may use the same key, since a directory is part of the identity.
	Local bool
	list  list
}

// Where says in which directories a kind of document may stand.
type Where int

const (
	// Anywhere in the repo, reaching the subtree of the declaring directory.
	Anywhere Where = iota
	// Outside orgs/ only.
	Outside
	// Inside orgs/ only, with keys under the declaring directory's path.
	Inside
)

// OrganizationsDir is the root of the organization tree.
const OrganizationsDir = "orgs"

// InOrganizations reports whether a directory belongs to the organization tree.
func InOrganizations(dir string) bool { return Within(dir, OrganizationsDir) }

// Within reports whether a directory is another one or below it. The root is "".
func Within(dir, above string) bool {
	return above == "" || dir == above || strings.HasPrefix(dir, above+"/")
}

// kinds is the registry. A kind is a row here, with its name and its Go type in
// package schema and its list in Documents. The order is that of #Tenancy.
var kinds = []*Kind{
	single(schema.KindSettings, Outside, func(d *Documents) **Document[schema.Settings] { return &d.Settings }),
	global(schema.KindPhysicalClusters, Outside, func(d *Documents) *[]*Document[schema.PhysicalCluster] { return &d.PhysicalClusters }),
	local(schema.KindAPISets, Anywhere, func(d *Documents) *[]*Document[schema.APISet] { return &d.APISets }),
	global(schema.KindClasses, Outside, func(d *Documents) *[]*Document[schema.Class] { return &d.Classes }),
	global(schema.KindOrganizations, Inside, func(d *Documents) *[]*Document[schema.Organization] { return &d.Organizations }),
	global(schema.KindLogicalClusters, Inside, func(d *Documents) *[]*Document[schema.LogicalCluster] { return &d.LogicalClusters }),
	global(schema.KindModules, Outside, func(d *Documents) *[]*Document[schema.Module] { return &d.Modules }),
	local(schema.KindPolicies, Anywhere, func(d *Documents) *[]*Document[schema.Policy] { return &d.Policies }),
	local(schema.KindExemptions, Anywhere, func(d *Documents) *[]*Document[schema.Exemption] { return &d.Exemptions }),
	local(schema.KindRevocations, Anywhere, func(d *Documents) *[]*Document[schema.Revocation] { return &d.Revocations }),
	local(schema.KindImplicit, Anywhere, func(d *Documents) *[]*Document[schema.Implicit] { return &d.Implicit }),
	global(schema.KindPrices, Outside, func(d *Documents) *[]*Document[schema.PriceBook] { return &d.Prices }),
}

// single is a kind of which there is one document, without a key.
func single[T any](name schema.Kind, where Where, field func(*Documents) **Document[T]) *Kind {
	return &Kind{Name: name, Where: where, Singleton: true, list: listOf[T]{
		get: func(d *Documents) []*Document[T] {
			if one := *field(d); one != nil {
				return []*Document[T]{one}
			}
			return nil
		},
		set: func(d *Documents, all []*Document[T]) {
			*field(d) = nil
			if n := len(all); n > 0 {
				*field(d) = all[n-1]
			}
		},
	}}
}

// global is a kind whose documents are identified by their keys.
func global[T any](name schema.Kind, where Where, field func(*Documents) *[]*Document[T]) *Kind {
	return many(name, where, false, field)
}

// local is a kind whose documents are identified by their keys and directories.
func local[T any](name schema.Kind, where Where, field func(*Documents) *[]*Document[T]) *Kind {
	return many(name, where, true, field)
}

func many[T any](name schema.Kind, where Where, local bool, field func(*Documents) *[]*Document[T]) *Kind {
	return &Kind{Name: name, Where: where, Local: local, list: listOf[T]{
		local: local,
		get:   func(d *Documents) []*Document[T] { return *field(d) },
		set:   func(d *Documents, all []*Document[T]) { *field(d) = all },
	}}
}

// Kinds lists all kinds, in the order of #Tenancy.
func Kinds() []*Kind { return kinds }

// KindNames lists the names of all kinds, in their order.
func KindNames() []string { return kindNames }

var kindNames = func() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k.Name)
	}
	return names
}()

// KindIndex returns the place of a kind among all kinds, below 0 where there is no
// kind with the name.
func KindIndex(name string) int { return slices.Index(kindNames, name) }

// KindOf returns the kind with a name, nil where there is none.
func KindOf(name schema.Kind) *Kind {
	if i := KindIndex(string(name)); i >= 0 {
		return kinds[i]
	}
	return nil
}

// New returns a pointer to an empty spec of the kind.
func (k *Kind) New() any { return k.list.spec() }

// Document gives a document its type: spec is what New returned, filled in.
func (k *Kind) Document(m Meta, spec any) Any { return k.list.document(m, spec) }
