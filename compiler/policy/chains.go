package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/internal/manifest"
)

// Transforms returns what changes the writes of a logical cluster, by ID.
func (p *Policies) Transforms(lc *tenancy.LogicalCluster) []*apiserver.Transform {
	if p == nil {
		return nil
	}
	return p.transforms[lc]
}

// Transform returns what one policy at stage transform makes of writes by itself.
func (p *Policy) Transform() (*apiserver.Transform, error) {
	return apiserver.NewTransform([]*apiserver.Source{p.Source})
}

// MutatedBy returns the policy that a mutation belongs to, and where the mutation stands.
func (p *Policies) MutatedBy(s apiserver.Step) (*Policy, diag.Position) {
	i := slices.IndexFunc(p.All, func(one *Policy) bool { return one.Source == s.Source })
	one := p.All[i]
	if one.Demanded != nil {
		return one, one.Demanded.positions[s.Mutation]
	}
	return one, one.RulesAt.At(rule.MutationPath(s.Mutation, one.Rules.Mutations[s.Mutation])...)
}

// chain is some policies whose mutations are one transform, and why they can't be.
type chain struct {
	policies []*Policy
	err      error
}

// chainWrites works out what changes the writes of each logical cluster. It returns the
// chains that were made of policies.
func (p *Policies) chainWrites() (made []chain) {
	if !slices.ContainsFunc(p.All, func(p *Policy) bool { return p.Source.Mutates() }) {
		return nil
	}
	p.transforms = map[*tenancy.LogicalCluster][]*apiserver.Transform{}
	known, byID := map[string][]*apiserver.Transform{}, map[string]*apiserver.Transform{}
	for _, lc := range p.Tenancy.LogicalClusters {
		var list []*Policy
		key := ""
		for _, e := range p.Of(lc) {
			if e.Source.Mutates() && e.Exemption == nil {
				list, key = append(list, e.Policy), key+e.ID()+"\n"
			}
		}
		if list == nil {
			continue
		}
		out, ok := known[key]
		if !ok {
			var chains []chain
			out, chains = transformsOf(list, byID)
			made = append(made, chains...)
			known[key] = out
		}
		p.transforms[lc] = out
	}
	return made
}

// transformsOf makes transforms of the policies that change the writes of a logical
// cluster. Of those with one ID, the first is kept in byID.
func transformsOf(list []*Policy, byID map[string]*apiserver.Transform) (out []*apiserver.Transform, made []chain) {
	upwards(list)
	sources, of := make([]*apiserver.Source, len(list)), map[*apiserver.Source]*Policy{}
	for i, p := range list {
		sources[i], of[p.Source] = p.Source, p
	}
	for _, group := range apiserver.Meeting(sources) {
		t, err := apiserver.NewTransform(group)
		one := chain{err: err}
		for _, s := range group {
			one.policies = append(one.policies, of[s])
		}
		made = append(made, one)
		if err != nil {
			continue
		}
		if same := byID[t.ID]; same != nil {
			t = same
		}
		byID[t.ID] = t
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *apiserver.Transform) int { return strings.Compare(a.ID, b.ID) })
	return out, made
}

// definitionsDigest digests the definitions of custom resources that patches may change.
func definitionsDigest(t *tenancy.Tenancy) [32]byte {
	return digest.Of(func(e *digest.Encoder) {
		for _, set := range t.APISets {
			for _, v := range set.Versions {
				for _, r := range v.Resources {
					if r.CRD != nil && !document.InOrganizations(set.Dir) {
						e.Bytes(r.CRD.Digest[:])
					}
				}
			}
		}
	})
}

// chainPatches works out what changes the rendered objects of each logical cluster.
func (p *Policies) chainPatches() {
	if !slices.ContainsFunc(p.All, func(p *Policy) bool { return p.Patches != nil }) {
		return
	}
	kinds := definitionsDigest(p.Tenancy)
	invalid := func(o manifest.Map) string { return implicit.Problem(p.Tenancy, o) }
	p.chains = map[*tenancy.LogicalCluster]*patch.Chain{}
	known := map[string]*patch.Chain{}
	for _, lc := range p.Tenancy.LogicalClusters {
		var list []*Policy
		key := ""
		for _, e := range p.Of(lc) {
			if e.Patches != nil && e.Exemption == nil {
				list, key = append(list, e.Policy), key+e.ID()+"\n"
			}
		}
		if list == nil {
			continue
		}
		chain, ok := known[key]
		if !ok {
			upwards(list)
			links := make([]*patch.Link, len(list))
			for i, p := range list {
				links[i] = p.Patches
			}
			chain = patch.NewChain(links, invalid, kinds, p.Tenancy.Targets.Engines)
			known[key] = chain
		}
		p.chains[lc] = chain
	}
}

// upwards orders policies that change something: those of the nearest organization
// first and the uppermost last, so that no policy undoes what one above it does.
func upwards(list []*Policy) {
	slices.SortStableFunc(list, func(a, b *Policy) int { return -cmp.Compare(len(a.path), len(b.path)) })
}

// Patches returns what changes the rendered objects of a logical cluster; nil where
// nothing does.
func (p *Policies) Patches(lc *tenancy.LogicalCluster) *patch.Chain {
	if p == nil {
		return nil
	}
	return p.chains[lc]
}

// Patch reports whether anything that is rendered is changed.
func (p *Policies) Patch() bool { return p.chains != nil }

// PatchedBy returns the policy that a step belongs to, and where the step stands.
func (p *Policies) PatchedBy(s *patch.Step) (*Policy, diag.Position) {
	i := slices.IndexFunc(p.All, func(one *Policy) bool { return one.Patches == s.Link })
	return p.All[i], p.All[i].RulesAt.At(s.Path...)
}

// Admitted returns the rules on writes that hold for a logical cluster.
func (p *Policies) Admitted(lc *tenancy.LogicalCluster) []*apiserver.Admission {
	if !p.admits {
		return nil
	}
	var out []*apiserver.Admission
	for _, e := range p.Of(lc) {
		if e.Admission != nil && e.Exemption == nil && !slices.ContainsFunc(out, func(a *apiserver.Admission) bool { return a.ID == e.Admission.ID }) {
			out = append(out, e.Admission)
		}
	}
	slices.SortFunc(out, func(a, b *apiserver.Admission) int { return strings.Compare(a.ID, b.ID) })
	return out
}
