package policy

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// Policies are the policies of a tenancy repo, and whom they reach.
type Policies struct {
	// All are the policies that can be enforced, by [Policy.ID]: those of a
	// directory stand before those of the directories below it. What API sets demand
	// is among them.
	All []*Policy

	// Tenancy is what they were compiled for.
	Tenancy *tenancy.Tenancy

	modules    []*Module // by key
	minor      int       // of the oldest physical cluster's Kubernetes
	exemptions map[*Policy][]*tenancy.Exemption
	effective  map[*tenancy.LogicalCluster][]Effective
	admits     bool // there is one with rules on writes
	// transforms change the writes of logical clusters; those that nothing changes are
	// missing.
	transforms map[*tenancy.LogicalCluster][]*apiserver.Transform
	// chains change what is rendered for them.
	chains  map[*tenancy.LogicalCluster]*patch.Chain
	schemas *object.Schemas
}

// Of returns the policies that reach a logical cluster, the uppermost first, and
// by key within a directory. Exempted ones are among them. The list is shared.
func (p *Policies) Of(lc *tenancy.LogicalCluster) []Effective {
	if out, ok := p.effective[lc]; ok {
		return out
	}
	return p.exempted(lc, p.reaching(lc))
}

// gather works out once what reaches each logical cluster. Most lists are those of
// many.
func (p *Policies) gather() {
	var mu sync.Mutex
	shared := map[string][]Effective{}
	lcs := p.Tenancy.LogicalClusters
	lists := make([][]Effective, len(lcs))
	parallel.Each(len(lcs), func(i int) {
		reaching := p.reaching(lcs[i])
		for _, n := range reaching {
			if p.exemptions[p.All[n]] != nil {
				lists[i] = p.exempted(lcs[i], reaching)
				return
			}
		}
		key := make([]byte, 0, 2*len(reaching))
		for _, n := range reaching {
			key = binary.AppendUvarint(key, uint64(n))
		}
		mu.Lock()
		defer mu.Unlock()
		list, ok := shared[string(key)]
		if !ok {
			list = p.exempted(lcs[i], reaching)
			shared[string(key)] = list
		}
		lists[i] = list
	})
	p.effective = make(map[*tenancy.LogicalCluster][]Effective, len(lcs))
	for i, lc := range lcs {
		p.effective[lc] = lists[i]
	}
}

// Rebound returns the policies with whom they reach, after bindings of logical clusters
// have changed.
func (p *Policies) Rebound() *Policies {
	if !slices.ContainsFunc(p.All, func(one *Policy) bool { return one.Demanded != nil }) {
		return p // only what API sets demand depends on them
	}
	out := *p
	out.gather()
	out.chainWrites()
	return &out
}

// reaching returns the indices of the policies that reach a logical cluster.
func (p *Policies) reaching(lc *tenancy.LogicalCluster) []int {
	out := make([]int, 0, len(p.All))
	for i, one := range p.All {
		if one.Reaches(lc) {
			out = append(out, i)
		}
	}
	return out
}

// exempted returns policies with the exemptions from them that cover a logical cluster.
func (p *Policies) exempted(lc *tenancy.LogicalCluster, reaching []int) (out []Effective) {
	for _, n := range reaching {
		e := Effective{Policy: p.All[n]}
		for _, x := range p.exemptions[e.Policy] {
			if x.Holds() && x.Covers(lc.Key) {
				e.Exemption = x
				break
			}
		}
		out = append(out, e)
	}
	return out
}

// lapsed returns the expired exemption that lifted a policy from a logical
// cluster, nil where there is none.
func (p *Policies) lapsed(policy *Policy, lc *tenancy.LogicalCluster) *tenancy.Exemption {
	for _, x := range p.exemptions[policy] {
		if x.Expired && x.Covers(lc.Key) {
			return x
		}
	}
	return nil
}

// Reaches reports whether a logical cluster is one of those that the policy is for,
// exempted or not.
func (p *Policy) Reaches(lc *tenancy.LogicalCluster) bool {
	if p.Demanded != nil {
		return p.Demanded.binds(lc)
	}
	return p.covers(lc.Key) &&
		(p.Spec.Classes == nil || slices.Contains(p.Spec.Classes, lc.Class.Name)) &&
		(p.selector == nil || p.selector.Matches(labels.Set(lc.Labels)))
}

// covers reports whether a key lies in the policy's subtree.
func (p *Policy) covers(key string) bool {
	return p.path == "" || schema.OrgPath(p.path).Contains(key)
}

// Effective is a policy that reaches a logical cluster.
type Effective struct {
	*Policy
	// Exemption is the one that lifts it there, nil where none does.
	Exemption *tenancy.Exemption
}

// MayMeet reports whether some logical cluster may be in the subtrees of both policies.
func (p *Policy) MayMeet(o *Policy) bool { return p.covers(o.path) || o.covers(p.path) }

// Modules returns the modules that are not in error, by key.
func (p *Policies) Modules() []*Module {
	return slices.DeleteFunc(slices.Clone(p.modules), func(m *Module) bool { return m.broken })
}

// OldestMinor returns the minor number of the oldest physical cluster's Kubernetes.
func (p *Policies) OldestMinor() int { return p.minor }

// Schemas returns the schemas of all kinds that the tenancy repo knows.
func (p *Policies) Schemas() *object.Schemas { return p.schemas }
