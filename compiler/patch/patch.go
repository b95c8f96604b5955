// Package patch changes what is rendered for logical clusters, as policies at stage
// transform say: by kustomize's patches and transformers, with kustomize's own code.
//
// A [Link] is what one policy changes, and a [Chain] what all policies change that hold
// for a logical cluster. Whatever a patch says, it is the outcome that is judged: the
// object after it is compared with the object before it, and where they differ in
// anything that is not a patch's to change, the object stays as it was. So no patch can
// change what an object is, nor loosen what keeps tenants apart.
package patch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/schema"
)

// Link is what one policy changes.
type Link struct {
	// Inside: the policy stands inside orgs/, and only marks objects with labels and
	// annotations.
	Inside bool
	Steps  []*Step
}

// Step is one patch or transformer.
type Step struct {
	Link *Link
	// Path leads to it in the document that it stands in: patches.0.
	Path []string

	target *selector // nil: all objects
	change change
	// with is what the change is made with; its placeholders are filled in for each
	// logical cluster.
	with   *implicit.Template
	digest [32]byte
}

// Name tells which patch or transformer it is: patches.0.
func (s *Step) Name() string { return strings.Join(s.Path[:2], ".") }

// Labels are those of the logical cluster that placeholders name, and where.
func (l *Link) Labels() map[string]diag.Position {
	out := map[string]diag.Position{}
	for _, s := range l.Steps {
		for key, at := range s.with.Labels {
			out[key] = at
		}
	}
	return out
}

// Read reads the patches and transformers of a policy or a module. parameters are those
// of the policy; nil where they are not known yet, and then only what does not depend on
// them is checked. declared reports whether there is a parameter of a name. at returns
// where a part of the document stands; what is wrong is reported.
func Read(inside bool, set *schema.RuleSet, parameters map[string]any, declared func(name string) bool, at func(path ...string) diag.Position, report func(diag.Diagnostic)) *Link {
	r := &reader{link: &Link{Inside: inside}, parameters: parameters, declared: declared, at: at, report: report}
	for i := range set.Patches {
		r.patch(&set.Patches[i], []string{"patches", fmt.Sprint(i)})
	}
	for i := range set.Transformers {
		r.transformer(&set.Transformers[i], []string{"transformers", fmt.Sprint(i)})
	}
	return r.link
}

type reader struct {
	link       *Link
	parameters map[string]any
	declared   func(string) bool
	at         func(path ...string) diag.Position
	report     func(diag.Diagnostic)
}

func (r *reader) wrong(path []string, format string, args ...any) {
	r.report(diag.New(diag.PatchInvalid, r.at(path...), format, args...))
}

func (r *reader) patch(p *schema.Patch, path []string) {
	switch {
	case (p.StrategicMerge == nil) == (p.JSON6902 == nil):
		r.wrong(path, "a patch needs either strategicMerge or json6902")
	case p.StrategicMerge != nil:
		path := append(slices.Clip(path), "strategicMerge")
		for _, name := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}} {
			if within(p.StrategicMerge, name) {
				r.wrong(append(slices.Clip(path), name...), "a patch does not change what an object is: leave %s out, and select objects by target", strings.Join(name, "."))
				return
			}
		}
		r.add(&p.Target, strategicMerge{}, p.StrategicMerge, path)
	default:
		list := make([]any, len(p.JSON6902))
		path := append(slices.Clip(path), "json6902")
		for i, o := range p.JSON6902 {
			m := map[string]any{"op": o.Op, "path": o.Path}
			if o.From != "" {
				m["from"] = o.From
			}
			switch o.Op {
			case "move", "copy":
				if o.From == "" {
					r.wrong(append(slices.Clip(path), fmt.Sprint(i)), "%s needs from", o.Op)
				}
			case "add", "replace", "test":
				m["value"] = o.Value
			}
			list[i] = m
		}
		r.add(&p.Target, jsonPatch{}, list, path)
	}
}

// within reports whether a struct has a field.
func within(m map[string]any, path []string) bool {
	v, ok := m[path[0]]
	if len(path) == 1 || !ok {
		return ok
	}
	below, ok := v.(map[string]any)
	return ok && within(below, path[1:])
}

func (r *reader) transformer(t *schema.Transformer, path []string) {
	given := 0
	for _, what := range []struct {
		name   string
		value  any
		change change
	}{{"labels", t.Labels, setLabels{templates: t.IncludeTemplates}}, {"commonAnnotations", t.CommonAnnotations, setAnnotations{}}, {"images", t.Images, replaceImages{}}} {
		if what.value == nil {
			continue
		}
		if given++; given == 1 {
			r.add(t.Target, what.change, what.value, append(slices.Clip(path), what.name))
		}
	}
	if given != 1 {
		r.wrong(path, "a transformer needs one of labels, commonAnnotations and images")
	}
	if t.IncludeTemplates && t.Labels == nil {
		r.wrong(append(slices.Clip(path), "includeTemplates"), "includeTemplates goes with labels")
	}
}

func (r *reader) add(target *schema.Target, c change, with any, path []string) {
	s := &Step{Link: r.link, Path: path, change: c}
	ok := true
	if target != nil {
		s.target, ok = r.selector(target, append(slices.Clip(path[:2]), "target"))
	}
	with, present := r.fill(with, path, &ok)
	if !ok || !present {
		return
	}
	at := func(below ...string) diag.Position { return r.at(append(slices.Clip(path), below...)...) }
	s.with = implicit.NewTemplate(with, at, func(d diag.Diagnostic) {
		ok = false
		r.report(d)
	})
	if !ok || r.parameters == nil {
		return // with the parameters it is read anew
	}
	if problem := c.check(with); problem != "" {
		r.wrong(path, "%s", problem)
		return
	}
	s.digest = digest.Of(func(e *digest.Encoder) {
		text, _ := json.Marshal(with) // what came from JSON
		e.Bytes(text)
		e.Strings(path[2]) // the kind of change
		e.Bool(c == setLabels{templates: true})
		if s.target != nil {
			e.Strings(s.target.String())
		}
	})
	r.link.Steps = append(r.link.Steps, s)
}
