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
	changes, grown := c.givenChanges()
	status := map[string]string{}
	for _, proposal := range c.after.Changes {
		status[proposal.Ref()] = string(proposal.Status)
	}
	documents := map[string]*change.Document{}
	for id, d := range c.by {
		if id.Kind == schema.KindImplicit {
			documents[implicit.Ref(d.Dir, d.Key)] = d
		}
	}
	reached := reach{}
	var out []change.Implicit
	for _, ref := range slices.Sorted(maps.Keys(allRefs(changes, documents))) {
		one := change.Implicit{Change: change.Grows, Name: ref, Lock: status[ref], Organizations: byOrganization(changes[ref])}
		if d := documents[ref]; d != nil {
			describeImplicit(&one, d)
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

// allRefs are the names of the documents that differ, or give something else.
func allRefs(changes map[string]*implicit.Change, documents map[string]*change.Document) map[string]bool {
	out := map[string]bool{}
	for ref := range changes {
		out[ref] = true
	}
	for ref := range documents {
		out[ref] = true
	}
	return out
}

// describeImplicit says what differs in the document itself.
func describeImplicit(one *change.Implicit, d *change.Document) {
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
}

// givenChanges compares what logical clusters get, by the document that gives it: who
// gains, loses or gets something else, and all of them in one list.
func (c *comparison) givenChanges() (map[string]*implicit.Change, map[string][]string) {
	changes, grown := map[string]*implicit.Change{}, map[string][]string{}
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
			if then[ref] == now[ref] {
				continue
			}
			one := changes[ref]
			if one == nil {
				one = &implicit.Change{}
				changes[ref] = one
			}
			key := ""
			switch {
			case then[ref] == "":
				key = is.Key
				one.Touch = append(one.Touch, key)
			case now[ref] == "":
				key = was.Key
				one.Lose = append(one.Lose, key)
			default:
				key = is.Key
				one.Alter = append(one.Alter, key)
			}
			grown[ref] = append(grown[ref], key)
		}
	}
	return changes, grown
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
