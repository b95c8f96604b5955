package plan

import (
	"bytes"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// What happens to an implicit document, beside Added, Changed and Removed.
const (
	// Grows: what it gives and whom it picks is as it was; logical clusters newly
	// match, or no longer do.
	Grows = "grows"
	// Proposed: it differs from what its lock accepted, and nobody gets anything else
	// until that is accepted.
	Proposed = "proposed"
)

// Implicit is an implicit document that gives something else, or gives it to
// others.
type Implicit struct {
	// Change is added, changed, removed, grows, or proposed.
	Change string `json:"change"`
	// Name of the document with its directory: orgs/acme/implicit/auditors.
	Name string `json:"name"`
	// Content: what it gives differs. Selector: whom it picks does.
	Content  bool `json:"content"`
	Selector bool `json:"selector"`
	// Lock says how the document stands to its lock after the change: accepted,
	// unlocked, new, changed, gone or damaged.
	Lock string `json:"lock"`
	// Organizations are the logical clusters that it reaches otherwise than before,
	// by their organizations; of what is proposed, those that accepting it would.
	Organizations []ImplicitReach `json:"organizations"`
	Causes        []Cause         `json:"causes,omitempty"`
}

// ImplicitReach are logical clusters of one organization, by key.
type ImplicitReach struct {
	Organization string `json:"organization"`
	// Gain newly get objects of the document, Lose lose all that they had of it, and
	// Alter get others.
	Gain  []string `json:"gain,omitempty"`
	Lose  []string `json:"lose,omitempty"`
	Alter []string `json:"alter,omitempty"`
}

// implicit compares what implicit documents give to whom.
func (c *comparison) implicit() []Implicit {
	reach := map[string]*implicit.Change{}
	at := func(ref string) *implicit.Change {
		if reach[ref] == nil {
			reach[ref] = &implicit.Change{}
		}
		return reach[ref]
	}
	grown := map[string][]string{} // logical clusters by the document that newly matches
	pairs := c.differingPairs()
	if c.changedKind(schema.KindImplicit, schema.KindAPISets) {
		pairs = c.pairs()
	}
	for was, is := range pairs {
		before, after := given(c.before.Implicit, was), given(c.after.Implicit, is)
		if slices.EqualFunc(before, after, func(a, b *implicit.Object) bool { return a.Digest == b.Digest }) {
			continue
		}
		then, now := byDocument(before), byDocument(after)
		for ref := range merged(then, now) {
			key := ""
			switch b, a := then[ref], now[ref]; {
			case b == a:
				continue
			case b == "":
				key = is.Key
				at(ref).Touch = append(at(ref).Touch, key)
			case a == "":
				key = was.Key
				at(ref).Lose = append(at(ref).Lose, key)
			default:
				key = is.Key
				at(ref).Alter = append(at(ref).Alter, key)
			}
			grown[ref] = append(grown[ref], key)
		}
	}
	status := map[string]string{}
	for _, change := range c.after.Changes {
		status[change.Ref()] = string(change.Status)
	}
	documents := map[string]*Document{}
	for id, d := range c.changed {
		if schema.Kind(id.kind) == schema.KindImplicit {
			documents[implicit.Ref(d.Dir, d.Key)] = d
		}
	}
	refs := map[string]bool{}
	for ref := range reach {
		refs[ref] = true
	}
	for ref := range documents {
		refs[ref] = true
	}
	var out []Implicit
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		one := Implicit{Change: Grows, Name: ref, Lock: status[ref], Organizations: byOrganization(reach[ref])}
		if d := documents[ref]; d != nil {
			one.Change, one.Causes = d.Change, sortCauses(d.causes())
			for i := range d.Fields {
				switch d.Fields[i].elements[0] {
				case "selector", "classes", "namespaces":
					one.Selector = true
				case "description", "locked":
				default:
					one.Content = true
				}
			}
			if d.Change != Changed {
				one.Content, one.Selector = true, true
			}
			for _, key := range grown[ref] {
				c.reach(d, key)
			}
		} else {
			for _, key := range grown[ref] {
				one.Causes = append(one.Causes, c.causes[key]...)
			}
			one.Causes = sortCauses(one.Causes)
		}
		out = append(out, one)
	}
	return append(out, c.proposed()...)
}

func given(s *implicit.Set, lc *tenancy.LogicalCluster) []*implicit.Object {
	if lc == nil {
		return nil
	}
	return s.Given(lc.Key)
}

// byDocument returns the digests of objects, by the document that gives them.
func byDocument(list []*implicit.Object) map[string]string {
	out := map[string]string{}
	for _, o := range list {
		out[o.Ref] += string(o.Digest[:])
	}
	return out
}

func byOrganization(change *implicit.Change) []ImplicitReach {
	if change == nil {
		return nil
	}
	var out []ImplicitReach
	for _, o := range change.ByOrganization() {
		out = append(out, ImplicitReach{Organization: o.Organization, Gain: o.Touch, Lose: o.Lose, Alter: o.Alter})
	}
	return out
}

// proposed are the documents that newly differ from what their locks accepted.
func (c *comparison) proposed() []Implicit {
	before := map[string]*implicit.Change{}
	for _, change := range c.before.Changes {
		before[change.Ref()] = change
	}
	var out []Implicit
	for _, is := range c.after.Changes {
		if was := before[is.Ref()]; !is.Pending() || was != nil && was.Pending() && sameProposal(was, is) {
			continue
		}
		one := Implicit{Change: Proposed, Name: is.Ref(), Content: is.Content, Selector: is.Selector, Lock: string(is.Status), Organizations: byOrganization(is)}
		if is.Status == implicit.New {
			one.Content, one.Selector = true, true
		}
		at := is.Proposed
		switch {
		case at != nil:
			file, line := c.source.cause(at.Pos, at.Dir, false)
			one.Causes = []Cause{{File: file, Line: line, Document: (&document.Meta{Kind: schema.KindImplicit, Key: is.Key}).String()}}
		case is.Lock != nil:
			file, line := c.source.cause(is.Lock.Pos(), is.Dir, false)
			one.Causes = []Cause{{File: file, Line: line}}
		}
		out = append(out, one)
	}
	return out
}

func sameProposal(was, is *implicit.Change) bool {
	text := func(s *implicit.Source) []byte {
		if s == nil {
			return nil
		}
		return s.JSON()
	}
	return was.Status == is.Status && was.Content == is.Content && was.Selector == is.Selector && bytes.Equal(text(was.Proposed), text(is.Proposed))
}
