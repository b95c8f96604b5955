package compiler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
)

// open reads the source. It reports true where the output is what this very run would
// make.
func (c *compilation) open(ctx context.Context) (unchanged bool, err error) {
	if c.AsOf != "" && !isDate(c.AsOf) {
		return false, fmt.Errorf("%q is not a date such as 2026-11-20", c.AsOf)
	}
	excluded, err := c.excluded()
	if err != nil {
		return false, err
	}
	if err := c.lock(); err != nil {
		return false, err
	}
	last := background(func() *lastBuild { return c.readLastBuild(c.Out) })
	tree, diagnostics, err := source.Open(ctx, c.Dir, source.Options{Revision: c.Revision, Exclude: excluded})
	if err != nil {
		return false, err
	}
	c.tree = tree
	c.result.Tree = tree
	if c.Opened != nil {
		c.Opened(tree)
	}
	c.report.Add(diagnostics...)
	for _, d := range diagnostics {
		if d.Severity == diag.Error {
			c.refused = append(c.refused, d)
		}
		if d.Code == diag.TreeTooLarge { // what was not read would seem to be gone
			return false, fmt.Errorf("%s: %s (%s)", d.Code, d.Message, d.Position)
		}
	}
	c.result.Sources = func(file string) ([]byte, bool) {
		f, ok := tree.File(file)
		return f.Data, ok
	}
	c.last = last()
	return c.rebuilt(), nil
}

// goOn reads what was decided before, and decides for which day this run is.
func (c *compilation) goOn(ctx context.Context) error {
	if err := c.readPins(ctx); err != nil {
		return err
	}
	c.formerNames = sync.OnceValue(func() map[pins.DocumentID]pins.DocumentID {
		out := make(map[pins.DocumentID]pins.DocumentID, len(c.former.Documents))
		for name := range c.former.Documents {
			out[identity(name)] = name
		}
		return out
	})
	switch {
	case c.AsOf == "" && c.former.AsOf != "":
		c.result.AsOf = c.former.AsOf
	case c.AsOf == "":
		c.result.AsOf = time.Now().Format(time.DateOnly)
	case c.Out != "" && c.AsOf < c.former.AsOf:
		return fmt.Errorf("the output was built for %s; a build for %s would go back in time", c.former.AsOf, c.AsOf)
	default:
		c.result.AsOf = c.AsOf
	}
	return nil
}

// lock begins the writing of an output that stands already, so that no other
// build changes it between the reading of its pins and the writing of the next.
func (c *compilation) lock() (err error) {
	if c.Out == "" {
		return nil
	}
	switch info, err := os.Stat(c.Out); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is a file, not a directory", c.Out)
	}
	c.writer, err = outdir.Begin(c.Out, outdir.Options{})
	return err
}

var datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && datePattern.MatchString(s)
}

// excluded is the output directory, where it lies in the tenancy repo: what the
// compiler wrote is no source. A directory of source is refused, since all of it would
// seem to be gone.
func (c *compilation) excluded() ([]string, error) {
	var out []string
	for _, dir := range []string{c.Out, c.Pins} {
		if dir == "" || c.Revision != "" {
			continue
		}
		root, err1 := filepath.Abs(c.Dir)
		abs, err2 := filepath.Abs(dir)
		if err1 != nil || err2 != nil {
			continue
		}
		rel, err := filepath.Rel(root, abs)
		if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
			continue
		}
		rel = filepath.ToSlash(rel)
		entries, _ := os.ReadDir(dir) // what can't be read is told later
		if tenancy.InsideOrgs(rel) || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return filepath.Ext(e.Name()) == ".cue" }) {
			return nil, fmt.Errorf("%s is a directory of the tenancy's source: name another one for the output", dir)
		}
		out = append(out, rel)
	}
	return out, nil
}

// readPins reads the pins that this run goes on from. Rendered tenants without
// pins are never taken for a fresh start.
func (c *compilation) readPins(ctx context.Context) error {
	if c.former = c.Former; c.former != nil {
		return nil
	}
	from := c.Pins
	if from == "" {
		from = c.Out
	}
	c.former = &pins.Pins{}
	if from == "" {
		c.result.Provisional = true
		return nil
	}
	last := c.last
	if c.Pins != "" {
		last = c.readLastBuild(from)
	}
	if former, err := c.lastPins(last, from); err == nil {
		c.former = former
		return nil
	}
	fsys, err := c.pinsSource(ctx, from)
	if err != nil {
		return err
	}
	former, err := pins.Read(fsys, c.Cache)
	switch {
	case err == nil:
		c.former = former
		return nil
	case !errors.Is(err, pins.ErrNone):
		return fmt.Errorf("the pins in %s: %w", from, err)
	}
	if _, err := fs.Stat(fsys, "cue.mod"); err == nil {
		return fmt.Errorf("%s holds the tenancy itself (cue.mod) and is no output: name a directory below it", from)
	}
	if _, err := fs.Stat(fsys, "clusters"); err == nil {
		return fmt.Errorf("%s holds rendered clusters and no pins: without them every logical cluster would be placed and named anew; bring back %s", from, "pins/")
	}
	if c.Out != "" && !c.Bootstrap {
		return fmt.Errorf("%s holds no pins of a former build; if this is the first one, say --bootstrap", from)
	}
	c.result.Provisional = true
	if c.Out == "" {
		c.report.Add(diag.New(diag.Provisional, diag.Position{}, "%s holds no pins, so placements and names are provisional", from))
	}
	return nil
}

// pinsSource opens the output that the pins are read from: a directory, or
// REV:PATH in the git repository of the tenancy repo.
func (c *compilation) pinsSource(ctx context.Context, from string) (fs.FS, error) {
	info, err := os.Stat(from)
	switch {
	case err == nil && info.IsDir():
		return os.DirFS(from), nil
	case err == nil:
		return nil, fmt.Errorf("%s is not a directory", from)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case c.Pins == "" || !strings.Contains(from, ":"):
		if c.Pins != "" {
			return nil, fmt.Errorf("there is no directory %s to read pins from", from)
		}
		return os.DirFS(from), nil
	}
	return source.Files(ctx, c.Dir, from, source.Options{Exclude: []string{"gitops", "inventory"}})
}
