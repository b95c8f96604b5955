package apiserver

import (
	"cmp"
	"slices"
	"strings"
)

// Meeting divides policies into those that may meet on one object, and keeps their
// order.
func Meeting(list []*Source) (out [][]*Source) {
	for _, p := range list {
		joined := []*Source{p}
		rest := out[:0:0]
		for _, group := range out {
			if slices.ContainsFunc(group, func(o *Source) bool { return overlap(p, o) }) {
				joined = append(slices.Clone(group), joined...)
			} else {
				rest = append(rest, group)
			}
		}
		out = append(rest, joined)
	}
	at := func(p *Source) int { return slices.Index(list, p) }
	for _, group := range out {
		slices.SortFunc(group, func(a, b *Source) int { return cmp.Compare(at(a), at(b)) })
	}
	return out
}

// overlap reports whether two policies may be about one write.
func overlap(a, b *Source) bool {
	for _, r := range a.Rules.MatchConstraints.ResourceRules {
		for _, s := range b.Rules.MatchConstraints.ResourceRules {
			if share(r.APIGroups, s.APIGroups, wildcard) && share(r.Resources, s.Resources, resourcesMeet) {
				return true
			}
		}
	}
	return false
}

func share(a, b []string, meet func(a, b string) bool) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return meet(x, y) })
	})
}

func wildcard(a, b string) bool { return a == b || a == "*" || b == "*" }

// resourcesMeet compares names of resources as resource rules have them.
func resourcesMeet(a, b string) bool {
	a, aSub, _ := strings.Cut(a, "/")
	b, bSub, _ := strings.Cut(b, "/")
	return wildcard(a, b) && wildcard(aSub, bSub)
}
