package render

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path"
	"sync"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/render/admission"
	"github.com/tenantry/tenantry/render/inventory"
	"github.com/tenantry/tenantry/render/loss"
	"github.com/tenantry/tenantry/render/tree"
)

// Kept is a logical cluster that stays as an earlier build published it.
type Kept struct {
	// File is the content of its file, and Objects are what belongs to it in the
	// management cluster.
	File    []byte
	Objects []manifest.Map
	// Platform are the objects of its physical cluster that its file names.
	Platform []manifest.Map
	// Entry is what the inventory says of it.
	Entry manifest.Map
}

// digest stands for all that is rendered of a logical cluster that is kept.
func (k *Kept) digest() [32]byte {
	all := append([]byte("as published\n"), k.File...)
	return sha256.Sum256(append(all, tree.Appending(k.Objects)(nil)...))
}

// Loss is what a state takes from a logical cluster, compared with what is published.
type Loss struct {
	Key string
	// Lost says what goes, each as in "requests.cpu in acme-shop (8 to 4)".
	Lost []string
	// Kept is what is published.
	Kept *Kept
}

// Losses compares states, by their indexes, with what an earlier build left in an output,
// and returns those that take something away, in the same order. A state of which the
// output lacks a file, or has one that cannot be read, takes nothing.
func Losses(in Input, output fs.FS, states []int) []Loss {
	p := &published{output: output, files: map[string]func() []manifest.Map{}}
	clusters := map[string]*cluster{}
	for _, c := range newBuild(in, nil).plan() {
		clusters[c.Name] = c
	}
	found := make([]*Loss, len(states))
	parallel.Each(len(states), func(n int) {
		s := &in.States[states[n]]
		if c := clusters[s.Cluster]; c != nil {
			found[n] = p.compare(in, c, s)
		}
	})
	var out []Loss
	for _, l := range found {
		if l != nil {
			out = append(out, *l)
		}
	}
	return out
}

// published reads an output.
type published struct {
	output fs.FS
	mu     sync.Mutex
	files  map[string]func() []manifest.Map // by path; guarded by mu
}

// read returns the objects of a file that several logical clusters have in common; nil
// where it cannot be read.
func (p *published) read(name string) []manifest.Map {
	p.mu.Lock()
	once := p.files[name]
	if once == nil {
		once = sync.OnceValue(func() []manifest.Map {
			data, err := fs.ReadFile(p.output, name)
			if err != nil {
				return nil
			}
			objects, err := manifest.FromYAML(data)
			if err != nil {
				return nil
			}
			return objects
		})
		p.files[name] = once
	}
	p.mu.Unlock()
	return once()
}

// compare returns what a state takes away, nil where it takes nothing.
func (p *published) compare(in Input, c *cluster, s *desired.State) *Loss {
	kept, was, err := p.kept(in, c, s)
	if err != nil {
		return nil
	}
	file, belonging := tree.Appending(in.Targets.Objects(s))(nil), tree.Appending(c.belonging(s, nil))(nil)
	if bytes.Equal(file, kept.File) && bytes.Equal(belonging, tree.Appending(kept.Objects)(nil)) {
		return nil
	}
	former := loss.Content{Objects: was, Belonging: kept.Objects, Roles: loss.RolesOf(p.platform(c))}
	today := loss.Content{Roles: loss.RolesOf(reread(tree.Appending(admission.Platform(c.platform))(nil)))}
	today.Objects, today.Belonging = reread(file), reread(belonging)
	if lost := loss.Of(&former, &today); len(lost) > 0 {
		return &Loss{Key: s.Key, Lost: lost, Kept: kept}
	}
	return nil
}

// reread returns the objects of what was rendered just now, so that all values are of the
// types that reading gives.
func reread(file []byte) []manifest.Map {
	objects, err := manifest.FromYAML(file)
	if err != nil {
		panic("what is rendered cannot be read: " + err.Error())
	}
	return objects
}

var errNotPublished = errors.New("not in the output")

// kept returns what the output has of a state, and the objects of its file.
func (p *published) kept(in Input, c *cluster, s *desired.State) (*Kept, []manifest.Map, error) {
	file, err := fs.ReadFile(p.output, statePath(s))
	if err != nil {
		return nil, nil, err
	}
	objects, err := manifest.FromYAML(file)
	if err != nil {
		return nil, nil, err
	}
	k := &Kept{File: file}
	if c.engine != nil {
		own := desired.LabelValue(s.Key)
		for _, o := range p.read(path.Join(c.Objects(s.Cut), objectsFile)) {
			if o.Get("metadata", "labels", desired.LabelLogicalCluster) == own {
				k.Objects = append(k.Objects, o)
			}
		}
	}
	named := platformNames(objects)
	for _, o := range p.platform(c) {
		if name, _ := o.Get("metadata", "name").(string); named[name] {
			k.Platform = append(k.Platform, o)
		}
	}
	if lc := in.Tenancy.LogicalCluster(s.Key); lc != nil && lc.Org != nil {
		k.Entry = inventory.Entry(p.read(inventory.Path(lc.Org)), s.Key)
	}
	if k.Entry == nil || c.engine != nil && k.Objects == nil {
		return nil, nil, errNotPublished
	}
	return k, objects, nil
}

// platformNames returns the names of objects of the platform that the objects of a logical
// cluster depend on.
func platformNames(objects []manifest.Map) map[string]bool {
	out := map[string]bool{}
	for _, o := range objects {
		if name, ok := o.Get("roleRef", "name").(string); ok {
			out[name] = true
		}
		if o.Get("kind") != "Namespace" {
			continue
		}
		if gate, ok := o.Get("metadata", "labels", desired.LabelGate).(string); ok {
			out[gate] = true
		}
		labels, _ := o.Get("metadata", "labels").(manifest.Map)
		for _, l := range labels {
			if name, ok := admission.NameOf(l.Key); ok {
				out[name] = true
			}
		}
	}
	return out
}

// platform returns what the output has of a physical cluster's platform.
func (p *published) platform(c *cluster) []manifest.Map {
	var out []manifest.Map
	for _, name := range []string{namespaceFile, rolesFile, admissionFile} {
		out = append(out, p.read(path.Join(c.PlatformManifests(), name))...)
	}
	return out
}
