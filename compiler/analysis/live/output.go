package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// Output is a rendered tree.
type Output struct {
	// Name is how it was named: a directory, or REV:PATH.
	Name string
	// Commit is the full hash of the commit that it was read from; empty for a
	// directory on disk.
	Commit string
	// Clusters are the physical clusters, by name.
	Clusters []*Cluster
	// Management are the objects of the management cluster.
	Management []*Object
	// Engines are those that may apply it.
	Engines engine.Registry
}

// Cluster is a physical cluster.
type Cluster struct {
	Name string
	// Engine that applies it; empty where nothing is rendered for one.
	Engine schema.Engine
	// Reach is how the engine reaches it.
	Reach gitops.Reach
	// Sites are its logical clusters, by key.
	Sites []*Site
	// Objects are those of the platform and of the logical clusters.
	Objects []*Object
}

// Site is a logical cluster on a physical cluster.
type Site struct {
	Key     string
	Cluster *Cluster
	Cut     string
	Class   string
	// Removal is how far it has come to leave the physical cluster; nil where it does not.
	Removal *removal.Step
	// Labels as the repo has them, those that it inherits included.
	Labels map[string]string
	// Namespaces are the physical ones.
	Namespaces []string
}

// Part is the name of what applies its objects.
func (s *Site) Part() string { return s.Cluster.names().TenantsName(s.Cut) }

// ManagementPart is the name of what applies its objects of the management
// cluster.
func (s *Site) ManagementPart() string { return s.Cluster.names().ObjectsName(s.Cut) }

func (c *Cluster) names() *gitops.Cluster { return &gitops.Cluster{Name: c.Name} }

// Root is the name of what applies the engine's own objects, and of their source.
func (c *Cluster) Root() string { return c.names().RootName() }

// Object is an object of the output.
type Object struct {
	ID
	Version string
	// File of the output that it stands in.
	File string
	// Cluster that it is rendered for.
	Cluster *Cluster
	// Site is the logical cluster that it belongs to; nil for the platform's.
	Site *Site
	json []byte
}

// GroupVersionKind returns the kind as it is rendered.
func (o *Object) GroupVersionKind() kschema.GroupVersionKind {
	return o.GroupKind().WithVersion(o.Version)
}

// Content returns a copy of the object.
func (o *Object) Content() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(o.json); err != nil {
		panic(err) // never: it has a kind, and was written by package manifest
	}
	return u
}

// Read reads an output that some engines may apply: a directory, or REV:PATH in the
// git repository that dir lies in. What is not one is an error.
func Read(ctx context.Context, dir, name string, engines engine.Registry) (*Output, error) {
	o := &Output{Name: name, Engines: engines}
	info, err := os.Stat(name)
	var fsys fs.FS
	switch {
	case err == nil && info.IsDir():
		fsys = os.DirFS(name)
	case err == nil:
		return nil, fmt.Errorf("%s is no directory", name)
	case !strings.Contains(name, ":"):
		return nil, fmt.Errorf("there is no output %s: name a directory that \"tenantry build\" wrote, or REV:PATH in git", name)
	default:
		if fsys, o.Commit, err = source.FilesAt(ctx, dir, name, source.Options{}); err != nil {
			return nil, err
		}
	}
	if _, err := fs.Stat(fsys, "pins"); err != nil {
		return nil, fmt.Errorf("%s is no output of tenantry: it holds no pins", name)
	}
	return o, o.read(ctx, fsys)
}

// reading is one file of manifests.
type reading struct {
	path string
	// at are the names of directories above it.
	at      []string
	objects []*Object
	site    *Site
}

func (o *Output) read(ctx context.Context, fsys fs.FS) error {
	files, err := manifests(fsys)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f.read(fsys); err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	clusters := map[string]*Cluster{}
	for _, f := range files {
		if f.at[0] == "clusters" {
			o.add(clusters, f)
		}
	}
	if err := o.inventory(fsys, clusters); err != nil {
		return err
	}
	o.addManagement(clusters, files)
	return nil
}

// manifests returns the files of manifests of an output, by path.
func manifests(fsys fs.FS) ([]*reading, error) {
	var files []*reading
	for _, root := range []string{"clusters", "gitops"} {
		err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && p == root {
				return nil
			}
			if err == nil && !d.IsDir() && path.Ext(p) == ".yaml" && path.Base(p) != "kustomization.yaml" {
				if at := strings.Split(p, "/"); len(at) > 3 {
					files = append(files, &reading{path: p, at: at})
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (f *reading) read(fsys fs.FS) error {
	data, err := fs.ReadFile(fsys, f.path)
	if err != nil {
		return err
	}
	maps, err := manifest.FromYAML(data)
	if err != nil {
		return err
	}
	for _, m := range maps {
		text := func(path ...string) string { s, _ := m.Get(path...).(string); return s }
		version, err := kschema.ParseGroupVersion(text("apiVersion"))
		if err != nil {
			return err
		}
		o := &Object{Version: version.Version, File: f.path, json: manifest.AppendJSON(nil, m),
			ID: ID{version.Group, text("kind"), text("metadata", "namespace"), text("metadata", "name")}}
		if o.Kind == "" || o.Name == "" {
			return errors.New("it holds something that is no object")
		}
		f.objects = append(f.objects, o)
		if key := text("metadata", "annotations", desired.AnnotationLogicalCluster); o.Kind == "Namespace" && key != "" {
			f.note(key, m)
		}
	}
	return nil
}

// note notes the logical cluster that a Namespace belongs to.
func (f *reading) note(key string, namespace manifest.Map) {
	if f.site == nil {
		f.site = &Site{Key: key, Cut: f.at[3], Labels: map[string]string{}}
	}
	name, _ := namespace.Get("metadata", "name").(string)
	f.site.Namespaces = append(f.site.Namespaces, name)
	labels, _ := namespace.Get("metadata", "labels").(manifest.Map)
	for _, l := range labels {
		if key, ok := strings.CutPrefix(l.Key, desired.PrefixTeam); ok {
			f.site.Labels[key], _ = l.Value.(string)
		}
	}
}

// add adds a file below clusters/.
func (o *Output) add(clusters map[string]*Cluster, f *reading) {
	c := clusters[f.at[1]]
	if c == nil {
		c = &Cluster{Name: f.at[1]}
		clusters[c.Name] = c
		o.Clusters = append(o.Clusters, c)
	}
	if f.site != nil {
		f.site.Cluster = c
		c.Sites = append(c.Sites, f.site)
	}
	for _, object := range f.objects {
		object.Cluster, object.Site = c, f.site
		c.Objects = append(c.Objects, object)
	}
}

// inventory reads the classes of logical clusters, and how far they have come to leave, from
// the inventory.
func (o *Output) inventory(fsys fs.FS, clusters map[string]*Cluster) error {
	for _, c := range o.Clusters {
		slices.SortFunc(c.Sites, func(a, b *Site) int { return strings.Compare(a.Key, b.Key) })
	}
	err := fs.WalkDir(fsys, "inventory", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".json" {
			return err
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		type place struct {
			Cluster string
			removal.Step
		}
		var file struct {
			LogicalClusters []struct {
				Key, Class string
				place
				Left []place
			}
		}
		if err := json.Unmarshal(data, &file); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, lc := range file.LogicalClusters {
			for _, c := range clusters {
				if s := c.Site(lc.Key); s != nil {
					s.Class = lc.Class
				}
			}
			for _, at := range append(lc.Left, lc.place) {
				if c := clusters[at.Cluster]; c != nil && at.Phase != "present" {
					if s := c.Site(lc.Key); s != nil {
						s.Removal = &at.Step
					}
				}
			}
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Site returns the logical cluster with a key; nil if there is none.
func (c *Cluster) Site(key string) *Site {
	i, ok := slices.BinarySearchFunc(c.Sites, key, func(s *Site, key string) int { return strings.Compare(s.Key, key) })
	if !ok {
		return nil
	}
	return c.Sites[i]
}

// addManagement adds the files below gitops/. What an engine's directory and its
// bootstrap both hold is one object.
func (o *Output) addManagement(clusters map[string]*Cluster, files []*reading) {
	seen := map[ID]bool{}
	for _, bootstrap := range []bool{false, true} {
		for _, f := range files {
			if f.at[0] != "gitops" || (f.at[2] == "bootstrap") != bootstrap {
				continue
			}
			c := clusters[f.at[2]]
			byLabel := map[string]*Site{}
			if c != nil {
				c.Engine = schema.Engine(f.at[1])
				for _, s := range c.Sites {
					byLabel[desired.LabelValue(s.Key)] = s
				}
			}
			for _, object := range f.objects {
				if seen[object.ID] {
					continue
				}
				seen[object.ID] = true
				object.Cluster = c
				if c != nil {
					content := object.Content()
					object.Site = byLabel[content.GetLabels()[desired.LabelLogicalCluster]]
					if e := o.Engines.Named(c.Engine); e != nil && object.Name == c.names().PlatformName() && object.GroupKind() == e.Applier() {
						c.Reach = e.Reach(content)
					}
				}
				o.Management = append(o.Management, object)
			}
		}
	}
}
