// Package limits holds logical clusters to the patterns above them by what they come to, and
// not only by what their own documents say.
//
// CUE judges each document by the patterns of its directory and those above. It does not see
// what a document inherits: the defaults and the access of organizations, the class, labels.
// So the patterns are evaluated once more with what a logical cluster comes to in the place
// of its document. A pattern judges what is said or chosen in its directory or below. What
// comes from above it wins, and is told to its owners.
package limits

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Input is what Check judges by.
type Input struct {
	Tenancy   *tenancy.Tenancy
	Documents *document.Documents
	View      *load.View
	// Changed reports whether a document is new or differs from its last good version.
	Changed func(kind schema.Kind, key, dir string) bool
	// LastClass returns the class that the last good version of a logical cluster names,
	// and LastDefaultClass the default class of an organization's; ok is false where there
	// is no such version.
	LastClass        func(key, dir string) (class string, ok bool)
	LastDefaultClass func(path, dir string) (class string, ok bool)
}

// Result is what Check found.
type Result struct {
	Findings []tenancy.Finding
	// Narrowed are the documents without what held organizations say beyond a limit; nil
	// where none does.
	Narrowed *document.Documents
	// Suspended are held logical clusters that break a limit by their own documents.
	Suspended []*tenancy.LogicalCluster
}

// Check holds the logical clusters of a tenancy to the patterns above them.
func Check(ctx context.Context, in Input) (Result, error) {
	shared := inheritance{}
	var lcs []*tenancy.LogicalCluster
	var asked []load.Effective
	for _, lc := range in.Tenancy.LogicalClusters {
		if lc.State == schema.Deleted || lc.Refused || lc.Suspended {
			continue
		}
		lcs = append(lcs, lc)
		asked = append(asked, load.Effective{Key: lc.Key, Dir: lc.Dir,
			Inherits:  func(reads load.Reads) bool { return shared.inherits(lc, reads) },
			Fields:    func(reads load.Reads) map[string]any { return gather(lc, reads).fields },
			Spellings: func() map[string][]any { return gather(lc, everything{}).spellings() }})
	}
	broken, err := in.View.BrokenLimits(ctx, asked)
	if err != nil {
		return Result{}, err
	}
	c := &checker{Input: in, all: map[string]*breach{}}
	for i, lc := range lcs {
		if len(broken[i]) == 0 {
			continue
		}
		e := gather(lc, everything{})
		for _, b := range broken[i] {
			c.judge(e, b)
		}
	}
	return c.result()
}

type checker struct {
	Input
	all   map[string]*breach
	order []*breach
}

// breach is one value that breaks one limit, for all logical clusters that have it.
type breach struct {
	load.Broken
	// from says the value, and blame is the document in error; its meta is nil where the
	// limit's owners are told.
	from, blame origin
	value       string
	lcs         []*tenancy.LogicalCluster
}

// judge finds who is to mend what a logical cluster breaks.
func (c *checker) judge(e *effective, b load.Broken) {
	one := breach{Broken: b}
	if b.Unjudged {
		one.blame, _ = c.changing(e, origin{meta: &e.lc.Meta}, b.Dir)
	} else {
		one.from, one.value = e.origin(b.Path), e.value(b.Path)
		one.blame = c.blame(e, one.from, b.Dir)
	}
	id := fmt.Sprint(b.Limit, one.blame.meta, one.from.meta, one.from.path, b.Path, one.value)
	if known := c.all[id]; known != nil {
		known.lcs = append(known.lcs, e.lc)
		return
	}
	one.lcs = []*tenancy.LogicalCluster{e.lc}
	c.all[id] = &one
	c.order = append(c.order, &one)
}

// blame returns the document that is in error for a value that breaks a limit of a directory;
// none where the value comes from above the limit.
func (c *checker) blame(e *effective, from origin, dir string) origin {
	below := func(o origin) bool { return dir == "." || document.Within(o.meta.Dir, dir) }
	switch {
	case from.meta == nil:
		return origin{}
	case from.class != nil:
		chooser := e.chooser()
		if below(chooser) && c.chosen(chooser) {
			return chooser
		}
		return origin{}
	case from.org != nil:
		if below(from) {
			return from
		}
		return origin{}
	}
	if by, changed := c.changing(e, from, dir); changed {
		return by
	}
	return from
}

// changing returns the document by whose change a logical cluster comes to something else than
// before: the one that says it, or what it inherits from. It is none where that is above a
// directory. changed is false where all are as they were.
func (c *checker) changing(e *effective, from origin, dir string) (by origin, changed bool) {
	if c.changed(from) {
		return from, true
	}
	for _, o := range e.lc.Org.Ancestors() {
		if org := (origin{meta: &o.Meta, org: o, path: []string{}}); o.Missing != o && c.changed(org) {
			if dir == "." || document.Within(o.Meta.Dir, dir) {
				return org, true
			}
			return origin{}, true
		}
	}
	return origin{}, c.changed(origin{meta: &e.lc.Class.Meta})
}

func (c *checker) changed(o origin) bool {
	return !o.meta.Held && c.Changed(o.meta.Kind, o.meta.Key, o.meta.Dir)
}

// chosen reports whether a document newly names the class that it names.
func (c *checker) chosen(by origin) bool {
	if by.meta.Held {
		return false
	}
	if by.org != nil {
		last, ok := c.LastDefaultClass(by.org.Path, by.meta.Dir)
		return !ok || last != by.org.Spec.Defaults.Class
	}
	lc := c.Tenancy.LogicalCluster(by.meta.Key)
	for _, key := range append([]string{lc.Key}, c.Tenancy.FormerKeys(lc)...) {
		if last, ok := c.LastClass(key, lc.Dir); ok {
			return last != lc.Spec.Class
		}
	}
	return true
}

// result reports what was found.
func (c *checker) result() (Result, error) {
	var r Result
	narrowed := map[*tenancy.Organization][][]string{}
	for _, b := range c.order {
		switch {
		case b.Unjudged && b.blame.meta == nil:
			r.Findings = append(r.Findings, tenancy.Finding{Diagnostic: c.unjudged(b, b.Limit)})
		case b.Unjudged:
			r.Findings = append(r.Findings, tenancy.Fault(b.blame.meta, c.unjudged(b, b.blame.meta.Pos), ""))
		case b.blame.meta == nil:
			r.Findings = append(r.Findings, tenancy.Finding{Diagnostic: c.overruled(b)})
		case b.blame.org != nil && b.blame.meta.Held:
			narrowed[b.blame.org] = append(narrowed[b.blame.org], b.blame.path)
			r.Findings = append(r.Findings, tenancy.Fault(b.blame.meta, c.exceeded(b), "what is beyond the limit does not count"))
		case b.blame.meta.Held:
			r.Suspended = append(r.Suspended, b.lcs...)
			r.Findings = append(r.Findings, tenancy.Fault(b.blame.meta, c.exceeded(b), "it is suspended: data and workloads stay, tenants have no access"))
		default:
			r.Findings = append(r.Findings, tenancy.Fault(b.blame.meta, c.exceeded(b), ""))
		}
	}
	if len(narrowed) == 0 {
		return r, nil
	}
	var documents []document.Any
	for _, d := range c.Documents.Organizations {
		paths := narrowed[c.Tenancy.Organization(d.Key)]
		if len(paths) == 0 {
			continue
		}
		spec, err := without(d.Spec, paths)
		if err != nil {
			return r, fmt.Errorf("%s: %w", d.Key, err)
		}
		documents = append(documents, &document.Document[schema.Organization]{Meta: d.Meta, Spec: spec})
	}
	r.Narrowed = c.Documents.With(documents...)
	return r, nil
}

// exceeded is the error of the document in error.
func (c *checker) exceeded(b *breach) diag.Diagnostic {
	at := b.blame.meta.At(b.blame.path...)
	what := b.what()
	d := diag.New(diag.LimitExceeded, at, "%s of %s breaks a limit of %s: %s", what, b.source(), directory(b.Dir), b.Message)
	if !b.Limit.IsZero() {
		d = d.See(b.Limit, "limit defined here")
	}
	if b.blame.meta != &b.lcs[0].Meta {
		d = d.See(b.lcs[0].Pos, "%s", inheriting(b.lcs))
	}
	if from := b.from.meta; from != nil && from != b.blame.meta {
		d = d.See(from.At(b.from.path...), "it comes from here")
	}
	return d.Suggest("keep to the limit, or have the owners of %s change it", directory(b.Dir))
}

// overruled tells the owners of a limit what comes from above it.
func (c *checker) overruled(b *breach) diag.Diagnostic {
	d := diag.New(diag.LimitOverruled, b.Limit, "%s of %s does not keep to this limit, which is below it: %s", b.what(), b.source(), b.Message)
	if b.from.meta != nil {
		d = d.See(b.from.meta.At(b.from.path...), "it comes from here")
	}
	return d.See(b.lcs[0].Pos, "%s", inheriting(b.lcs)).
		Suggest("say in the documents of the directory what is to hold instead, or change the limit")
}

// unjudged says that limits could not be evaluated in time. Who changed nothing is not held for
// it: a slow machine takes nothing away.
func (c *checker) unjudged(b *breach, at diag.Position) diag.Diagnostic {
	who := b.lcs[0].Key
	if more := len(b.lcs) - 1; more > 0 {
		who = fmt.Sprintf("%s and %d more", who, more)
	}
	return diag.New(diag.TooComplex, at, "the limits of %s could not be evaluated in time for what %s comes to", directory(b.Dir), who)
}

func (b *breach) what() string {
	what := document.FieldPath(b.Path)
	if what == "" {
		what = "what is said"
	}
	if b.value != "" {
		what += " " + b.value
	}
	return what
}

// source names what says the value.
func (b *breach) source() string {
	switch {
	case b.from.meta == nil:
		return "the schema's default"
	case b.from.class != nil:
		return "class " + b.from.class.Name
	case b.from.org != nil:
		return "organization " + b.from.org.Path
	}
	return b.from.meta.Key
}

func directory(dir string) string {
	if dir == "" || dir == "." {
		return "the platform"
	}
	return dir
}

func inheriting(lcs []*tenancy.LogicalCluster) string {
	if len(lcs) == 1 {
		return lcs[0].Key + " comes to it"
	}
	return fmt.Sprintf("%s and %d more come to it", lcs[0].Key, len(lcs)-1)
}

// without returns an organization without some of its fields.
func without(spec schema.Organization, paths [][]string) (out schema.Organization, err error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return out, err
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return out, err
	}
	for _, path := range paths {
		m := fields
		for _, name := range path[:max(len(path)-1, 0)] {
			next, ok := m[name].(map[string]any)
			if !ok {
				m = nil
				break
			}
			m = next
		}
		if len(path) > 0 && m != nil {
			delete(m, path[len(path)-1])
		}
	}
	if text, err = json.Marshal(fields); err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}
