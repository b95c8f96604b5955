package desired

import (
	"cmp"

	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/digest"
)

// Digest identifies the state: equal states have equal digests, and a
// difference in any field changes it. What is empty equals nil.
func (s *State) Digest() [32]byte { return digest.Of(s.encode) }

func (s *State) encode(e *digest.Encoder) {
	e.Strings(s.Key, string(s.Organization), s.Class, string(s.Declared), s.Cluster, s.Cut, string(s.Backing))
	e.Bool(s.Held)
	e.Bool(s.Suspended)
	e.Number(len(s.APIs))
	for _, a := range s.APIs {
		e.Strings(a.Set, a.Requested, a.Version)
	}
	e.Mapping(s.Labels)
	e.Bool(s.Frozen)
	e.Strings(string(s.Phase), string(s.Network))
	dns := cmp.Or(s.DNS, &DNS{})
	e.Strings(dns.Namespace)
	e.Number(len(dns.Labels))
	for _, l := range dns.Labels {
		e.Strings(l.Key, l.Value)
	}
	e.Strings(string(s.PodSecurity))
	e.Number(s.Minor)
	encodeContainers(e, cmp.Or(s.Containers, &Containers{}))
	e.Number(len(s.Namespaces))
	for i := range s.Namespaces {
		n := &s.Namespaces[i]
		e.Strings(n.Name, n.Physical)
		encodeAmounts(e, n.Hard)
		e.Bool(n.Retired)
	}
	e.Number(len(s.Grants))
	for i := range s.Grants {
		g := &s.Grants[i]
		e.Strings(g.Kind, g.SubjectNamespace, g.Subject, string(g.Role))
	}
	e.Strings(s.Roles.View, s.Roles.Edit, s.Roles.Admin, s.Gate)
	e.List(s.Policies)
	e.List(s.Transforms)
	e.Bool(s.Source != nil)
	if src := s.Source; src != nil {
		e.Strings(src.Repo, src.Path, src.Branch, string(src.Role), src.Namespace, src.Secret, src.Interval)
	}
	e.Strings(s.Deployers, string(s.Engine))
	s.encodeImplicit(e)
	if s.Patches != nil {
		e.Strings("patches", s.Patches.Region)
		e.Bytes(s.Patches.Digest[:])
	}
}

func (s *State) encodeImplicit(e *digest.Encoder) {
	if s.Implicit == nil {
		return
	}
	e.Strings(s.Implicit.Region)
	e.Number(len(s.Implicit.Objects))
	for _, o := range s.Implicit.Objects {
		e.Strings(string(o.Digest[:]))
	}
	if len(s.Implicit.Revoked) > 0 {
		e.Strings("revoked")
		e.Number(len(s.Implicit.Revoked))
		for _, r := range s.Implicit.Revoked {
			e.Strings(r.Subject.Kind, r.Subject.Namespace, r.Subject.Name, r.Dir)
		}
	}
}

func encodeContainers(e *digest.Encoder, c *Containers) {
	encodeAmounts(e, c.DefaultRequest)
	encodeAmounts(e, c.Default)
	encodeAmounts(e, c.Max)
	encodeAmounts(e, c.Min)
}

func encodeAmounts(e *digest.Encoder, amounts quota.Quota) {
	e.Number(len(amounts))
	for name, q := range amounts.All() {
		e.Strings(name, q.String())
	}
}
