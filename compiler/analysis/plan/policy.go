package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/schema"
)

// Policy is how what may be asked for and held differs: policies, exemptions from
// them, and every other limit.
type Policy struct {
	// Limits that differ, those that loosen first.
	Limits []Limit `json:"limits"`
	// Judgements are logical clusters that newly break or keep a policy.
	Judgements []Judgement `json:"judgements"`
}

// What happens to a limit, beside Added and Removed.
const (
	// Loosened: something that was refused may now pass.
	Loosened = "loosened"
	// Tightened: nothing passes that was refused before.
	Tightened = "tightened"
)

// The kinds of limits.
const (
	limitPolicy      = "policy"
	limitExemption   = "exemption"
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
)

// Limit is a policy, an exemption or another limit that differs.
type Limit struct {
	// Change is added, removed, loosened, tightened, or changed where neither is shown.
	Change string `json:"change"`
	// Kind of limit: policy, exemption, ceiling, budget, offer, class parents,
	// pattern, pod security, network, API gate, API promise, frozen, implicit access,
	// implicit lock, controllers, label or taints.
	Kind string `json:"kind"`
	// Name of the policy or the exemption with its directory, or of what has the
	// limit; empty where it is that of the logical clusters that the details name.
	Name string `json:"name,omitempty"`
	// Loosens: something that was refused before may pass. It is false only where
	// that is shown to be impossible.
	Loosens bool `json:"loosens"`
	// Details are what differs, those that loosen first.
	Details []LimitDetail `json:"details"`
	Causes  []Cause       `json:"causes,omitempty"`
}

// The effects of a difference.
const (
	loosens    = "loosens"
	mayLoosen  = "may loosen"
	tightens   = "tightens"
	neitherWay = "neither"
)

var effects = []string{loosens, mayLoosen, tightens, neitherWay}

// LimitDetail is one thing that differs of a limit.
type LimitDetail struct {
	// Effect is loosens, may loosen, tightens or neither.
	Effect string `json:"effect"`
	// What differs: "enforcement deny → warn".
	What string `json:"what"`
	// LogicalClusters for which it does now, by key.
	LogicalClusters []string `json:"logicalClusters,omitempty"`
}

// Judgement is what a policy newly says of a logical cluster.
type Judgement struct {
	LogicalCluster string `json:"logicalCluster"`
	// Policy with its directory.
	Policy string `json:"policy"`
	// Passes: it broke the policy before the change and does no longer; else it breaks
	// it since the change.
	Passes bool `json:"passes"`
	// Enforcement of the policy: deny, warn or audit.
	Enforcement string `json:"enforcement"`
	// Message of the rule that is, or was, broken.
	Message string  `json:"message"`
	Causes  []Cause `json:"causes,omitempty"`
}

// limits gathers limits that differ.
type limits struct {
	*comparison
	by map[[2]string]*Limit
}

// policy compares all limits. It is nil where none differs.
func (c *comparison) policy() *Policy {
	l := &limits{comparison: c, by: map[[2]string]*Limit{}}
	l.policies()
	l.organizations()
	l.classes()
	l.promises()
	l.settings()
	l.clusters()
	l.effective()
	l.implicit()
	l.patterns()
	p := &Policy{Judgements: c.judgements()}
	for _, id := range slices.SortedFunc(maps.Keys(l.by), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		one := *l.by[id]
		one.settle()
		p.Limits = append(p.Limits, one)
	}
	slices.SortStableFunc(p.Limits, func(a, b Limit) int {
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

// limit returns what differs of a limit so far.
func (l *limits) limit(kind, name string) *Limit {
	id := [2]string{kind, name}
	if l.by[id] == nil {
		l.by[id] = &Limit{Kind: kind, Name: name}
	}
	return l.by[id]
}

// add notes one thing that differs of a limit.
func (l *limits) add(kind, name, effect, what string, causes []Cause) *LimitDetail {
	one := l.limit(kind, name)
	one.Causes = append(one.Causes, causes...)
	if i := slices.IndexFunc(one.Details, func(d LimitDetail) bool { return d.Effect == effect && d.What == what }); i >= 0 {
		return &one.Details[i]
	}
	one.Details = append(one.Details, LimitDetail{Effect: effect, What: what})
	return &one.Details[len(one.Details)-1]
}

// settle says what the details come to.
func (l *Limit) settle() {
	slices.SortStableFunc(l.Details, func(a, b LimitDetail) int {
		return cmp.Compare(slices.Index(effects, a.Effect), slices.Index(effects, b.Effect))
	})
	l.Causes = sortCauses(l.Causes)
	worst := neitherWay
	if len(l.Details) > 0 {
		worst = l.Details[0].Effect
	}
	l.Loosens = worst == loosens || worst == mayLoosen
	if l.Change == "" {
		l.Change = map[string]string{loosens: Loosened, mayLoosen: Changed, tightens: Tightened, neitherWay: Changed}[worst]
	}
}

// fieldCauses are the places of those fields of a changed document that begin with
// one of the names; all of it where it was added or removed.
func (c *comparison) fieldCauses(kind schema.Kind, key, dir string, names ...string) []Cause {
	d := c.changed[identify(string(kind), key, dir)]
	if d == nil {
		return nil
	}
	if len(d.Fields) == 0 || len(names) == 0 {
		return d.causes()
	}
	var out []Cause
	for i := range d.Fields {
		if f := &d.Fields[i]; slices.Contains(names, f.elements[0]) || f.elements[0] == "defaults" && len(f.elements) > 1 && slices.Contains(names, f.elements[1]) {
			out = append(out, f.cause(d))
		}
	}
	return out
}

// loosened counts the limits that loosen.
func (p *Policy) loosened() int {
	n := 0
	if p != nil {
		for i := range p.Limits {
			if p.Limits[i].Loosens {
				n++
			}
		}
	}
	return n
}
