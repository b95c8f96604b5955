package diff

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
)

// policy compares all limits. It is nil where none differs.
func (c *comparison) policy(accesses []granted) *change.Policy {
	l := &limits{comparison: c, all: map[[2]string]*change.Limit{}}
	l.policies()
	l.organizations()
	l.classes()
	l.promises()
	l.settings()
	l.clusters()
	l.effective()
	l.implicit(accesses)
	l.patterns()
	p := &change.Policy{Judgements: c.judgements()}
	for _, id := range slices.SortedFunc(maps.Keys(l.all), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		one := *l.all[id]
		settle(&one)
		p.Limits = append(p.Limits, one)
	}
	slices.SortStableFunc(p.Limits, func(a, b change.Limit) int {
		switch {
		case a.Loosens == b.Loosens:
			return 0
		case a.Loosens:
			return -1
		}
		return 1
	})
	if len(p.Limits)+len(p.Judgements) == 0 {
		return nil
	}
	return p
}
