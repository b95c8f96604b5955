package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// declaration is a document as far as directories are compared by it.
type declaration struct {
	eval.Identity
	dir *syntax.Directory
	pos *diag.Position
	doc *eval.Document // nil if it could not be had
}

// merge compares the directories with each other and gathers their documents.
func (v *View) merge() *Result {
	r := &Result{}
	r.Diagnostics = append(r.Diagnostics, v.repo.Problems...)
	outcomes := v.outcomes
	alive := r.sound(v.repo.Directories, outcomes)
	touched := map[touch]bool{}
	var documents []document.Any
	for _, p := range v.placeAll(declarations(alive, outcomes)) {
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

// sound returns the directories that could be evaluated, with all those above them,
// and reports the others.
func (r *Result) sound(dirs []*syntax.Directory, outcomes map[*syntax.Directory]eval.Outcome) (alive []*syntax.Directory) {
	isDead := func(d *syntax.Directory) bool { return len(d.Problems) > 0 || outcomes[d].Dead }
	for _, d := range dirs {
		r.Diagnostics = append(r.Diagnostics, d.Problems...)
		top := d.Dead(isDead)
		if top == nil {
			alive = append(alive, d)
			continue
		}
		if top == d {
			r.Diagnostics = append(r.Diagnostics, outcomes[d].Diagnostics...)
			r.Failures = append(r.Failures, Failure{Dir: d.Path})
		}
	}
	return alive
}

// declarations lists what directories declare, by identity.
func declarations(dirs []*syntax.Directory, outcomes map[*syntax.Directory]eval.Outcome) []declaration {
	size := 0
	for _, d := range dirs {
		size += len(outcomes[d].Documents) + len(outcomes[d].Failed)
	}
	declared := make([]declaration, 0, size)
	for _, d := range dirs {
		o := outcomes[d]
		for i := range o.Documents {
			doc := &o.Documents[i]
			declared = append(declared, declaration{eval.Identity{Kind: doc.Kind, Key: doc.Key}, d, &doc.Pos, doc})
		}
		for i := range o.Failed {
			f := &o.Failed[i]
			declared = append(declared, declaration{Identity: eval.Identity{Kind: f.Kind, Key: f.Key}, dir: d, pos: &f.Pos})
		}
	}
	slices.SortStableFunc(declared, func(a, b declaration) int { return a.Compare(b.Identity) })
	return declared
}

// placeAll decides which declarations stand, in several goroutines: each has a part
// of them, and the parts are in order.
func (v *View) placeAll(declared []declaration) []merged {
	parts := make([]merged, parallel.Count(len(declared)))
	for i := range parts {
		parts[i].View = v
	}
	parallel.Chunks(len(declared), func(chunk, from, to int) {
		for i := from; i < to; {
			n := i + 1
			for n < len(declared) && declared[n].Identity == declared[i].Identity {
				n++
			}
			if i == 0 || declared[i-1].Identity != declared[i].Identity { // else the chunk before has it
				parts[chunk].place(declared[i].Identity, declared[i:n])
			}
			i = n
		}
	})
	return parts
}

// merged is what comes of some of the declarations.
type merged struct {
	*View
	documents   []document.Any
	failures    []Failure
	diagnostics []diag.Diagnostic
	// touched are documents that a directory may not declare: what else is wrong with
	// them there does not matter.
	touched []touch
}

// touch is a document, by its title, that a directory may not declare.
type touch struct {
	dir   *syntax.Directory
	title string
}

// place decides which of the declarations of one key stand. Who may declare a document is
// asked first: what may not stand where it does takes part in nothing.
func (r *merged) place(id eval.Identity, all []declaration) {
	own := r.wellPlaced(id, all)
	if len(own) > 1 {
		own = r.contested(id, own)
	}
	for _, d := range own {
		r.one(id, d)
	}
}

// wellPlaced returns the declarations that may stand where they do, one for each
// directory, those of directories above first. The others are reported.
func (r *merged) wellPlaced(id eval.Identity, all []declaration) (own []declaration) {
	if len(all) == 1 {
		if problem, wrong := misplaced(id, all[0]); wrong {
			r.reject(id, all[0], problem)
			return nil
		}
		return all
	}
	all = slices.Clone(all) // whoever places the next ones compares them with these
	// One directory may have made several attempts at a document.
	slices.SortStableFunc(all, func(a, b declaration) int { return strings.Compare(a.dir.Path, b.dir.Path) })
	for _, d := range slices.CompactFunc(all, func(a, b declaration) bool { return a.dir == b.dir }) {
		if problem, wrong := misplaced(id, d); wrong {
			r.reject(id, d, problem)
			continue
		}
		own = append(own, d)
	}
	return own
}

// contested decides which of several directories that may all declare a document does:
// the one that did before, else none. Where the directory is part of what identifies a
// document, all do, but for those that have another above them.
func (r *merged) contested(id eval.Identity, all []declaration) (own []declaration) {
	local := kinds[id.Kind].Local
	holder := -1
	if !local && r.options.Former != nil {
		if dir, ok := r.options.Former(kinds[id.Kind].Name, id.Key); ok {
			holder = slices.IndexFunc(all, func(d declaration) bool { return d.dir.Path == dir })
		}
	}
	for i, d := range all {
		up := slices.IndexFunc(all, func(u declaration) bool { return slices.Contains(d.dir.Above, u.dir) })
		switch {
		case local && up < 0:
			own = append(own, d)
		case i == holder:
			own = append(own, d)
			if other := r.rival(all, i, holder); other >= 0 {
				r.diagnostics = append(r.diagnostics, declaredTwice(id, d, all[other]))
			}
		case up >= 0:
			r.reject(id, d, diag.New(diag.AncestorTouched, *d.pos, "%s declares this document; a directory below cannot add to it", all[up].dir.Name()).
				See(*all[up].pos, "it is declared here"))
		default:
			r.diagnostics = append(r.diagnostics, declaredTwice(id, d, all[r.rival(all, i, holder)]))
		}
		if i != holder && (local && up >= 0 || !local && holder < 0) {
			r.fail(d)
		}
	}
	return own
}

func declaredTwice(id eval.Identity, d, other declaration) diag.Diagnostic {
	return diag.New(diag.DeclaredTwice, *d.pos, "%s declares this document too", other.dir.Name()).About(id.Title()).See(*other.pos, "it is also declared here")
}

// rival returns which other declaration a contested one is reported with; -1 where only
// directories below it contest it and it stands.
func (r *merged) rival(all []declaration, i, holder int) int {
	if i != holder && holder >= 0 {
		return holder
	}
	for n := 1; n < len(all); n++ {
		other := (i + n) % len(all)
		if i != holder || !slices.Contains(all[other].dir.Above, all[i].dir) {
			return other
		}
	}
	return -1
}

// reject reports a declaration that does not stand.
func (r *merged) reject(id eval.Identity, d declaration, problem diag.Diagnostic) {
	r.touched = append(r.touched, touch{d.dir, id.Title()})
	r.diagnostics = append(r.diagnostics, problem.About(id.Title()))
}

// one takes in the declaration of a document that stands.
func (r *merged) one(id eval.Identity, d declaration) {
	if d.doc == nil {
		r.fail(d)
		return
	}
	kind := kinds[id.Kind]
	meta := document.Meta{Kind: kind.Name, Key: id.Key, Dir: d.dir.Path, Pos: d.doc.Pos, Places: d.doc.Places, Text: d.doc.Text, Held: d.doc.Former}
	if d.doc.Former {
		if at := r.repo.Place(meta.Dir, id.Kind, id.Key); !at.IsZero() {
			meta.Pos = at
		}
	}
	if at, managed := managedInside(meta, d.doc.Spec); managed {
		r.diagnostics = append(r.diagnostics, diag.New(diag.ManagedCRDsInside, at, "only API sets outside %s/ may have their CRDs installed by the compiler", document.OrganizationsDir).
			About(id.Title()).Suggest("say crds: %q, or move the API set out of %s/", schema.CRDsExternal, document.OrganizationsDir))
		r.fail(d)
		return
	}
	r.documents = append(r.documents, kind.Document(meta, d.doc.Spec))
}

// fail notes that a document could not be had.
func (r *merged) fail(d declaration) {
	r.failures = append(r.failures, Failure{Kind: kinds[d.Kind].Name, Key: d.Key, Dir: d.dir.Path})
}

// misplaced checks the directory that a document stands in.
func misplaced(id eval.Identity, d declaration) (diag.Diagnostic, bool) {
	kind := kinds[id.Kind]
	in := document.InOrganizations(d.dir.Path)
	switch {
	case kind.Where == document.Outside && in:
		return diag.New(diag.WrongPlace, *d.pos, "%s may stand only outside %s/", kind.Name, document.OrganizationsDir), true
	case kind.Where == document.Inside && !in:
		return diag.New(diag.WrongPlace, *d.pos, "%s may stand only inside %s/", kind.Name, document.OrganizationsDir), true
	case kind.Where != document.Inside:
		return diag.Diagnostic{}, false
	}
	under := strings.TrimPrefix(strings.TrimPrefix(d.dir.Path, document.OrganizationsDir), "/")
	if under == "" || schema.OrgPath(under).Contains(id.Key) {
		return diag.Diagnostic{}, false
	}
	return diag.New(diag.KeyOutsideDirectory, *d.pos, "in %s a key must be %q or begin with %q", d.dir.Path, under, under+"/"), true
}

// managedInside finds an API version inside orgs/ whose CRDs the compiler is to install.
func managedInside(meta document.Meta, spec any) (diag.Position, bool) {
	set, ok := spec.(*schema.APISet)
	if !ok || !document.InOrganizations(meta.Dir) {
		return diag.Position{}, false
	}
	for f := range meta.Places.All() {
		parts := strings.Split(f.Path, ".")
		if len(parts) == 3 && parts[0] == "versions" && parts[2] == "crds" && set.Versions[syntax.Unquote(parts[1])].CRDs == schema.CRDsManaged {
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
