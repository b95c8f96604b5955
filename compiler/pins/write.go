package pins

import (
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/render/manifest"
	"github.com/tenantry/tenantry/render/output"
)

// Files yields the files that hold the pins, by path: the platform's, and one
// for each organization that has any. The owner of a document is the path of
// the organization in whose file it stands, or empty for the platform's. Equal
// pins and owners give equal bytes.
//
// Only the platform's file carries the date, so that a build on another day
// changes that one file.
func (p *Pins) Files(owner func(id DocumentID) string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		files := p.split(owner)
		names := slices.Sorted(maps.Keys(files))
		// A few files are made ahead of the one that is taken, on all processors.
		ahead := make(chan chan []byte, 4*runtime.GOMAXPROCS(0))
		stop := make(chan struct{})
		var made sync.WaitGroup
		made.Go(func() {
			defer close(ahead)
			for _, n := range names {
				out := make(chan []byte, 1)
				select {
				case ahead <- out:
					made.Go(func() { out <- files[n].yaml(p) })
				case <-stop:
					return
				}
			}
		})
		defer made.Wait()
		defer close(stop)
		for _, n := range names {
			if !yield(fileOf(n), <-<-ahead) {
				return
			}
		}
	}
}

// part is what stands in one file.
type part struct {
	organizations []string // the platform's file only
	platform      bool
	documents     []DocumentID
	clusters      []string
}

func (p *Pins) split(owner func(id DocumentID) string) map[string]*part {
	platform := &part{platform: true}
	files := map[string]*part{platformFile: platform}
	of := func(organization string) *part {
		if organization == "" {
			return platform
		}
		f, ok := files[organization]
		if !ok {
			f = &part{}
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
	for organization := range files {
		if organization != platformFile {
			platform.organizations = append(platform.organizations, organization)
		}
	}
	slices.Sort(platform.organizations)
	return files
}

func (f *part) yaml(p *Pins) []byte {
	slices.SortFunc(f.documents, DocumentID.compare)
	slices.Sort(f.clusters)
	head := manifest.M("apiVersion", apiVersion, "kind", kind)
	if f.platform {
		head = append(head, manifest.M("asOf", p.AsOf, "organizations", f.organizations)...)
	}
	dst := make([]byte, 0, 256+512*(len(f.documents)+len(f.clusters)))
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
			dst = manifest.AppendYAML(dst, manifest.List{manifest.M("kind", id.Kind, "key", id.Key, "dir", id.Dir).Compact()}, 0)
			dst = body.append(dst, p.Documents[id], 2)
		}
	}
	return append(dst, ending...)
}

func (lc *LogicalCluster) manifest() manifest.Map {
	m := lc.Site.manifest()
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

func nameFields(names map[string]string) manifest.Map {
	m := make(manifest.Map, 0, len(names))
	for _, n := range slices.Sorted(maps.Keys(names)) {
		m = append(m, manifest.Field{Key: n, Value: names[n]})
	}
	return m
}
