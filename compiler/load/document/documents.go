package document

import (
	"iter"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/schema"
)

// Documents are the documents of a tenancy repo, each list by key, then directory.
// They are made by Gather, With and Without, and not changed after.
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
	Revocations      []*Document[schema.Revocation]
	Implicit         []*Document[schema.Implicit]
	Prices           []*Document[schema.PriceBook]
	// Targets are what the documents may name.
	Targets target.Table `json:"-"`
}

// Gather returns documents of all kinds as Documents.
func Gather(all []Any) *Documents {
	d := &Documents{}
	byKind(all, func(d Any) schema.Kind { return d.About().Kind }, func(k *Kind, some []Any) { k.list.put(d, some) })
	return d
}

// With returns the documents with others in the places of those that have the same
// identities, or added where there are none. Of several with one identity the last
// counts. Lists that nothing is put into are shared.
func (d *Documents) With(others ...Any) *Documents {
	out := *d
	byKind(others, func(d Any) schema.Kind { return d.About().Kind }, func(k *Kind, some []Any) { k.list.put(&out, some) })
	return &out
}

// Without returns the documents without those that have the identities of ids.
// Lists that nothing is taken from are shared.
func (d *Documents) Without(ids ...ID) *Documents {
	out := *d
	byKind(ids, func(id ID) schema.Kind { return id.Kind }, func(k *Kind, some []ID) { k.list.remove(&out, some) })
	return &out
}

// Find returns what is known of the documents that have the identities of ids.
func (d *Documents) Find(ids ...ID) (found []*Meta) {
	byKind(ids, func(id ID) schema.Kind { return id.Kind }, func(k *Kind, some []ID) { found = append(found, k.list.find(d, some)...) })
	return found
}

// byKind calls do for each kind that something is of.
func byKind[E any](all []E, kindOf func(E) schema.Kind, do func(k *Kind, some []E)) {
	sorted := map[schema.Kind][]E{}
	for _, one := range all {
		name := kindOf(one)
		sorted[name] = append(sorted[name], one)
	}
	for _, k := range kinds {
		if some := sorted[k.Name]; len(some) > 0 {
			do(k, some)
		}
	}
}

// All yields what is known of each document, the kinds in their order.
func (d *Documents) All() iter.Seq[*Meta] {
	return func(yield func(*Meta) bool) {
		for _, k := range kinds {
			if !k.list.each(d, yield) {
				return
			}
		}
	}
}

// Len returns the number of documents of all kinds.
func (d *Documents) Len() int {
	n := 0
	for _, k := range kinds {
		n += k.list.len(d)
	}
	return n
}

// list is the list of one kind in Documents.
type list interface {
	spec() any
	document(m Meta, spec any) Any
	len(d *Documents) int
	each(d *Documents, yield func(*Meta) bool) bool
	find(d *Documents, ids []ID) []*Meta
	// put and remove set the list of d to one that they make: another Documents may
	// share the present one.
	put(d *Documents, documents []Any)
	remove(d *Documents, ids []ID)
}

type listOf[T any] struct {
	// local: documents are identified by their keys and directories.
	local bool
	get   func(*Documents) []*Document[T]
	set   func(*Documents, []*Document[T])
}

func (l listOf[T]) spec() any { return new(T) }

func (l listOf[T]) document(m Meta, spec any) Any { return &Document[T]{m, *spec.(*T)} }

func (l listOf[T]) len(d *Documents) int { return len(l.get(d)) }

func (l listOf[T]) each(d *Documents, yield func(*Meta) bool) bool {
	for _, one := range l.get(d) {
		if !yield(&one.Meta) {
			return false
		}
	}
	return true
}

func (l listOf[T]) find(d *Documents, ids []ID) (found []*Meta) {
	all := l.get(d)
	for _, id := range ids {
		before, after := l.around(all, id.Key, id.Dir)
		for _, one := range all[len(before) : len(all)-len(after)] {
			found = append(found, &one.Meta)
		}
	}
	return found
}

func (l listOf[T]) put(d *Documents, documents []Any) {
	fresh := make([]*Document[T], len(documents))
	for i, one := range documents {
		fresh[i] = one.(*Document[T])
	}
	slices.SortStableFunc(fresh, func(a, b *Document[T]) int { return l.compare(&a.Meta, b.Key, b.Dir) })
	old := l.get(d)
	all := make([]*Document[T], 0, len(old)+len(fresh))
	for i, one := range fresh {
		if i+1 < len(fresh) && l.compare(&one.Meta, fresh[i+1].Key, fresh[i+1].Dir) == 0 {
			continue
		}
		before, after := l.around(old, one.Key, one.Dir)
		all, old = append(append(all, before...), one), after
	}
	l.set(d, append(all, old...))
}

func (l listOf[T]) remove(d *Documents, ids []ID) {
	ids = slices.SortedFunc(slices.Values(ids), ID.Compare)
	old := l.get(d)
	left, all := old, make([]*Document[T], 0, len(old))
	for _, id := range ids {
		before, after := l.around(left, id.Key, id.Dir)
		all, left = append(all, before...), after
	}
	if all = append(all, left...); len(all) < len(old) {
		l.set(d, all)
	}
}

// around returns what comes before the document with an identity, and what after.
func (l listOf[T]) around(list []*Document[T], key, dir string) (before, after []*Document[T]) {
	from, _ := slices.BinarySearchFunc(list, ID{Key: key, Dir: dir}, func(d *Document[T], id ID) int { return l.compare(&d.Meta, id.Key, id.Dir) })
	to := from
	for to < len(list) && l.compare(&list[to].Meta, key, dir) == 0 {
		to++
	}
	return list[:from], list[to:]
}

// compare orders documents of the kind by their identity.
func (l listOf[T]) compare(m *Meta, key, dir string) int {
	order := strings.Compare(m.Key, key)
	if order == 0 && l.local {
		return strings.Compare(m.Dir, dir)
	}
	return order
}
