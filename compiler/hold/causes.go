package hold

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// causes tells errors from what only follows from them: a reference to a document that is
// itself in error. What follows is not reported, as long as its cause is.
type causes struct {
	// findings are those of all rounds, in their order.
	findings []tenancy.Finding
}

func (c *causes) add(all []tenancy.Finding) { c.findings = append(c.findings, all...) }

// reported returns the findings without those that follow from others. failed reports whether
// a document could not be evaluated, which is an error by itself; a key that is empty stands
// for any of the kind.
func (c *causes) reported(failed func(document.ID) bool) []diag.Diagnostic {
	wrong := identities{}
	for i := range c.findings {
		if f := &c.findings[i]; f.Severity == diag.Error {
			wrong.add(f.Concerns)
		}
	}
	reported := identities{} // documents of which an error is reported, or follows from one that is
	pending := map[int]bool{}
	for i := range c.findings {
		switch f := &c.findings[i]; {
		case f.Follows != (document.ID{}) && (wrong.has(f.Follows) || failed(f.Follows)):
			pending[i] = true
		case f.Severity == diag.Error:
			reported.add(f.Concerns)
		}
	}
	dropped := map[int]bool{}
	for more := true; more; {
		more = false
		for i := range pending {
			if f := &c.findings[i]; !dropped[i] && (reported.has(f.Follows) || failed(f.Follows)) {
				dropped[i], more = true, true
				reported.add(f.Concerns)
			}
		}
	}
	return c.merged(dropped)
}

// identities are documents by kind and key.
type identities map[document.ID]bool

func (s identities) add(ids []document.ID) {
	for _, id := range ids {
		s[document.ID{Kind: id.Kind, Key: id.Key}] = true
		s[document.ID{Kind: id.Kind}] = true
	}
}

func (s identities) has(id document.ID) bool { return s[id] }

// many is how many references to one thing that is missing are one error.
const many = 3

// merged returns the findings that are not dropped. Of many references to one thing that is
// missing, those of documents further down are a part of the error of one above them: that it
// is missing is the mistake.
func (c *causes) merged(dropped map[int]bool) (out []diag.Diagnostic) {
	references := map[document.ID][]int{}
	for i := range c.findings {
		if f := &c.findings[i]; !dropped[i] && f.Severity == diag.Error && f.Follows.Key != "" && len(f.Concerns) > 0 {
			references[f.Follows] = append(references[f.Follows], i)
		}
	}
	parts := map[int][]int{}
	for _, all := range references {
		if len(all) < many {
			continue
		}
		for _, i := range all {
			if top := c.above(all, i); top != i {
				parts[top] = append(parts[top], i)
				dropped[i] = true
			}
		}
	}
	for i := range c.findings {
		if dropped[i] {
			continue
		}
		d := c.findings[i].Diagnostic
		for _, part := range parts[i] {
			if f := &c.findings[part]; len(d.Related) < 8 {
				d = d.See(f.Position, "%s refers to it too", f.Document)
			}
		}
		out = append(out, d)
	}
	return out
}

// above returns the finding of all whose document reaches farthest of those that reach the
// document of a finding; that finding itself if none does.
func (c *causes) above(all []int, of int) int {
	dir := func(i int) string { return c.findings[i].Concerns[0].Dir }
	top := of
	for _, i := range all {
		if c.findings[i].Concerns[0].Kind == schema.KindLogicalClusters || !tenancy.Below(dir(of), dir(i)) {
			continue
		}
		if farther := len(tenancy.Reach(dir(i))) - len(tenancy.Reach(dir(top))); farther < 0 || farther == 0 && i < top {
			top = i
		}
	}
	return top
}

// unread reports whether a document may be missing since a file cannot be evaluated.
func (h *holder) unread(id document.ID) bool {
	word := id.Key
	if word == "" {
		word = string(id.Kind)
	}
	if id.Key != "" && (id.Kind == schema.KindOrganizations || id.Kind == schema.KindLogicalClusters) {
		id.Dir = document.OrganizationsDir + "/" + id.Key
		return Failed(h.failures, id)
	}
	for _, f := range h.failures {
		if f.Kind == id.Kind && (f.Key == id.Key || id.Key == "") {
			return true
		}
	}
	return h.Loaded.View.Torn(word)
}
