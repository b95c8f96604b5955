package desired

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// Binding gives a ClusterRole to a subject, in every namespace of a logical
// cluster that is not retired.
type Binding struct {
	Grant
	ClusterRole string
	// Deployer: the subject is the ServiceAccount that deploys the team's source.
	Deployer bool
}

// Bindings returns what tenants may do in the logical cluster: one binding for
// each grant, in their order, then that of the deployer.
func (s *State) Bindings() []Binding {
	out := make([]Binding, 0, len(s.Grants)+1)
	for _, g := range s.Grants {
		out = append(out, Binding{Grant: g, ClusterRole: s.Roles.of(g.Role)})
	}
	if s.Source != nil {
		g := Grant{Kind: "ServiceAccount", SubjectNamespace: s.Deployers, Subject: DeployerName(s.Key), Role: s.Source.Role}
		out = append(out, Binding{Grant: g, ClusterRole: s.Roles.of(g.Role), Deployer: true})
	}
	return out
}

func (r Roles) of(level schema.Role) string {
	switch level {
	case schema.Edit:
		return r.Edit
	case schema.Admin:
		return r.Admin
	}
	return r.View
}

// Values returns what the placeholders of implicit objects stand for in a
// namespace.
func (s *State) Values(n *Namespace) *implicit.Values {
	v := s.values(n.Physical, s.Implicit.Region)
	v.Revoked = s.Implicit.Revoked
	return v
}

// Patch returns objects of the logical cluster as patches leave them, and adds to the
// trace, which may be nil, what these do. The result shares parts with the objects:
// neither may be changed.
func (s *State) Patch(objects []manifest.Map, t *patch.Trace) []manifest.Map {
	if s.Patches == nil {
		return objects
	}
	return s.Patches.Apply(objects, func(namespace string) *implicit.Values { return s.values(namespace, s.Patches.Region) }, t)
}

func (s *State) values(namespace, region string) *implicit.Values {
	return &implicit.Values{
		Organization: string(s.Organization), OrganizationLabel: LabelValue(string(s.Organization)),
		LogicalCluster: s.Key, LogicalClusterLabel: LabelValue(s.Key),
		Namespace: namespace, Region: region, PhysicalCluster: s.Cluster, Labels: s.Labels,
		View: s.Roles.View, Edit: s.Roles.Edit, Admin: s.Roles.Admin,
	}
}

// Exempt are users and groups that an admission policy lets pass whatever it
// says.
type Exempt struct{ Users, Groups []string }

// SystemExempt are Kubernetes' own controllers. kube-system is never a tenant's.
func SystemExempt() Exempt {
	return Exempt{
		Users: []string{"system:apiserver", "system:kube-controller-manager",
			"system:kube-scheduler", "system:cloud-controller-manager"},
		Groups: []string{"system:nodes", "system:serviceaccounts:kube-system"},
	}
}

// Exempt are those that may write what is not bound, and what is frozen:
// Kubernetes' controllers and those that the settings name.
func (p *Platform) Exempt() Exempt {
	e := SystemExempt()
	e.Users = append(e.Users, p.Controllers...)
	return e
}

// Covers reports whether a user of these groups is among them.
func (e Exempt) Covers(user string, groups []string) bool {
	return slices.Contains(e.Users, user) || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(e.Groups, g) })
}
