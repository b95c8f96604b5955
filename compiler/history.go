package compiler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

// History is what earlier builds decided, and the date of this one.
type History struct {
	// AsOf is the date with which sunsets and expiries are compared.
	AsOf string
	// Pins are the decisions of the last build; empty, never nil, if there are none.
	Pins *pins.Pins
	// From is where the pins come from.
	From        pins.Origin
	Diagnostics []diag.Diagnostic

	// placed says of each pinned logical cluster whether it is still placed somewhere.
	placed func() map[string]bool
	// last is what the cache knows of the last build into the output; nil if nothing.
	last *lastBuild
}

// readHistory reads what was decided before, and decides for which day this run is.
func readHistory(ctx context.Context, o *Options, last *lastBuild, clock *clock) (*History, error) {
	defer clock.start(stageHistory)()
	h := &History{last: last}
	if err := h.readPins(ctx, o); err != nil {
		return nil, err
	}
	switch {
	case o.AsOf == "" && h.Pins.AsOf != "":
		h.AsOf = h.Pins.AsOf
	case o.AsOf == "":
		h.AsOf = time.Now().UTC().Format(time.DateOnly)
	case o.Out != "" && o.AsOf < h.Pins.AsOf:
		return nil, fmt.Errorf("the output was built for %s; a build for %s would go back in time", h.Pins.AsOf, o.AsOf)
	default:
		h.AsOf = o.AsOf
	}
	h.placed = background(func() map[string]bool {
		out := make(map[string]bool, len(h.Pins.LogicalClusters))
		for key, pin := range h.Pins.LogicalClusters {
			out[key] = pin.Phase != pins.Gone
		}
		return out
	})
	return h, nil
}

// readPins reads the pins that this run goes on from. Rendered tenants without
// pins are never taken for a fresh start.
func (h *History) readPins(ctx context.Context, o *Options) error {
	if h.Pins = o.Former; h.Pins != nil {
		return nil
	}
	h.Pins = &pins.Pins{}
	from, last := o.Out, h.last
	if o.Pins != "" {
		from, last = o.Pins, readLastBuild(o, o.Pins)
	}
	if from == "" {
		h.From.Provisional = true
		return nil
	}
	h.From.Output = from
	if kept, err := lastPins(o, last, from); err == nil {
		h.Pins, h.From.AsOf = kept, kept.AsOf
		return nil
	}
	fsys, commit, err := pinsSource(ctx, o, from)
	if err != nil {
		return err
	}
	read, err := pins.Read(fsys, o.Cache)
	switch {
	case err == nil:
		h.Pins, h.From.Commit, h.From.AsOf = read, commit, read.AsOf
		return nil
	case !errors.Is(err, pins.ErrNone):
		return fmt.Errorf("the pins in %s: %w", from, err)
	}
	return h.beginWithoutPins(o, from, fsys)
}

// beginWithoutPins decides whether an output without pins may be taken for a new one.
func (h *History) beginWithoutPins(o *Options, from string, fsys fs.FS) error {
	if _, err := fs.Stat(fsys, "cue.mod"); err == nil {
		return fmt.Errorf("%s holds the tenancy itself (cue.mod) and is no output: name a directory below it", from)
	}
	if _, err := fs.Stat(fsys, "clusters"); err == nil {
		return fmt.Errorf("%s holds rendered clusters and no pins: without them every logical cluster would be placed and named anew; bring back %s", from, "pins/")
	}
	if o.Out != "" && !o.Bootstrap {
		return fmt.Errorf("%s holds no pins of a former build; if this is the first one, say --bootstrap", from)
	}
	h.From.Provisional = true
	if o.Out == "" {
		h.Diagnostics = append(h.Diagnostics, diag.New(diag.Provisional, diag.Position{}, "%s holds no pins, so placements and names are provisional", from))
	}
	return nil
}

// output opens the output that the pins are those of; nil where there is none.
func (o *Options) output(ctx context.Context) (fs.FS, error) {
	from := cmp.Or(o.Pins, o.Out)
	if from == "" {
		return nil, nil
	}
	fsys, _, err := openOutputOf(ctx, o, from, "pins")
	return fsys, err
}

// pinsSource opens the output that the pins are read from: a directory, or
// REV:PATH in the git repository of the tenancy repo, with the hash of its commit.
func pinsSource(ctx context.Context, o *Options, from string) (fsys fs.FS, commit string, err error) {
	return openOutputOf(ctx, o, from, "gitops", "inventory")
}

// openOutputOf opens an output, of a revision without the directories that are not needed.
func openOutputOf(ctx context.Context, o *Options, from string, without ...string) (fsys fs.FS, commit string, err error) {
	info, err := os.Stat(from)
	switch {
	case err == nil && info.IsDir():
		return os.DirFS(from), "", nil
	case err == nil:
		return nil, "", fmt.Errorf("%s is not a directory", from)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "", err
	case o.Pins == "" || !strings.Contains(from, ":"):
		if o.Pins != "" {
			return nil, "", fmt.Errorf("there is no directory %s to read pins from", from)
		}
		return os.DirFS(from), "", nil
	}
	return source.FilesAt(ctx, o.Dir, from, source.Options{Exclude: without})
}
