package render_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/rendertest"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const databaseCRD = `# The operator's definition.
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: databases.db.acme.example
  annotations:
    acme.example/team: storage
spec:
  group: db.acme.example
  names: {kind: Database, listKind: DatabaseList, plural: databases, singular: database}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {type: object}
`

// repo is a tenancy and its pins, built by hand: what comes before rendering
// has tests of its own.
type repo struct {
	t    *tenancy.Tenancy
	pins *pins.Pins
	apis map[string]*tenancy.APIVersion
}

// newRepo has three physical clusters: eu-1, which Flux reaches from elsewhere,
// eu-2, where Flux runs, and us-1, which Argo CD reaches from elsewhere.
func newRepo() *repo {
	cluster := func(name string, engine schema.Engine, remote bool) *tenancy.PhysicalCluster {
		c := &tenancy.PhysicalCluster{Name: name, PhysicalCluster: schema.DefaultPhysicalCluster(), Minor: 36}
		c.Meta = document.Meta{Kind: schema.KindPhysicalClusters, Key: name}
		c.Region, c.Kubernetes, c.Engine = name[:2], "1.36", engine
		if remote {
			c.Kubeconfig = &schema.SecretKey{Secret: name + "-kubeconfig", Key: "value"}
		}
		return c
	}
	database := &tenancy.APISet{Name: "database"}
	workloads := &tenancy.APISet{Name: "workloads"}
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	r := &repo{
		apis: map[string]*tenancy.APIVersion{
			"database": {Set: database, Name: "v3", Resources: []*tenancy.Resource{{
				Key: "databases.db.acme.example", Group: "db.acme.example", Plural: "databases", Kind: "Database", Served: []string{"v1"},
				View: all[:3], Edit: all, Admin: all,
				CRD: &tenancy.CRD{Name: "databases.db.acme.example", Data: []byte(databaseCRD), Managed: true},
			}}},
			"workloads": {Set: workloads, Name: "v1", Resources: []*tenancy.Resource{{
				Key: "deployments.apps", Group: "apps", Plural: "deployments", Kind: "Deployment", Served: []string{"v1"},
				View: all[:3], Edit: all, Admin: all,
			}}},
		},
		pins: &pins.Pins{AsOf: "2026-11-20", Documents: map[document.ID]json.RawMessage{}, LogicalClusters: map[string]*pins.LogicalCluster{}},
	}
	settings := schema.Settings{GitOps: schema.DefaultGitOps()}
	settings.GitOps.Source.URL = "https://git.example.com/platform/rendered.git"
	settings.GitOps.Source.Branch = "main"
	settings.GitOps.Source.Path = "out"
	settings.GitOps.Source.Secret = "rendered-reader"
	r.t = &tenancy.Tenancy{
		Targets:  render.BuiltIn().Table(),
		Settings: tenancy.Settings{Settings: settings},
		Clusters: []*tenancy.PhysicalCluster{cluster("eu-1", "flux", true), cluster("eu-2", "flux", false), cluster("us-1", "argo", true)},
	}
	return r
}

// org returns an organization, which it makes if need be.
func (r *repo) org(path string) *tenancy.Organization {
	for _, o := range r.t.Organizations {
		if o.Path == path {
			return o
		}
	}
	o := &tenancy.Organization{Path: path}
	o.Meta = document.Meta{Kind: schema.KindOrganizations, Key: path, Dir: "orgs/" + path}
	if parent, _, ok := cutLast(path); ok {
		o.Parent = r.org(parent)
	}
	r.t.Organizations = append(r.t.Organizations, o)
	slices.SortFunc(r.t.Organizations, func(a, b *tenancy.Organization) int { return strings.Compare(a.Path, b.Path) })
	return o
}

// add adds a logical cluster with one namespace, placed.
func (r *repo) add(key, cluster, cut string) *tenancy.LogicalCluster {
	path, name, _ := cutLast(key)
	org := r.org(path)
	defaults := schema.DefaultLogicalCluster()
	lc := &tenancy.LogicalCluster{
		Spec: &schema.LogicalCluster{}, Name: name, Org: org, Class: &tenancy.Class{Name: "standard"},
		Labels: map[string]string{"env": name}, Backing: "namespace", State: schema.Active,
		Network: defaults.Network, PodSecurity: defaults.PodSecurity, Containers: defaults.Containers,
		Quota: quota.Quota{{Resource: "requests.cpu", Quantity: resource.MustParse("2")}},
		APIs:  []tenancy.Binding{{Requested: "stable", Version: r.apis["workloads"]}},
		Access: []tenancy.Grant{{
			Subject: tenancy.Subject{Kind: "Group", Name: "devs"}, Role: schema.Edit,
		}},
	}
	lc.Meta = document.Meta{Kind: schema.KindLogicalClusters, Key: key, Dir: "orgs/" + path}
	lc.Namespaces = []tenancy.Namespace{{Name: name, Quota: lc.Quota}}
	insert := func(list []*tenancy.LogicalCluster) []*tenancy.LogicalCluster {
		list = append(list, lc)
		slices.SortFunc(list, func(a, b *tenancy.LogicalCluster) int { return strings.Compare(a.Key, b.Key) })
		return list
	}
	r.t.LogicalClusters = insert(r.t.LogicalClusters)
	r.pins.LogicalClusters[key] = &pins.LogicalCluster{Organization: path, Site: pins.Site{
		Cluster: cluster, Cut: cut, Namespaces: pins.NamesOf(map[string]string{name: strings.ReplaceAll(key, "/", "-")}),
	}}
	r.pins.Documents[document.ID{Kind: "logicalClusters", Key: key, Dir: "orgs/" + path}] = []byte(`{"class":"standard"}`)
	return lc
}

// source gives a logical cluster the team's own repository.
func source(lc *tenancy.LogicalCluster) *schema.Source {
	s := schema.DefaultSource()
	s.Repo, s.Path, s.Private = "git@git.example.com:"+lc.Key+".git", "deploy", true
	lc.Source = &s
	return &s
}

// definitions are those of each physical cluster where somebody binds them.
func (r *repo) definitions() (out []placement.Definition) {
	crd := r.apis["database"].Resources[0].CRD
	bound := map[string]bool{}
	for _, lc := range r.t.LogicalClusters {
		site := r.pins.LogicalClusters[lc.Key]
		if site == nil || !slices.ContainsFunc(lc.APIs, func(b tenancy.Binding) bool { return b.Version == r.apis["database"] }) {
			continue
		}
		for _, s := range append(slices.Clone(site.Left), site.Site) {
			if s.Phase != pins.Gone && !bound[s.Cluster] {
				bound[s.Cluster] = true
				definition := &apiextensionsv1.CustomResourceDefinition{}
				definition.Name = crd.Name
				out = append(out, placement.Definition{Cluster: s.Cluster, CRD: definition, File: crd})
			}
		}
	}
	return out
}

func (r *repo) input() render.Input {
	states, platforms := desired.Expand(r.t, r.pins.LogicalClusters, r.definitions(), nil, nil)
	return render.Input{Tenancy: r.t, States: states, Platforms: platforms, Pins: r.pins, PinFiles: func() []*pins.File {
		return r.pins.Files(func(id document.ID) string {
			path, _, _ := cutLast(id.Key)
			return path
		})
	}}
}

func (r *repo) files(t testing.TB) map[string]string {
	t.Helper()
	files, err := rendertest.Files(t.Context(), r.input())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for path, data := range files {
		out[path] = string(data)
	}
	return out
}

// small is the tenancy that the golden shows.
func small() *repo {
	r := newRepo()
	prod := r.add("acme/payments/prod", "eu-1", "c0001")
	prod.APIs = append([]tenancy.Binding{{Requested: "stable", Version: r.apis["database"]}}, prod.APIs...)
	source(prod)
	r.add("acme/payments/test", "eu-2", "c0001").State = schema.Frozen
	web := r.add("acme/web", "us-1", "c0001")
	source(web).Repo = "https://git.example.com/acme/web"
	// One that was moved from eu-1 to eu-2, and one that has left the cut alone.
	moved := r.add("beta/shop", "eu-2", "c0001")
	source(moved)
	r.pins.LogicalClusters[moved.Key].Left = []pins.Site{{
		Cluster: "eu-1", Cut: "c0001", Namespaces: pins.NamesOf(map[string]string{"shop": "beta-shop"}), Phase: pins.Leaving, Since: "2026-11-01",
	}}
	gone := r.add("beta/old", "us-1", "c0002")
	gone.State = schema.Deleted
	r.pins.LogicalClusters[gone.Key].Phase, r.pins.LogicalClusters[gone.Key].Since = pins.Gone, "2026-11-19"
	return r
}

func cutLast(path string) (string, string, bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// crowd returns a tenancy of n logical clusters over the physical clusters,
// with sources and several API bindings among them.
func crowd(n int) *repo {
	r := newRepo()
	for i := range n {
		lc := r.add(fmt.Sprintf("org%d/team%d/lc%d", i%3, i%7, i), r.t.Clusters[i%3].Name, fmt.Sprintf("c%04d", i/30+1))
		if i%4 == 0 {
			source(lc)
		}
		if i%5 == 0 {
			lc.APIs = append([]tenancy.Binding{{Requested: "v3", Version: r.apis["database"]}}, lc.APIs...)
		}
	}
	return r
}
