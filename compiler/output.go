package compiler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/render"
)

// outputDir is the output directory of a run.
type outputDir struct {
	// inside are output directories that lie in the tenancy repo.
	inside []string
	// writer holds the output's lock; nil if there is no output yet, or none is written.
	writer *outdir.Writer
	// lastBuild returns what the cache knows of the last build, nil if nothing.
	lastBuild func() *lastBuild
}

// openOutput locks an output that exists already, so that no other build changes it
// between the reading of its pins and the writing of the next.
func openOutput(o *Options) (*outputDir, error) {
	inside, err := outputsInside(o)
	if err != nil {
		return nil, err
	}
	out := &outputDir{inside: inside}
	if exists, err := outputExists(o.Out); err != nil {
		return nil, err
	} else if exists {
		if out.writer, err = outdir.Begin(o.Out, outdir.Options{}); err != nil {
			return nil, err
		}
	}
	out.lastBuild = background(func() *lastBuild { return readLastBuild(o, o.Out) })
	return out, nil
}

// close gives the lock back, and drops what was not committed.
func (d *outputDir) close() {
	if d.writer != nil {
		d.writer.Abort()
	}
}

func outputExists(dir string) (bool, error) {
	if dir == "" {
		return false, nil
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil && !info.IsDir():
		return false, fmt.Errorf("%s is a file, not a directory", dir)
	}
	return true, nil
}

// outputsInside lists the output directories that lie in the tenancy repo: what the
// compiler wrote is not source. A directory of source is refused, since all of it would
// seem to be gone.
func outputsInside(o *Options) ([]string, error) {
	var out []string
	for _, dir := range []string{o.Out, o.Pins} {
		if dir == "" || o.Revision != "" {
			continue
		}
		root, err1 := filepath.Abs(o.Dir)
		abs, err2 := filepath.Abs(dir)
		if err1 != nil || err2 != nil {
			continue
		}
		rel, err := filepath.Rel(root, abs)
		if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
			continue
		}
		rel = filepath.ToSlash(rel)
		entries, _ := os.ReadDir(dir) // an error is reported when the directory is read
		if document.InOrganizations(rel) || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return filepath.Ext(e.Name()) == ".cue" }) {
			return nil, fmt.Errorf("%s is a directory of the tenancy's source: name another one for the output", dir)
		}
		out = append(out, rel)
	}
	return out, nil
}

// writeOutput renders the result into the output directory, unless nothing is to be
// written, and remembers what the next build can go on from.
func writeOutput(ctx context.Context, o *Options, out *outputDir, s *Snapshot, r *Result, clock *clock) error {
	if o.Out == "" || o.Strict && diag.HasErrors(r.Diagnostics) {
		return nil
	}
	defer clock.start(stageRender)()
	o.progress("rendering", 0, 0)
	if out.writer == nil {
		var err error
		if out.writer, err = outdir.Begin(o.Out, outdir.Options{}); err != nil {
			return err
		}
	}
	if o.Release {
		r.Documents = nil
		r.Tenancy = r.Tenancy.Released()
	}
	w, last := out.writer, out.lastBuild()
	w.Know(last.record().Standing())
	in := r.Rendering()
	pinsDigest := background(func() []byte { return rememberPins(o, in.PinFiles()) })
	record, _, err := render.Render(ctx, in, w, o.Out, last.record(), toolDigest(o))
	if err != nil {
		return err
	}
	stats, err := w.Commit()
	if err != nil {
		return err
	}
	r.Written = &stats
	if err := record.Stamp(o.Out); err == nil {
		remember(o, s, r, record, pinsDigest())
	}
	return nil
}
