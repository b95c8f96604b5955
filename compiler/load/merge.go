package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// declaration is a document as far as directories are compared by it.
type declaration struct {
	identity
	dir *directory
	pos *diag.Position
	doc *evaluated // nil if it could not be had
}

// merge compares the directories with each other and gathers their documents.
func (l *Loader) merge(dirs []*directory, outcomes map[*directory]outcome) *Result {
	r := &Result{}
	r.Diagnostics = append(r.Diagnostics, l.libraryProblems...)
	isDead := func(d *directory) bool { return len(d.problems) > 0 || outcomes[d].Dead }
	size := 0
	for _, o := range outcomes {
		size += len(o.Documents) + len(o.Failed)
	}
	declared := make([]declaration, 0, size)
	var alive []*directory
	for _, d := range dirs {
		r.Diagnostics = append(r.Diagnostics, d.problems...)
		if top := d.dead(isDead); top != nil {
			if top == d {
				r.Diagnostics = append(r.Diagnostics, outcomes[d].Diagnostics...)
				r.Failures = append(r.Failures, Failure{Dir: d.path})
			}
			continue
		}
		alive = append(alive, d)
		o := outcomes[d]
		for i := range o.Documents {
			doc := &o.Documents[i]
			declared = append(declared, declaration{identity{doc.Kind, doc.Key}, d, &doc.Pos, doc})
		}
		for i := range o.Failed {
			f := &o.Failed[i]
			declared = append(declared, declaration{identity: identity{f.Kind, f.Key}, dir: d, pos: &f.Pos})
		}
	}
	slices.SortStableFunc(declared, func(a, b declaration) int { return a.compare(b.identity) })
	parts := make([]merged, parallel.Count(len(declared)))
	parallel.Chunks(len(declared), func(chunk, from, to int) {
		for i := from; i < to; {
			n := i + 1
			for n < len(declared) && declared[n].identity == declared[i].identity {
				n++
			}
			if i == 0 || declared[i-1].identity != declared[i].identity { // else the chunk before has it
				parts[chunk].place(declared[i].identity, declared[i:n])
			}
			i = n
		}
	})
	touched := map[touch]bool{}
	var documents []document.Any
	for i := range parts {
		p := &parts[i]
		r.Diagnostics, r.Failures = append(r.Diagnostics, p.diagnostics...), append(r.Failures, p.failures...)
		documents = append(documents, p.documents...)
		for _, t := range p.touched {
			touched[t] = true
		}
	}
	for _, d := range alive {
		for _, p := range outcomes[d].Diagnostics {
			if !touched[touch{d, p.Document}] {
				r.Diagnostics = append(r.Diagnostics, p)
			}
		}
	}
	r.Diagnostics = diag.Sort(r.Diagnostics)
	slices.SortFunc(r.Failures, func(a, b Failure) int {
		return cmp.Or(strings.Compare(a.Dir, b.Dir), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Key, b.Key))
	})
	r.Failures = slices.Compact(r.Failures)
	r.Documents = document.Gather(documents)
	return r
}

// merged is what comes of some of the declarations.
type merged struct {
	documents   []document.Any
	failures    []Failure
	diagnostics []diag.Diagnostic
	// touched are documents of directories above: what else is wrong with them
	// in the directory that touches them does not matter.
	touched []touch
}

// touch is a document, by its title, that a directory adds to.
type touch struct {
	dir   *directory
	title string
}

// place decides which of the declarations of one key stand.
func (r *merged) place(id identity, all []declaration) {
	kind := kinds[id.kind]
	fail := func(d declaration) {
		r.failures = append(r.failures, Failure{Kind: kind.Name, Key: id.key, Dir: d.dir.path})
	}
	own := all
	if len(all) > 1 {
		own = nil
		all = slices.Clone(all) // whoever places the next ones compares them with these
		// One directory may have made several attempts at a document.
		slices.SortStableFunc(all, func(a, b declaration) int { return strings.Compare(a.dir.path, b.dir.path) })
		all = slices.CompactFunc(all, func(a, b declaration) bool { return a.dir == b.dir })
		for _, d := range all {
			up := slices.IndexFunc(all, func(u declaration) bool { return slices.Contains(d.dir.above, u.dir) })
			if up < 0 {
				own = append(own, d)
				continue
			}
			r.touched = append(r.touched, touch{d.dir, id.title()})
			r.diagnostics = append(r.diagnostics, diag.New(diag.AncestorTouched, *d.pos, "%s declares this document; a directory below cannot add to it", all[up].dir.name()).
				About(id.title()).See(*all[up].pos, "it is declared here"))
		}
	}
	if len(own) > 1 && !kind.Local {
		for i, d := range own {
			other := own[(i+1)%len(own)]
			r.diagnostics = append(r.diagnostics, diag.New(diag.DeclaredTwice, *d.pos, "%s declares this document too", other.dir.name()).
				About(id.title()).See(*other.pos, "it is also declared here"))
			fail(d)
		}
		return
	}
	for _, d := range own {
		if problem, wrong := misplaced(id, d); wrong {
			r.diagnostics = append(r.diagnostics, problem.About(id.title()))
			fail(d)
			continue
		}
		if d.doc == nil {
			fail(d)
			continue
		}
		meta := document.Meta{Kind: kind.Name, Key: id.key, Dir: d.dir.path, Pos: d.doc.Pos, Places: d.doc.Places, Text: d.doc.Text}
		if at, managed := managedInside(meta, d.doc.Spec); managed {
			r.diagnostics = append(r.diagnostics, diag.New(diag.ManagedCRDsInside, at, "only API sets outside %s/ may have their CRDs installed by the compiler", orgsDir).
				About(id.title()).Suggest("say crds: %q, or move the API set out of %s/", schema.CRDsExternal, orgsDir))
			fail(d)
			continue
		}
		r.documents = append(r.documents, kind.Document(meta, d.doc.Spec))
	}
}

// misplaced checks the directory that a document stands in.
func misplaced(id identity, d declaration) (diag.Diagnostic, bool) {
	kind := kinds[id.kind]
	in := inside(d.dir.path)
	switch {
	case kind.Where == document.Outside && in:
		return diag.New(diag.WrongPlace, *d.pos, "%s may stand only outside %s/", kind.Name, orgsDir), true
	case kind.Where == document.Inside && !in:
		return diag.New(diag.WrongPlace, *d.pos, "%s may stand only inside %s/", kind.Name, orgsDir), true
	case kind.Where != document.Inside:
		return diag.Diagnostic{}, false
	}
	under := strings.TrimPrefix(strings.TrimPrefix(d.dir.path, orgsDir), "/")
	if under == "" || id.key == under || strings.HasPrefix(id.key, under+"/") {
		return diag.Diagnostic{}, false
	}
	return diag.New(diag.KeyOutsideDirectory, *d.pos, "in %s a key must be %q or begin with %q", d.dir.path, under, under+"/"), true
}

// managedInside finds an API version inside orgs/ whose CRDs the compiler is to install.
func managedInside(meta document.Meta, spec any) (diag.Position, bool) {
	set, ok := spec.(*schema.APISet)
	if !ok || !inside(meta.Dir) {
		return diag.Position{}, false
	}
	for f := range meta.Places.All() {
		parts := strings.Split(f.Path, ".")
		if len(parts) == 3 && parts[0] == "versions" && parts[2] == "crds" && set.Versions[unquote(parts[1])].CRDs == schema.CRDsManaged {
			return f.Pos, true
		}
	}
	for _, v := range set.Versions {
		if v.CRDs == schema.CRDsManaged {
			return meta.At("versions"), true
		}
	}
	return diag.Position{}, false
}
