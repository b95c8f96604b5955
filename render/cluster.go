package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/admission"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/render/inventory"
	"github.com/tenantry/tenantry/render/tree"
	"github.com/tenantry/tenantry/schema"
)

// cluster is a physical cluster that is rendered.
type cluster struct {
	gitops.Cluster
	// engine is nil where nothing is rendered for one.
	engine engine.Engine
	// hasNamespace: the namespace of its objects is the engine's own.
	hasNamespace bool
	platform     *desired.Platform
	cuts         []cut
	// kept are objects of the platform that only what stays as published needs.
	kept []manifest.Map
}

// cut is one part of a physical cluster's tenants.
type cut struct {
	name string
	// states are indexes, by key.
	states []int
}

// clusters returns the jobs for the directories clusters and gitops.
func (b *build) clusters() []job {
	var jobs []job
	engines := map[schema.Engine][]*cluster{}
	add := func(name string, input [32]byte, make func(w tree.Files) error) {
		jobs = append(jobs, func() error { return b.sink.Part(name, input, make) })
	}
	for _, c := range b.plan() {
		add("platform "+c.Name, tree.Unknown, func(w tree.Files) error { return writePlatform(w, c) })
		add("crds "+c.Name, tree.Unknown, func(w tree.Files) error { return b.writeCRDs(w, c) })
		about := c.digest()
		for i := range c.cuts {
			cut := &c.cuts[i]
			jobs = append(jobs, func() error {
				return b.sink.Part("cut "+c.Name+"/"+cut.name, b.cutDigest(about, cut), func(w tree.Files) error { return b.writeCut(w, c, cut) })
			})
		}
		if c.engine != nil {
			engines[c.Engine] = append(engines[c.Engine], c)
			add("engine "+c.Name, tree.Unknown, func(w tree.Files) error { return writeEngine(w, c) })
		}
	}
	for _, name := range slices.Sorted(maps.Keys(engines)) {
		add("bootstrap "+string(name), tree.Unknown, func(w tree.Files) error { return writeBootstrap(w, engines[name]) })
	}
	return jobs
}

// digest stands for all that the files of a cut say of their physical cluster.
func (c *cluster) digest() [32]byte {
	data, err := json.Marshal(struct {
		Cluster   gitops.Cluster
		Engine    bool
		Deployers string
	}{c.Cluster, c.engine != nil, c.platform.Deployers})
	if err != nil {
		return tree.Unknown // never: these are strings and numbers
	}
	return sha256.Sum256(data)
}

// cutDigest stands for all that the files of a cut say.
func (b *build) cutDigest(cluster [32]byte, cut *cut) [32]byte {
	all := append(make([]byte, 0, 32*(1+len(cut.states))), cluster[:]...)
	for _, i := range cut.states {
		all = append(all, b.digests[i][:]...)
	}
	return sha256.Sum256(all)
}

// plan works out the physical clusters and their cuts.
func (b *build) plan() []*cluster {
	cuts := map[string]map[string][]int{}
	at := func(cluster, name string) map[string][]int {
		if cuts[cluster] == nil {
			cuts[cluster] = map[string][]int{}
		}
		if _, ok := cuts[cluster][name]; !ok {
			cuts[cluster][name] = nil
		}
		return cuts[cluster]
	}
	kept := map[string][]*Kept{} // by physical cluster
	for i := range b.in.States {
		s := &b.in.States[i]
		if k := b.kept(s); k != nil {
			kept[s.Cluster] = append(kept[s.Cluster], k)
		}
		at(s.Cluster, s.Cut)[s.Cut] = append(cuts[s.Cluster][s.Cut], i)
	}
	// A cut whose last logical cluster has gone stays while it is remembered:
	// what vanishes together with its cut would be orphaned, not deleted.
	gone := func(s *pins.Site) {
		if s.Phase == pins.Gone && s.Cut != "" {
			at(s.Cluster, s.Cut)
		}
	}
	for _, lc := range b.in.Pins.LogicalClusters {
		gone(&lc.Site)
		for i := range lc.Left {
			gone(&lc.Left[i])
		}
	}
	declared := make(map[string]*tenancy.PhysicalCluster, len(b.in.Tenancy.Clusters))
	for _, pc := range b.in.Tenancy.Clusters {
		declared[pc.Name] = pc
	}
	settings := b.in.Tenancy.Settings.GitOps
	out := make([]*cluster, 0, len(b.in.Platforms))
	for i := range b.in.Platforms {
		p := &b.in.Platforms[i]
		c := &cluster{platform: p, Cluster: gitops.Cluster{Name: p.Cluster, Engine: p.Engine, System: p.Deployers, Settings: settings, CRDs: len(p.CRDs) > 0, Implicit: p.Implicit}}
		if pc := declared[p.Cluster]; pc != nil {
			c.Kubeconfig = pc.Kubeconfig
		}
		if e := b.in.Targets.engine(p.Engine); e != nil {
			row := e.Row()
			c.Settings.Namespace, c.hasNamespace = row.Namespace(settings), row.HasNamespace
			if unreadable(settings.Source, e) == "" {
				c.engine = e
			}
		}
		c.keep(kept[p.Cluster])
		for _, name := range slices.Sorted(maps.Keys(cuts[p.Cluster])) {
			c.cuts = append(c.cuts, cut{name: name, states: cuts[p.Cluster][name]})
		}
		out = append(out, c)
	}
	return out
}

func writePlatform(w tree.Files, c *cluster) error {
	files := map[string][]manifest.Map{}
	for _, object := range append(admission.Platform(c.platform), c.kept...) {
		file := admissionFile
		switch object.Get("kind") {
		case "Namespace":
			file = namespaceFile
		case "ClusterRole":
			file = rolesFile
		}
		files[file] = append(files[file], object)
	}
	return tree.WriteDirectory(w, c.PlatformManifests(), files)
}

// Files of a physical cluster's platform, and of a cut's objects in the management
// cluster.
const (
	admissionFile = "admission.yaml"
	namespaceFile = "namespace.yaml"
	rolesFile     = "roles.yaml"
	objectsFile   = "logicalclusters.yaml"
)

// keep adds the objects of the platform that logical clusters need which stay as
// published, where today's are none of that name.
func (c *cluster) keep(kept []*Kept) {
	type id struct{ kind, name manifest.Value }
	idOf := func(o manifest.Map) id { return id{o.Get("kind"), o.Get("metadata", "name")} }
	if len(kept) == 0 {
		return
	}
	known := map[id]bool{}
	for _, o := range admission.Platform(c.platform) {
		known[idOf(o)] = true
	}
	for _, k := range kept {
		for _, o := range k.Platform {
			if !known[idOf(o)] {
				known[idOf(o)] = true
				c.kept = append(c.kept, o)
			}
		}
	}
	slices.SortFunc(c.kept, func(a, b manifest.Map) int {
		return cmp.Or(strings.Compare(text(a.Get("kind")), text(b.Get("kind"))), strings.Compare(text(a.Get("metadata", "name")), text(b.Get("metadata", "name"))))
	})
}

func text(v manifest.Value) string { s, _ := v.(string); return s }

func (b *build) writeCRDs(w tree.Files, c *cluster) error {
	if len(c.platform.CRDs) == 0 {
		return nil
	}
	files := map[string][]manifest.Map{}
	for _, crd := range c.platform.CRDs {
		object, err := protectedCRD(crd, b.in.Targets.Table().Engines.Protection())
		if err != nil {
			return err
		}
		files[crd.Name+".yaml"] = []manifest.Map{object}
	}
	return tree.WriteDirectory(w, c.CRDManifests(), files)
}

// protectedCRD returns the user's definition, marked as ours and protected from
// pruning: with a definition go all of its objects, and that nobody binds it
// any more is no reason to delete them.
func protectedCRD(crd desired.CRD, protection []target.Mark) (manifest.Map, error) {
	objects, err := manifest.FromYAML(crd.Data)
	if err != nil {
		return nil, fmt.Errorf("definition %s: %w", crd.Name, err)
	}
	i := slices.IndexFunc(objects, func(m manifest.Map) bool { return m.Get("metadata", "name") == crd.Name })
	if i < 0 {
		return nil, fmt.Errorf("definition %s: its file does not hold it", crd.Name)
	}
	meta, _ := objects[i].Get("metadata").(manifest.Map)
	labels, _ := meta.Get("labels").(manifest.Map)
	annotations, _ := meta.Get("annotations").(manifest.Map)
	for _, m := range protection {
		annotations = annotations.With(m.Key, m.Value)
	}
	return objects[i].With("metadata", meta.
		With("labels", labels.With(desired.LabelManagedBy, desired.ManagedBy)).
		With("annotations", annotations)), nil
}

// writeCut writes the logical clusters of a cut, and what belongs to them in
// the management cluster.
func (b *build) writeCut(w tree.Files, c *cluster, cut *cut) error {
	dir := c.TenantManifests(cut.name)
	files := make([]string, 0, len(cut.states))
	objects := make([]manifest.Map, 0, len(cut.states))
	for _, i := range cut.states {
		s := &b.in.States[i]
		files = append(files, stateFile(s.Key))
		if err := b.lower(w, i); err != nil {
			return err
		}
		if k := b.kept(s); k != nil {
			objects = append(objects, k.Objects...)
			continue
		}
		objects = append(objects, c.belonging(s, nil)...)
	}
	if len(files) == 0 {
		files = append(files, "emptied.yaml")
		if err := w.WriteObjects(path.Join(dir, "emptied.yaml"), []manifest.Map{gitops.Emptied("tenantry-cut-"+cut.name, c.platform.Deployers)}); err != nil {
			return err
		}
	}
	if err := tree.WriteKustomization(w, dir, files); err != nil || c.engine == nil {
		return err
	}
	if len(objects) == 0 {
		objects = append(objects, gitops.Emptied(c.ObjectsName(cut.name), c.Settings.Namespace))
	}
	return tree.WriteDirectory(w, c.Objects(cut.name), map[string][]manifest.Map{objectsFile: objects})
}

// belonging returns the objects of the management cluster that belong to a logical
// cluster, as patches leave them.
func (c *cluster) belonging(s *desired.State, t *patch.Trace) []manifest.Map {
	if c.engine == nil {
		return nil
	}
	return s.Patch(append([]manifest.Map{c.ObjectOf(s, inventory.APIVersion, inventory.Kind, gitops.ObjectName(s.Key, c.Name), inventory.Spec(s))},
		c.engine.Source(&c.Cluster, s)...), t)
}

// writeEngine writes the engine's own directory of a physical cluster.
func writeEngine(w tree.Files, c *cluster) error {
	groups := map[string]map[string][]manifest.Map{"": {
		"source.yaml":   c.engine.Root(&c.Cluster),
		"platform.yaml": c.engine.Platform(&c.Cluster),
	}}
	for _, cut := range c.cuts {
		group := gitops.Group(cut.name)
		if groups[group] == nil {
			groups[group] = map[string][]manifest.Map{}
			groups[""]["group-"+group+".yaml"] = c.engine.Group(&c.Cluster, group)
		}
		groups[group]["tenants-"+cut.name+".yaml"] = c.engine.Tenants(&c.Cluster, cut.name)
	}
	for group, files := range groups {
		if err := tree.WriteDirectory(w, c.GroupDirectory(group), files); err != nil {
			return err
		}
	}
	return nil
}

// writeBootstrap writes what a person applies once to the management cluster,
// for all physical clusters of one engine.
func writeBootstrap(w tree.Files, clusters []*cluster) error {
	c := clusters[0]
	management := []manifest.Map{inventory.Definition(gitops.Labels())}
	if !c.hasNamespace {
		management = append([]manifest.Map{manifest.M("apiVersion", "v1", "kind", "Namespace",
			"metadata", manifest.M("name", c.Settings.Namespace, "labels", gitops.Labels()))}, management...)
	}
	files := map[string][]manifest.Map{"management.yaml": management}
	for _, c := range clusters {
		files[c.Name+".yaml"] = c.engine.Root(&c.Cluster)
	}
	return tree.WriteDirectory(w, c.Bootstrap(), files)
}

// inventory returns the jobs for the directory inventory.
func (b *build) inventory() []job {
	state := func(key, cluster string) ([32]byte, bool) {
		i, ok := b.states[place{key, cluster}]
		if !ok {
			return [32]byte{}, false
		}
		return b.digests[i], true
	}
	site := func(key string) *pins.LogicalCluster { return b.in.Pins.LogicalClusters[key] }
	published := func(key string) manifest.Map {
		if kept := b.in.Kept[key]; kept != nil {
			return kept.Entry
		}
		return nil
	}
	rules := removal.RulesOf(&b.in.Tenancy.Settings.Settings)
	var jobs []job
	for _, org := range b.in.Tenancy.Organizations {
		path := inventory.Path(org)
		jobs = append(jobs, func() error {
			lcs := b.in.Tenancy.In(org)
			input, ok := inventory.Digest(org, lcs, b.in.Costs, rules, b.pinned[pins.Path(org.Path)], site, state)
			if !ok || slices.ContainsFunc(lcs, func(lc *tenancy.LogicalCluster) bool { return b.in.Kept[lc.Key] != nil }) {
				input = tree.Unknown
			}
			return b.sink.Part(path, input, func(w tree.Files) error {
				return w.Write(path, func(dst []byte) []byte {
					return inventory.AppendOrganization(dst, org, lcs, b.in.Costs, rules, site, state, published)
				})
			})
		})
	}
	return jobs
}
