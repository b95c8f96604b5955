package compiler

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// expand turns placed logical clusters into their desired states, and assigns
// new ones to a cut of their physical cluster.
func (c *compilation) expand() {
	r := c.result
	r.States, r.Platforms = c.expanded()
	for _, f := range r.Implicit.OnArgo(c.onArgo()) {
		c.report.Add(f.Diagnostic)
	}
	sites := make([]placement.Sized, len(r.States))
	parallel.Each(len(sites), func(i int) {
		s := &r.States[i]
		sites[i] = placement.Sized{Key: s.Key, Site: siteOn(r.Sites[s.Key], s.Cluster), Objects: render.Size(s)}
	})
	findings := placement.Cut(sites, r.Sites, r.Tenancy.Settings.GitOps.Cut)
	for _, f := range findings {
		c.report.Add(f.Diagnostic)
	}
	parallel.Each(len(sites), func(i int) { r.States[i].Cut = sites[i].Site.Cut })
}

// siteOn returns the site of a logical cluster on a physical cluster on which it has
// one.
func siteOn(lc *pins.LogicalCluster, cluster string) *pins.Site {
	if i := slices.IndexFunc(lc.Left, func(s pins.Site) bool { return s.Cluster == cluster }); i >= 0 && lc.Cluster != cluster {
		return &lc.Left[i]
	}
	return &lc.Site
}

// render lowers and writes everything, unless nothing is to be written.
func (c *compilation) render(ctx context.Context) error {
	r := c.result
	if c.Out == "" || c.Strict && diag.HasErrors(c.report.All()) {
		return nil
	}
	c.progress("rendering", 0, 0)
	if c.writer == nil {
		var err error
		if c.writer, err = outdir.Begin(c.Out, outdir.Options{}); err != nil {
			return err
		}
	}
	if c.Release {
		c.docs, r.Documents = nil, nil
		r.Tenancy.Release()
	}
	w := c.writer
	w.Know(c.last.record().Standing())
	in := r.Rendering()
	pinsDigest := background(func() []byte { return c.rememberPins(in.PinFiles()) })
	record, _, err := render.Render(ctx, in, w, c.Out, c.last.record(), c.toolDigest())
	if err != nil {
		return err
	}
	stats, err := w.Commit()
	if err != nil {
		return err
	}
	r.Written = &stats
	if err := record.Stamp(c.Out); err == nil {
		c.remember(record, pinsDigest())
	}
	return nil
}

// Rendering is what is rendered of the result.
func (r *Result) Rendering() render.Input {
	return render.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Pins: r.Pins, Costs: r.Costs,
		PinFiles: sync.OnceValue(func() []*pins.File { return r.Pins.Files(pinsOwner(r.Tenancy)) })}
}

// background starts f and returns what waits for its result. Where f panics, so does
// that.
func background[T any](f func() T) func() T {
	var value T
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		value = f()
	}()
	return func() T {
		<-done
		if panicked != nil {
			panic(panicked)
		}
		return value
	}
}

func (c *compilation) toolDigest() [32]byte { return sha256.Sum256([]byte(c.ToolVersion)) }

// pinsOwner returns the organization in whose file a document is pinned: the
// nearest one whose directory holds it.
func pinsOwner(t *tenancy.Tenancy) func(pins.DocumentID) string {
	organizations := make(map[string]bool, len(t.Organizations))
	for _, o := range t.Organizations {
		organizations[o.Path] = true
	}
	return func(name pins.DocumentID) string {
		path := name.Key
		switch schema.Kind(name.Kind) {
		case schema.KindOrganizations:
		case schema.KindLogicalClusters:
			path = parent(path)
		default:
			var inside bool
			if path, inside = below(name.Dir, "orgs"); !inside {
				return ""
			}
		}
		for ; path != "" && !organizations[path]; path = parent(path) {
		}
		return path
	}
}

func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return ""
}

func below(dir, root string) (string, bool) {
	if len(dir) > len(root) && dir[:len(root)] == root && dir[len(root)] == '/' {
		return dir[len(root)+1:], true
	}
	return "", false
}
