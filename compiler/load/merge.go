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
func merge(repo *syntax.Repo, outcomes map[*syntax.Directory]eval.Outcome) *Result {
	r := &Result{}
	r.Diagnostics = append(r.Diagnostics, repo.Problems...)
	alive := r.sound(repo.Directories, outcomes)
	touched := map[touch]bool{}
	var documents []document.Any
	for _, p := range placeAll(declarations(alive, outcomes)) {
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
func placeAll(declared []declaration) []merged {
	parts := make([]merged, parallel.Count(len(declared)))
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
	documents   []document.Any
	failures    []Failure
	diagnostics []diag.Diagnostic
	// touched are documents of directories above: what else is wrong with them
	// in the directory that touches them does not matter.
	touched []touch
}

// touch is a document, by its title, that a directory adds to.
type touch struct {
	dir   *syntax.Directory
	title string
}

// place decides which of the declarations of one key stand.
func (r *merged) place(id eval.Identity, all []declaration) {
	own := all
	if len(all) > 1 {
		own = r.topmost(id, all)
	}
	if len(own) > 1 && !kinds[id.Kind].Local {
		for i, d := range own {
			other := own[(i+1)%len(own)]
			r.diagnostics = append(r.diagnostics, diag.New(diag.DeclaredTwice, *d.pos, "%s declares this document too", other.dir.Name()).
				About(id.Title()).See(*other.pos, "it is also declared here"))
			r.fail(d)
		}
		return
	}
	for _, d := range own {
		r.one(id, d)
	}
}

// topmost returns the declarations without those of directories that have another
// above them, which are reported.
func (r *merged) topmost(id eval.Identity, all []declaration) (own []declaration) {
	all = slices.Clone(all) // whoever places the next ones compares them with these
	// One directory may have made several attempts at a document.
	slices.SortStableFunc(all, func(a, b declaration) int { return strings.Compare(a.dir.Path, b.dir.Path) })
	all = slices.CompactFunc(all, func(a, b declaration) bool { return a.dir == b.dir })
	for _, d := range all {
		up := slices.IndexFunc(all, func(u declaration) bool { return slices.Contains(d.dir.Above, u.dir) })
		if up < 0 {
			own = append(own, d)
			continue
		}
		r.touched = append(r.touched, touch{d.dir, id.Title()})
		r.diagnostics = append(r.diagnostics, diag.New(diag.AncestorTouched, *d.pos, "%s declares this document; a directory below cannot add to it", all[up].dir.Name()).
			About(id.Title()).See(*all[up].pos, "it is declared here"))
	}
	return own
}

// one takes in the only declaration of a document.
func (r *merged) one(id eval.Identity, d declaration) {
	if problem, wrong := misplaced(id, d); wrong {
		r.diagnostics = append(r.diagnostics, problem.About(id.Title()))
		r.fail(d)
		return
	}
	if d.doc == nil {
		r.fail(d)
		return
	}
	kind := kinds[id.Kind]
	meta := document.Meta{Kind: kind.Name, Key: id.Key, Dir: d.dir.Path, Pos: d.doc.Pos, Places: d.doc.Places, Text: d.doc.Text}
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
	if under == "" || id.Key == under || strings.HasPrefix(id.Key, under+"/") {
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
