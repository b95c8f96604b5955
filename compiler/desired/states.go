package desired

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Expand returns the state of each logical cluster on each physical cluster on
// which its objects stand, by physical cluster and key, and what each declared
// physical cluster needs once, by name. policies may be nil. A logical cluster that is not placed
// has no state, and neither has one on a physical cluster that is not declared.
//
// definitions are those that placing decided.
//
// States share what they point to, with the tenancy and with each other: none of it
// may be changed.
func Expand(t *tenancy.Tenancy, sites map[string]*pins.LogicalCluster, definitions []placement.Definition, policies *policy.Policies, given *implicit.Set) ([]State, []Platform) {
	x := newExpansion(t, policies)
	x.given = given
	x.define(definitions)
	placed := make([]*pins.LogicalCluster, len(t.LogicalClusters))
	parallel.Each(len(placed), func(i int) { placed[i] = sites[t.LogicalClusters[i].Key] })
	for _, c := range x.clusters { // each with a quarter more room than its share
		c.jobs = make([]job, 0, len(t.LogicalClusters)/len(x.clusters)*5/4)
	}
	for i, lc := range t.LogicalClusters {
		if placed[i] == nil {
			continue
		}
		x.prepare(lc)
		x.addJob(lc, &placed[i].Site)
		for k := range placed[i].Left {
			x.addJob(lc, &placed[i].Left[k])
		}
	}
	jobs := make([][]job, 0, len(x.clusters))
	for _, name := range slices.Sorted(maps.Keys(x.clusters)) {
		jobs = append(jobs, x.clusters[name].jobs)
	}
	work := slices.Concat(jobs...)
	if x.policies != nil {
		parallel.Each(len(work), func(i int) { work[i].policies = x.policies.Admitted(work[i].lc) })
	}
	states := make([]State, len(work))
	parallel.Each(len(work), func(i int) { x.fill(&states[i], &work[i]) })
	return states, x.platforms(work, states)
}

// job is one logical cluster on one physical cluster.
type job struct {
	lc      *tenancy.LogicalCluster
	site    *pins.Site
	cluster *cluster
	profile *profile
	gate    *Gate
	// policies hold for it, wherever it stands.
	policies   []*apiserver.Admission
	transforms []*apiserver.Transform
}

type expansion struct {
	tenancy    *tenancy.Tenancy
	policies   *policy.Policies
	given      *implicit.Set
	clusters   map[string]*cluster
	ids        map[*tenancy.APIVersion]uint32
	profiles   map[string]*profile // by bindings
	containers map[*schema.Containers]*Containers
	// definitions are those of a physical cluster, by name.
	definitions map[string]map[string]placement.Definition
	withheld    map[narrowed][]Withheld
}

// cluster is a physical cluster with what many states there have in common.
type cluster struct {
	*tenancy.PhysicalCluster
	dns   *DNS
	gates map[*profile]*Gate
	// jobs are in the order of the keys.
	jobs []job
}

func newExpansion(t *tenancy.Tenancy, policies *policy.Policies) *expansion {
	x := &expansion{
		tenancy:    t,
		policies:   policies,
		clusters:   make(map[string]*cluster, len(t.Clusters)),
		ids:        map[*tenancy.APIVersion]uint32{},
		profiles:   map[string]*profile{},
		containers: map[*schema.Containers]*Containers{},
		withheld:   map[narrowed][]Withheld{},
	}
	for _, c := range t.Clusters {
		one := &cluster{PhysicalCluster: c, dns: &DNS{Namespace: c.DNS.Namespace}, gates: map[*profile]*Gate{}}
		for _, key := range slices.Sorted(maps.Keys(c.DNS.Labels)) {
			one.dns.Labels = append(one.dns.Labels, Label{key, c.DNS.Labels[key]})
		}
		x.clusters[c.Name] = one
	}
	return x
}

// prepare works out what the logical cluster shares with others, so that the
// parallel part only reads.
func (x *expansion) prepare(lc *tenancy.LogicalCluster) {
	if _, ok := x.containers[lc.Containers]; !ok {
		x.containers[lc.Containers] = containers(lc.Containers)
	}
}

func (x *expansion) addJob(lc *tenancy.LogicalCluster, site *pins.Site) {
	cluster := x.clusters[site.Cluster]
	if site.Phase == pins.Gone || cluster == nil {
		return
	}
	j := job{lc: lc, site: site, cluster: cluster, profile: x.profile(lc.APIs)}
	j.gate = x.gate(j.profile, cluster)
	if cluster.Minor >= apiserver.MutatingMinor {
		j.transforms = x.policies.Transforms(lc)
	}
	cluster.jobs = append(cluster.jobs, j)
}

// profile returns the profile of bindings. The key is made of the identities of
// versions, since sets of different directories may share a name, and of what
// was asked for.
func (x *expansion) profile(apis []tenancy.Binding) *profile {
	var buf [64]byte
	key := buf[:0]
	for _, b := range apis {
		id, ok := x.ids[b.Version]
		if !ok {
			id = uint32(len(x.ids))
			x.ids[b.Version] = id
		}
		key = append(key, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
		key = append(append(key, b.Requested...), 0)
	}
	p := x.profiles[string(key)]
	if p == nil {
		p = newProfile(apis)
		x.profiles[string(key)] = p
	}
	return p
}

// fill makes s the state that a job is about.
func (x *expansion) fill(s *State, j *job) {
	lc, site, cluster := j.lc, j.site, j.cluster
	*s = State{
		Key:          lc.Key,
		Organization: schema.Key(lc.Key).Organization(),
		Declared:     lc.Declared(),
		Held:         lc.Held,
		Suspended:    lc.Suspended,
		APIs:         j.profile.apis,
		Cluster:      cluster.Name,
		Cut:          site.Cut,
		Backing:      lc.Backing,
		Labels:       lc.Labels,
		Frozen:       lc.State == schema.Frozen || site.Phase != pins.Present,
		Phase:        site.Phase,
		Network:      lc.Network,
		DNS:          cluster.dns,
		PodSecurity:  lc.PodSecurity,
		Minor:        cluster.Minor,
		Containers:   x.containers[lc.Containers],
		Namespaces:   namespaces(lc, site),
		Roles:        Roles{j.profile.roles[0].Name, j.profile.roles[1].Name, j.profile.roles[2].Name},
		Gate:         j.gate.Name,
		Deployers:    x.tenancy.Settings.GitOps.Namespace,
		Engine:       x.engine(cluster.PhysicalCluster),
	}
	if lc.Class != nil {
		s.Class = lc.Class.Name
	}
	for _, p := range j.policies {
		s.Policies = append(s.Policies, p.ID)
	}
	for _, t := range j.transforms {
		s.Transforms = append(s.Transforms, t.ID)
	}
	s.Implicit = x.implicit(lc, cluster)
	if chain := x.policies.Patches(lc); chain != nil {
		s.Patches = &Patches{Chain: chain, Region: cluster.Region}
	}
	if lc.Suspended {
		return
	}
	s.Grants = grants(lc.Access)
	if site.Phase == pins.Present {
		s.Source = source(lc.Key, lc.Source, s.Namespaces)
	}
}

// implicit returns what implicit documents give to a logical cluster on a physical
// one. Where its tenants have lost their access, they get none this way either.
func (x *expansion) implicit(lc *tenancy.LogicalCluster, cluster *cluster) *Implicit {
	objects := x.given.Given(lc.Key)
	engine := x.tenancy.Targets.Engines.Named(x.engine(cluster.PhysicalCluster))
	drop := func(o *implicit.Object) bool {
		return lc.Suspended && o.Access != nil || engine != nil && !o.Givable(engine)
	}
	if slices.ContainsFunc(objects, drop) {
		objects = slices.DeleteFunc(slices.Clone(objects), drop)
	}
	if len(objects) == 0 {
		return nil
	}
	out := &Implicit{Objects: objects, Region: cluster.Region}
	if slices.ContainsFunc(objects, func(o *implicit.Object) bool { return o.Access != nil }) {
		out.Revoked = lc.Revoked
	}
	return out
}

func (x *expansion) engine(c *tenancy.PhysicalCluster) schema.Engine {
	return cmp.Or(c.Engine, x.tenancy.Settings.GitOps.Engine)
}

// nothing is the quota of a namespace that starts nothing new.
var nothing = quota.Quota{{Resource: "pods", Quantity: *resource.NewQuantity(0, resource.DecimalSI)}}

// namespaces returns those that the document and the site both have, then those
// that only the site has: they are closed and start nothing new.
func namespaces(lc *tenancy.LogicalCluster, site *pins.Site) []Namespace {
	out := make([]Namespace, 0, len(site.Namespaces)+len(site.Retired))
	for i := range lc.Namespaces {
		n := &lc.Namespaces[i]
		if physical, ok := site.Namespaces.Of(n.Name); ok {
			out = append(out, Namespace{Name: n.Name, Physical: physical, Hard: n.Quota})
		}
	}
	current := len(out)
	retire := func(n pins.Name) {
		out = append(out, Namespace{Name: n.Name, Physical: n.Physical, Hard: nothing, Retired: true})
	}
	for _, n := range site.Namespaces {
		if !slices.ContainsFunc(out[:current], func(o Namespace) bool { return o.Name == n.Name }) {
			retire(n)
		}
	}
	for _, n := range site.Retired {
		retire(n)
	}
	slices.SortFunc(out[current:], func(a, b Namespace) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Physical, b.Physical))
	})
	return out
}

// grants leaves each subject its highest role, which includes the others and stands
// before them.
func grants(access []tenancy.Grant) []Grant {
	out := make([]Grant, 0, len(access))
	for i := range access {
		if a := &access[i]; i == 0 || a.Subject != access[i-1].Subject {
			out = append(out, Grant{Kind: a.Subject.Kind, SubjectNamespace: a.Subject.Namespace, Subject: a.Subject.Name, Role: a.Role})
		}
	}
	return out
}

// source returns nil where there is no namespace that objects could go to.
func source(key string, spec *schema.Source, namespaces []Namespace) *Source {
	if spec == nil {
		return nil
	}
	i := slices.IndexFunc(namespaces, func(n Namespace) bool {
		return !n.Retired && (spec.Namespace == "" || n.Name == spec.Namespace)
	})
	if i < 0 {
		return nil
	}
	secret := ""
	if spec.Private {
		secret = DeployerName(key)
	}
	return &Source{Repo: spec.Repo, Path: spec.Path, Branch: spec.Branch, Role: spec.Role,
		Namespace: namespaces[i].Physical, Secret: secret, Interval: spec.Interval}
}

func (x *expansion) platforms(work []job, states []State) []Platform {
	out := make([]Platform, 0, len(x.tenancy.Clusters))
	controllers := slices.Compact(slices.Sorted(slices.Values(x.tenancy.Settings.Controllers)))
	for _, c := range x.tenancy.Clusters {
		out = append(out, Platform{Cluster: c.Name, Minor: c.Minor, Engine: x.engine(c), Engines: x.tenancy.Targets.Engines, Controllers: controllers,
			Deployers: x.tenancy.Settings.GitOps.Namespace, Remote: c.Kubeconfig != nil})
	}
	slices.SortFunc(out, func(a, b Platform) int { return strings.Compare(a.Cluster, b.Cluster) })
	for i := range out {
		p := &out[i]
		seen := map[*profile]bool{}
		roles, gates, policies := map[string]Role{}, map[string]Gate{}, map[string]*apiserver.Admission{}
		transforms := map[string]*apiserver.Transform{}
		kinds := map[GroupKind]bool{}
		known := map[*implicit.Object]bool{}
		for ; len(work) > 0 && work[0].cluster.Name == p.Cluster; work, states = work[1:], states[1:] {
			for _, one := range work[0].policies {
				policies[one.ID] = one
			}
			for _, one := range work[0].transforms {
				transforms[one.ID] = one
			}
			profile := work[0].profile
			if given := states[0].Implicit; given != nil {
				for _, o := range given.Objects {
					if !known[o] {
						known[o], kinds[GroupKind{o.Group, o.Kind}] = true, true
					}
				}
			}
			if seen[profile] {
				continue
			}
			seen[profile] = true
			for _, r := range profile.roles {
				roles[r.Name] = r
			}
			gates[work[0].gate.Name] = *work[0].gate
		}
		p.Roles, p.Gates, p.Policies, p.Transforms = byName(roles), byName(gates), byName(policies), byName(transforms)
		p.Implicit = slices.SortedFunc(maps.Keys(kinds), func(a, b GroupKind) int {
			return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Kind, b.Kind))
		})
		for _, d := range byName(x.definitions[p.Cluster]) {
			p.CRDs = append(p.CRDs, CRD{Name: d.CRD.Name, Data: dataOf(&d)})
		}
	}
	return out
}

func byName[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[name])
	}
	return out
}
