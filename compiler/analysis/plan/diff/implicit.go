package diff

import (
	"bytes"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// implicit compares what implicit documents give to whom.
func (c *comparison) implicit() ([]change.Implicit, reach) {
	changes := map[string]*implicit.Change{}
	at := func(ref string) *implicit.Change {
		if changes[ref] == nil {
			changes[ref] = &implicit.Change{}
		}
		return changes[ref]
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
	for _, proposal := range c.after.Changes {
		status[proposal.Ref()] = string(proposal.Status)
	}
	documents := map[string]*change.Document{}
	for id, d := range c.by {
		if schema.Kind(id.kind) == schema.KindImplicit {
			documents[implicit.Ref(d.Dir, d.Key)] = d
		}
	}
	refs := map[string]bool{}
	for ref := range changes {
		refs[ref] = true
	}
	for ref := range documents {
		refs[ref] = true
	}
	reached := reach{}
	var out []change.Implicit
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		one := change.Implicit{Change: change.Grows, Name: ref, Lock: status[ref], Organizations: byOrganization(changes[ref])}
		if d := documents[ref]; d != nil {
			one.Change, one.Causes = d.Change, sortCauses(d.Causes())
			for i := range d.Fields {
				switch d.Fields[i].Elements[0] {
				case "selector", "classes", "namespaces":
					one.Selector = true
				case "description", "locked":
				default:
					one.Content = true
				}
			}
			if d.Change != change.Changed {
				one.Content, one.Selector = true, true
			}
			for _, key := range grown[ref] {
				reached.add(d, key)
			}
		} else {
			for _, key := range grown[ref] {
				one.Causes = append(one.Causes, c.causes[key]...)
			}
			one.Causes = sortCauses(one.Causes)
		}
		out = append(out, one)
	}
	return append(out, c.proposed()...), reached
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

func byOrganization(proposal *implicit.Change) []change.ImplicitReach {
	if proposal == nil {
		return nil
	}
	var out []change.ImplicitReach
	for _, o := range proposal.ByOrganization() {
		out = append(out, change.ImplicitReach{Organization: o.Organization, Gain: o.Touch, Lose: o.Lose, Alter: o.Alter})
	}
	return out
}

// proposed are the documents that newly differ from what their locks accepted.
func (c *comparison) proposed() []change.Implicit {
	before := map[string]*implicit.Change{}
	for _, proposal := range c.before.Changes {
		before[proposal.Ref()] = proposal
	}
	var out []change.Implicit
	for _, is := range c.after.Changes {
		if was := before[is.Ref()]; !is.Pending() || was != nil && was.Pending() && sameProposal(was, is) {
			continue
		}
		one := change.Implicit{Change: change.Proposed, Name: is.Ref(), Content: is.Content, Selector: is.Selector, Lock: string(is.Status), Organizations: byOrganization(is)}
		if is.Status == implicit.New {
			one.Content, one.Selector = true, true
		}
		at := is.Proposed
		switch {
		case at != nil:
			file, line := c.source.cause(at.Pos, at.Dir, false)
			one.Causes = []change.Cause{{File: file, Line: line, Document: (&document.Meta{Kind: schema.KindImplicit, Key: is.Key}).String()}}
		case is.Lock != nil:
			file, line := c.source.cause(is.Lock.Pos(), is.Dir, false)
			one.Causes = []change.Cause{{File: file, Line: line}}
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
