package pins

import (
	"bytes"
	"maps"
	"path"
	"slices"

	"github.com/tenantry/tenantry/compiler/digest"
	"github.com/tenantry/tenantry/render/manifest"
	"github.com/tenantry/tenantry/render/output"
)

// File is one file of the pins.
type File struct {
	Path          string
	pins          *Pins
	organizations []string // the platform's file only
	platform      bool
	documents     []DocumentID
	clusters      []string
	definition    string // its name, in a file of its own
}

// Files returns the files that hold the pins, by path: those of definitions, the
// platform's, and one for each organization that has any. The owner of a document is the path of
// the organization in whose file it stands, or empty for the platform's. Equal
// pins and owners give equal bytes.
//
// Only the platform's file carries the date, so that a build on another day
// changes that one file.
func (p *Pins) Files(owner func(id DocumentID) string) []*File {
	platform := &File{Path: Path(platformFile), pins: p, platform: true}
	files := map[string]*File{}
	of := func(organization string) *File {
		if organization == "" {
			return platform
		}
		f, ok := files[organization]
		if !ok {
			f = &File{Path: Path(organization), pins: p}
			files[organization] = f
		}
		return f
	}
	for id := range p.Documents {
		f := of(owner(id))
		f.documents = append(f.documents, id)
	}
	for key, lc := range p.LogicalClusters {
		f := of(lc.Organization)
		f.clusters = append(f.clusters, key)
	}
	platform.organizations = slices.Sorted(maps.Keys(files))
	out := append(p.definitionFiles(), platform)
	for _, organization := range platform.organizations {
		out = append(out, files[organization])
	}
	for _, f := range out {
		slices.SortFunc(f.documents, DocumentID.compare)
		slices.Sort(f.clusters)
	}
	return out
}

// Digest identifies the content: files of different content have different
// digests.
func (f *File) Digest() [32]byte { return digest.Of(f.encode) }

func (f *File) encode(e *digest.Encoder) {
	if f.platform {
		e.Strings(f.pins.AsOf)
		e.List(f.organizations)
		all := group(f.pins.Stored)
		e.Number(len(all))
		for _, d := range all {
			e.Strings(d.Name, d.Storage)
			e.List(d.Versions)
			e.List(d.Clusters)
		}
	}
	e.Strings(f.definition)
	e.Number(len(f.clusters))
	for _, key := range f.clusters {
		e.Strings(key)
		f.pins.LogicalClusters[key].encode(e)
	}
	e.Number(len(f.documents))
	for _, id := range f.documents {
		e.Strings(id.Kind, id.Key, id.Dir)
		e.Bytes(f.pins.Documents[id])
		for _, d := range f.pins.Definitions[id] {
			e.Strings(d.Version, d.Resource, d.Name)
		}
	}
}

func (lc *LogicalCluster) encode(e *digest.Encoder) {
	lc.Site.encode(e)
	e.Bool(lc.APIs != nil)
	e.Mapping(lc.APIs)
	e.Number(len(lc.Left))
	for i := range lc.Left {
		lc.Left[i].encode(e)
	}
}

func (s *Site) encode(e *digest.Encoder) {
	e.Strings(s.Cluster, s.Cut, string(s.Phase), s.Since)
	e.Mapping(s.Namespaces)
	e.Mapping(s.Retired)
}

// definitionFiles returns a file for each definition, by name.
func (p *Pins) definitionFiles() []*File {
	var names []string
	for _, list := range p.Definitions {
		for _, d := range list {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	out := make([]*File, len(names), len(names)+1)
	for i, name := range names {
		out[i] = &File{Path: path.Join(definitionsDir, name+".yaml"), pins: p, definition: name}
	}
	return out
}

// AppendYAML appends the content.
func (f *File) AppendYAML(dst []byte) []byte {
	p := f.pins
	if f.definition != "" {
		text, err := p.Definition(f.definition)
		if err != nil { // never: what is written was read
			return dst
		}
		return append(append(append(dst, output.Header...), bytes.Trim(text, "\r\n")...), '\n')
	}
	head := manifest.M("apiVersion", apiVersion, "kind", kind)
	if f.platform {
		head = append(head, manifest.M("asOf", p.AsOf, "organizations", f.organizations)...)
		var all manifest.List
		for _, d := range group(p.Stored) {
			all = append(all, manifest.M("name", d.Name, "storage", d.Storage, "versions", d.Versions, "clusters", d.Clusters))
		}
		if len(all) > 0 {
			head = append(head, manifest.Field{Key: "stored", Value: all})
		}
	}
	dst = append(dst, output.Header...)
	dst = manifest.AppendYAML(dst, head, 0)
	if len(f.clusters) > 0 {
		dst = append(dst, "logicalClusters:\n"...)
		for _, key := range f.clusters {
			dst = manifest.AppendYAML(dst, manifest.Map{{Key: key, Value: p.LogicalClusters[key].manifest()}}, 2)
		}
	}
	if len(f.documents) > 0 {
		dst = append(dst, "documents:\n"...)
		body := newBodies()
		for _, id := range f.documents {
			head := manifest.M("kind", id.Kind, "key", id.Key, "dir", id.Dir, "definitions", definitionFields(p.Definitions[id]))
			dst = manifest.AppendYAML(dst, manifest.List{head.Compact()}, 0)
			dst = body.append(dst, p.Documents[id], 2)
		}
	}
	return append(dst, ending...)
}

func (lc *LogicalCluster) manifest() manifest.Map {
	m := lc.Site.manifest()
	if lc.APIs != nil {
		m = append(m, manifest.Field{Key: "apis", Value: nameFields(lc.APIs)})
	}
	if len(lc.Left) > 0 {
		left := make(manifest.List, len(lc.Left))
		for i, s := range lc.Left {
			left[i] = s.manifest()
		}
		m = append(m, manifest.Field{Key: "left", Value: left})
	}
	return m
}

func (s Site) manifest() manifest.Map {
	return manifest.M("cluster", s.Cluster, "cut", s.Cut, "namespaces", nameFields(s.Namespaces),
		"retired", nameFields(s.Retired), "phase", string(s.Phase), "since", s.Since).Compact()
}

// definitionFields returns names by version and resource.
func definitionFields(list []Definition) manifest.Map {
	var out manifest.Map
	for _, d := range list {
		if len(out) == 0 || out[len(out)-1].Key != d.Version {
			out = append(out, manifest.Field{Key: d.Version, Value: manifest.Map(nil)})
		}
		last := &out[len(out)-1]
		last.Value = append(last.Value.(manifest.Map), manifest.Field{Key: d.Resource, Value: d.Name})
	}
	return out
}

func nameFields(names map[string]string) manifest.Map {
	m := make(manifest.Map, 0, len(names))
	for _, n := range slices.Sorted(maps.Keys(names)) {
		m = append(m, manifest.Field{Key: n, Value: names[n]})
	}
	return m
}
