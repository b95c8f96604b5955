package pins

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/parallel"
)

// File is one file of the pins.
type File struct {
	Path     string
	pins     *Pins
	platform bool
	content  file
	// named appends what is in a file of its own, which its name identifies; else nil.
	named func(dst []byte) []byte
	// encoded returns the content as bytes; nil in a file that is named.
	encoded func() []byte
	// digest identifies the content.
	digest func() [32]byte
}

func (p *Pins) newFile(organization string) *File {
	f := &File{Path: Path(organization), pins: p}
	f.encoded = sync.OnceValue(f.content.encode)
	f.digest = sync.OnceValue(func() [32]byte { return sha256.Sum256(f.encoded()) })
	return f
}

// Files returns the files that hold the pins, by path: those of definitions and libraries,
// the platform's, and one for each organization that has any. The owner of a document is the path of
// the organization in whose file it stands, or empty for the platform's. Equal
// pins and owners give equal bytes.
//
// Only the platform's file carries the date, so that a build on another day
// changes that one file.
func (p *Pins) Files(owner func(id document.ID) string) []*File {
	platform := p.newFile(platformFile)
	platform.platform = true
	files := map[string]*File{}
	of := func(organization string) *file {
		if organization == "" {
			return &platform.content
		}
		f, ok := files[organization]
		if !ok {
			f = p.newFile(organization)
			files[organization] = f
		}
		return &f.content
	}
	type owned struct {
		pinnedDocument
		by *file
	}
	documents := make([]owned, 0, len(p.Documents))
	sizes := map[*file]int{}
	for id, body := range p.Documents {
		f := of(owner(id))
		documents = append(documents, owned{pinnedDocument{id, body, p.Definitions[id]}, f})
		sizes[f]++
	}
	for _, d := range documents {
		if d.by.Documents == nil {
			d.by.Documents = make([]pinnedDocument, 0, sizes[d.by])
		}
		d.by.Documents = append(d.by.Documents, d.pinnedDocument)
	}
	for dir, texts := range p.Texts {
		f := of(owner(document.ID{Dir: dir}))
		f.Texts = append(f.Texts, texts...)
	}
	for key, lc := range p.LogicalClusters {
		f := of(lc.Organization)
		f.Clusters = append(f.Clusters, logicalCluster{key, lc})
	}
	platform.content.AsOf, platform.content.Stored = p.AsOf, group(p.Stored)
	platform.content.Organizations = slices.Sorted(maps.Keys(files))
	out := append(append(p.definitionFiles(), p.libraryFiles()...), platform)
	for _, organization := range platform.content.Organizations {
		out = append(out, files[organization])
	}
	parallel.Each(len(out), func(i int) {
		f := &out[i].content
		slices.SortFunc(f.Documents, func(a, b pinnedDocument) int { return a.Compare(b.ID) })
		slices.SortStableFunc(f.Texts, func(a, b Text) int { return strings.Compare(a.Dir, b.Dir) })
		slices.SortFunc(f.Clusters, func(a, b logicalCluster) int { return strings.Compare(a.Key, b.Key) })
	})
	return out
}

// Digest identifies the content: files of different content have different
// digests.
func (f *File) Digest() [32]byte { return f.digest() }

// Digest identifies the content of all files.
func Digest(files []*File) [32]byte {
	return digest.Of(func(e *digest.Encoder) {
		for _, f := range files {
			one := f.Digest()
			e.Strings(f.Path)
			e.Bytes(one[:])
		}
	})
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
		out[i] = p.namedFile(definitionsDir, name, func(dst []byte) []byte {
			text, err := p.Definition(name)
			if err != nil { // never: what is written was read
				return dst
			}
			return append(append(append(dst, outdir.Header...), bytes.Trim(text, "\r\n")...), '\n')
		})
	}
	return out
}

// namedFile returns a file whose name identifies its content.
func (p *Pins) namedFile(dir, name string, content func(dst []byte) []byte) *File {
	return &File{Path: path.Join(dir, name+".yaml"), pins: p, named: content, digest: func() [32]byte { return sha256.Sum256([]byte(name)) }}
}

// AppendYAML appends the content.
func (f *File) AppendYAML(dst []byte) []byte {
	if f.named != nil {
		return f.named(dst)
	}
	head := manifest.M("apiVersion", apiVersion, "kind", kind)
	c := &f.content
	if f.platform {
		head = append(head, manifest.M("asOf", c.AsOf, "organizations", c.Organizations)...)
		var all manifest.List
		for _, d := range c.Stored {
			all = append(all, manifest.M("name", d.Name, "storage", d.Storage, "versions", d.Versions, "clusters", d.Clusters))
		}
		if len(all) > 0 {
			head = append(head, manifest.Field{Key: "stored", Value: all})
		}
	}
	dst = append(dst, outdir.Header...)
	dst = manifest.AppendYAML(dst, head, 0)
	if len(c.Clusters) > 0 {
		dst = append(dst, "logicalClusters:\n"...)
		for _, lc := range c.Clusters {
			dst = manifest.AppendYAML(dst, manifest.Map{{Key: lc.Key, Value: lc.manifest()}}, 2)
		}
	}
	if len(c.Documents) > 0 {
		dst = append(dst, "documents:\n"...)
		body := newBodies()
		for _, d := range c.Documents {
			head := manifest.M("kind", string(d.Kind), "key", d.Key, "dir", d.Dir, "definitions", definitionFields(d.Definitions))
			dst = manifest.AppendYAML(dst, manifest.List{head.Compact()}, 0)
			dst = body.append(dst, d.Body, 2)
		}
	}
	if len(c.Texts) > 0 {
		dst = append(dst, "texts:\n"...)
		for _, t := range c.Texts {
			dst = manifest.AppendYAML(dst, manifest.List{t.manifest()}, 0)
		}
	}
	return append(dst, ending...)
}

func (lc *LogicalCluster) manifest() manifest.Map {
	m := lc.Site.manifest()
	if lc.APIs != nil {
		apis := make(manifest.Map, 0, len(lc.APIs))
		for _, set := range slices.Sorted(maps.Keys(lc.APIs)) {
			apis = append(apis, manifest.Field{Key: set, Value: lc.APIs[set]})
		}
		m = append(m, manifest.Field{Key: "apis", Value: apis})
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
	m := manifest.M("cluster", s.Cluster, "cut", s.Cut, "namespaces", s.Namespaces.Manifest(),
		"retired", s.Retired.Manifest(), "phase", string(s.Phase), "since", s.Since).Compact()
	if s.Bare {
		m = append(m, manifest.Field{Key: "bare", Value: true})
	}
	return m
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
