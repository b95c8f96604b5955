package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
)

// allowed compares lists of what is allowed; nil allows everything.
func (l *limits) allowed(kind, name, what string, was, is []string, causes []change.Cause) {
	was, is = distinct(was), distinct(is)
	if slices.Equal(was, is) && (was == nil) == (is == nil) {
		return
	}
	effect := change.MayLoosen
	if is != nil && (was == nil || contains(was, is)) {
		effect = change.Tightens
	} else if is == nil || contains(is, was) {
		effect = change.Loosens
	}
	l.add(kind, name, effect, fmt.Sprintf("%s %s → %s", what, orAny(was), orAny(is)), causes)
}

// The other kinds of limits.
const (
	limitCeiling     = "ceiling"
	limitBudget      = "budget"
	limitOffer       = "offer"
	limitParents     = "class parents"
	limitPattern     = "pattern"
	limitPodSecurity = "pod security"
	limitNetwork     = "network"
	limitGate        = "API gate"
	limitFrozen      = "frozen"
	limitImplicit    = "implicit access"
	limitLock        = "implicit lock"
	limitControllers = "controllers"
	limitLabels      = "label"
	limitPromise     = "API promise"
	limitTaints      = "taints"
	limitRevocation  = "revocation"
)

var effects = []string{change.Loosens, change.MayLoosen, change.Tightens, change.Neither}

// limits gathers limits that differ.
type limits struct {
	*comparison
	all map[[2]string]*change.Limit
}

// limit returns what differs of a limit so far.
func (l *limits) limit(kind, name string) *change.Limit {
	id := [2]string{kind, name}
	if l.all[id] == nil {
		l.all[id] = &change.Limit{Kind: kind, Name: name}
	}
	return l.all[id]
}

// add notes one thing that differs of a limit.
func (l *limits) add(kind, name, effect, what string, causes []change.Cause) *change.LimitDetail {
	one := l.limit(kind, name)
	one.Causes = append(one.Causes, causes...)
	if i := slices.IndexFunc(one.Details, func(d change.LimitDetail) bool { return d.Effect == effect && d.What == what }); i >= 0 {
		return &one.Details[i]
	}
	one.Details = append(one.Details, change.LimitDetail{Effect: effect, What: what})
	return &one.Details[len(one.Details)-1]
}

// settle says what the details come to.
func settle(l *change.Limit) {
	slices.SortStableFunc(l.Details, func(a, b change.LimitDetail) int {
		return cmp.Compare(slices.Index(effects, a.Effect), slices.Index(effects, b.Effect))
	})
	l.Causes = sortCauses(l.Causes)
	worst := change.Neither
	if len(l.Details) > 0 {
		worst = l.Details[0].Effect
	}
	l.Loosens = worst == change.Loosens || worst == change.MayLoosen
	if l.Change == "" {
		l.Change = map[string]string{change.Loosens: change.Loosened, change.MayLoosen: change.Changed, change.Tightens: change.Tightened, change.Neither: change.Changed}[worst]
	}
}
