package hold

import (
	"bytes"
	"context"
	"slices"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/schema"
)

// textID names one of the texts that the pins have of a directory; the generation of the
// latest is 0, and -1 stands for none.
type textID struct {
	dir        string
	generation int
}

// textOf returns the text that a pinned document was evaluated from.
func (h *holder) textOf(id document.ID) textID {
	for i, t := range h.Pins.Texts[id.Dir] {
		if slices.Contains(t.Documents, pins.TextDocument{Kind: id.Kind, Key: id.Key}) {
			return textID{id.Dir, i}
		}
	}
	if _, pinned := h.Pins.Documents[id]; pinned {
		if _, ok := h.Pins.Latest(id.Dir); ok {
			return textID{id.Dir, 0}
		}
	}
	return textID{id.Dir, -1}
}

// byValue reports whether a document is held as a value, whatever a text says of it. An
// implicit one is if it is locked, since what its lock accepted reaches others and not what
// a text proposes, and if it has files, since texts are without them. former is what its
// text says, nil before that is known.
func (h *holder) byValue(id document.ID, former document.Any) bool {
	if id.Kind != schema.KindImplicit {
		return false
	}
	if h.LastGood.isAccepted(id) {
		return true
	}
	d, ok := former.(*document.Document[schema.Implicit])
	return ok && (d.Spec.Locked == nil || *d.Spec.Locked || len(d.Spec.Files) > 0)
}

// evaluateFormer evaluates the texts that documents were last good in.
func (h *holder) evaluateFormer(ctx context.Context, ids []document.ID) error {
	todo := map[int][]load.Former{} // by generation, since a directory is evaluated once at a time
	for _, id := range ids {
		t := h.textOf(h.LastGood.ID(id))
		if _, done := h.former[t]; done || t.generation < 0 || h.byValue(id, nil) {
			continue
		}
		h.former[t] = nil
		todo[t.generation] = append(todo[t.generation], h.formerText(t))
	}
	for generation, texts := range todo {
		evaluated, err := h.view.Beside(ctx, texts)
		if err != nil {
			return err
		}
		for dir, documents := range evaluated {
			h.former[textID{dir, generation}] = documents
		}
	}
	return nil
}

func (h *holder) formerText(t textID) load.Former {
	return former(h.Pins, h.Pins.Texts[t.dir][t.generation])
}

// former returns a text of the pins for the loader.
func former(p *pins.Pins, t pins.Text) load.Former {
	return load.Former{Dir: t.Dir, Text: t.Text, Library: p.Library}
}

// revive puts back texts of directories of which nothing can be evaluated: the files in
// error with all that they are bound to, and if that does not help, the whole directory.
func (h *holder) revive(ctx context.Context, r *load.Result) (*load.Result, error) {
	for {
		var back []load.Former
		for _, dead := range r.View.Dead() {
			latest, ok := h.Pins.Latest(dead.Dir)
			if !ok {
				continue
			}
			if h.put[dead.Dir] == 0 && len(dead.Files) == 0 {
				h.put[dead.Dir]++
			}
			one := former(h.Pins, latest)
			switch h.put[dead.Dir]++; h.put[dead.Dir] {
			case 1:
				one.Broken = dead.Files
			case 2:
			default:
				continue
			}
			back = append(back, one)
		}
		if len(back) == 0 {
			return r, nil
		}
		next, err := r.View.With(ctx, back)
		if err != nil {
			return nil, err
		}
		h.found = append(h.found, next.Diagnostics...)
		r = next
	}
}

// replace puts back the whole text of directories that declare documents to be held to
// which directories below refer: these are to see what takes their place. It returns the
// documents of what the directories say then, with all that was held before held again;
// nil if there is nothing to put back.
func (h *holder) replace(ctx context.Context, docs *Documents, ids []document.ID) (*Documents, error) {
	var back []load.Former
	for _, id := range ids {
		latest, ok := h.Pins.Latest(id.Dir)
		if !ok || h.put[id.Dir] >= 2 || !h.view.MentionedBelow(id.Dir, id.Kind) {
			continue
		}
		h.put[id.Dir] = 2
		back = append(back, former(h.Pins, latest))
	}
	if len(back) == 0 {
		return nil, nil
	}
	r, err := h.view.With(ctx, back)
	if err != nil {
		return nil, err
	}
	h.found = append(h.found, r.Diagnostics...)
	if r, err = h.revive(ctx, r); err != nil {
		return nil, err
	}
	next, again := h.take(r)
	for id := range docs.held {
		again = append(again, h.LastGood.ID(id))
	}
	for id, dir := range docs.lost {
		id.Dir = dir
		again = append(again, id)
	}
	slices.SortFunc(again, document.ID.Compare)
	if err := h.restore(ctx, next, slices.Compact(again)); err != nil {
		return nil, err
	}
	return next, nil
}

// widen adds to documents that are to be held those of the same directory that can't be
// told apart from them: where its files refer to documents of their kind, an error in one
// may be part of any.
func (h *holder) widen(docs *Documents, ids []document.ID) []document.ID {
	dirs := map[string]bool{}
	for _, id := range ids {
		dirs[id.Dir] = dirs[id.Dir] || h.view.Mentions(id.Dir, id.Kind)
	}
	all := slices.Clone(ids)
	for m := range docs.All() {
		if dirs[m.Dir] && !docs.held[m.ID().Identity()] {
			all = append(all, m.ID())
		}
	}
	slices.SortFunc(all, document.ID.Compare)
	return slices.Compact(all)
}

// Sources returns what the next build is to put back where documents are in error then:
// the texts of directories, by directory, and the content of the libraries that they
// import, by name.
func (d *Documents) Sources() (map[string][]pins.Text, func(name string) (load.LibraryText, error)) {
	latest, libraries := d.view.Texts()
	out := make(map[string][]pins.Text, len(latest))
	for dir, text := range latest {
		out[dir] = []pins.Text{{Dir: dir, Text: text}}
	}
	for _, dead := range d.view.Dead() {
		if texts, ok := d.pins.Texts[dead.Dir]; ok {
			out[dead.Dir] = texts
		}
	}
	for _, dir := range d.undisturbed() {
		out[dir] = d.pins.Texts[dir][:1]
	}
	older := map[textID][]pins.TextDocument{}
	for id, from := range d.from {
		if _, ok := d.Texts[id]; ok {
			older[from] = append(older[from], pins.TextDocument{Kind: id.Kind, Key: id.Key})
		}
	}
	for dir, texts := range d.pins.Texts {
		for generation, t := range texts {
			documents := older[textID{dir, generation}]
			if len(documents) == 0 || slices.ContainsFunc(out[dir], func(other pins.Text) bool { return other.Documents == nil && other.Equal(t.Text) }) {
				continue
			}
			slices.SortFunc(documents, pins.TextDocument.Compare)
			out[dir] = append(out[dir], pins.Text{Dir: dir, Text: t.Text, Documents: documents})
		}
	}
	return out, func(name string) (load.LibraryText, error) {
		if l, ok := libraries[name]; ok {
			return l, nil
		}
		return d.pins.Library(name)
	}
}

// undisturbed lists directories whose text is kept as it was, since what they say today
// changes nothing but documents in error.
func (d *Documents) undisturbed() (dirs []string) {
	changed := d.inError()
	if len(changed) == 0 {
		return nil
	}
	d.markChanged(changed)
	for dir, is := range changed {
		if !is && d.view.SameBesides(former(d.pins, d.pins.Texts[dir][0])) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// inError lists the directories that have documents in error and a text in the pins, each
// as unchanged.
func (d *Documents) inError() map[string]bool {
	changed := map[string]bool{}
	add := func(dir string) {
		if _, ok := d.pins.Latest(dir); ok {
			changed[dir] = false
		}
	}
	for id := range d.from {
		add(id.Dir)
	}
	for _, dir := range d.lost {
		add(dir)
	}
	for _, f := range d.failures {
		add(f.Dir)
	}
	return changed
}

// markChanged marks the directories that today say something else than the pins, but for
// documents in error.
func (d *Documents) markChanged(changed map[string]bool) {
	declared := map[document.ID]bool{}
	for m := range d.All() {
		id := m.ID()
		if _, asked := changed[m.Dir]; !asked {
			continue
		}
		declared[id] = true
		if text, ok := d.pins.Documents[id]; !d.held[id.Identity()] && (!ok || !bytes.Equal(text, d.Texts[id])) {
			changed[m.Dir] = true
		}
	}
	for id := range d.pins.Documents {
		if _, asked := changed[id.Dir]; asked && !declared[id] {
			changed[id.Dir] = true
		}
	}
}
