package compiler

import (
	"cmp"
	"crypto/sha256"
	"os"
	"path/filepath"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/render/tree"
)

// lastBuild is what the cache knows of the last build into an output directory.
type lastBuild struct {
	summary
	dir     string // the output directory
	decoded *tree.Record
	// pins: the pins in the output are as the last build left them.
	pins bool
	// looked waits until the record has been compared with the output.
	looked func() comparison
}

// comparison is what Record.Check found.
type comparison struct {
	files  int
	intact bool
}

// summary is what a run says that finds nothing to do.
type summary struct {
	// Inputs is the digest of everything that the build was a function of, besides
	// the pins, which stand in the output.
	Inputs []byte
	AsOf   string
	// PinsDigest is that of the pins that the build left in the output.
	PinsDigest  []byte
	Diagnostics []diag.Diagnostic
	Held        []string
	LeftOut     []string
	AsPublished []string
}

// savedBuild is the last build as the cache holds it.
type savedBuild struct {
	Summary summary
	Record  tree.SavedRecord
}

// record returns what stands in the output as the last build left it.
func (l *lastBuild) record() *tree.Record {
	if l == nil {
		return nil
	}
	l.look()
	l.looked()
	return l.decoded
}

// look begins to compare the record with the output, beside what comes before
// rendering, if that has not begun yet.
func (l *lastBuild) look() {
	if l != nil && l.looked == nil {
		l.looked = background(func() (o comparison) {
			o.files, o.intact = l.decoded.Check(l.dir)
			return o
		})
	}
}

// readLastBuild returns what the cache knows of the last build into an output
// directory; nil where it knows nothing.
func readLastBuild(o *Options, out string) *lastBuild {
	if out == "" || o.Cache == nil {
		return nil
	}
	var saved savedBuild
	if !o.Cache.Load(lastBuildKey(o, out), &saved) {
		return nil
	}
	record, err := saved.Record.Record()
	if err != nil {
		return nil
	}
	return &lastBuild{summary: saved.Summary, dir: out, decoded: record, pins: record.Whole(out, "pins")}
}

// upToDate reports whether the output is what this run would make: the last build had
// the same inputs, and every file is as it left it.
func (l *lastBuild) upToDate(o *Options, s *Snapshot) bool {
	if l == nil || len(o.Applied) > 0 || o.Pins != "" || string(l.Inputs) != string(inputs(o, s, l.asOf(o))) || o.Strict && diag.HasErrors(l.Diagnostics) {
		return false
	}
	l.look()
	return l.looked().intact
}

// asOf returns the date of a run that goes on from the last build.
func (l *lastBuild) asOf(o *Options) string { return cmp.Or(o.AsOf, l.AsOf) }

// result returns what a run reports that finds the output up to date.
func (l *lastBuild) result(o *Options, s *Snapshot, clock *clock) *Result {
	var all diag.List
	all.Add(s.Diagnostics...)
	all.Add(l.Diagnostics...)
	return &Result{
		Report: diag.Report{Diagnostics: all.All(), Sources: s.text, Held: l.Held},
		AsOf:   l.asOf(o), Tree: s.Tree, Targets: o.Targets, LeftOut: l.LeftOut, AsPublished: l.AsPublished, Written: &outdir.Stats{Unchanged: l.looked().files}, Timings: clock.timings(),
	}
}

// remember keeps what the next build into the same output can go on from.
func remember(o *Options, s *Snapshot, r *Result, record *tree.Record, pinsDigest []byte) {
	if !remembers(o) {
		return
	}
	o.Cache.Save(lastBuildKey(o, o.Out), &savedBuild{
		Summary: summary{
			Inputs: inputs(o, s, r.AsOf), AsOf: r.AsOf, PinsDigest: pinsDigest, Diagnostics: r.Diagnostics, Held: r.Held, LeftOut: r.LeftOut, AsPublished: r.AsPublished,
		},
		Record: *record.Saved(),
	})
}

// rememberPins keeps the pins in one piece, and returns what they are found by.
func rememberPins(o *Options, files []*pins.File) []byte {
	if !remembers(o) {
		return nil
	}
	digest := pins.Digest(files)
	o.Cache.Save(lastPinsKey(o, digest[:]), pins.NewSnapshot(files))
	return digest[:]
}

// remembers: the next build into the same output can go on from this one.
func remembers(o *Options) bool { return !o.Cache.Disabled() && o.Pins == "" }

// lastPins returns the pins of the last build into an output directory, from the
// cache. It fails where they are not as that build left them.
func lastPins(o *Options, last *lastBuild, out string) (*pins.Pins, error) {
	if last == nil || !last.pins {
		return nil, pins.ErrNone
	}
	var snapshot pins.Snapshot
	if !o.Cache.Load(lastPinsKey(o, last.PinsDigest), &snapshot) {
		return nil, pins.ErrNone
	}
	return snapshot.Pins(os.DirFS(out))
}

func lastPinsKey(o *Options, digest []byte) store.Key {
	return store.NewKey(o.Build, "last pins").Bytes(digest).Key()
}

func lastBuildKey(o *Options, dir string) store.Key {
	out, err := filepath.Abs(dir)
	if err != nil {
		out = dir
	}
	return store.NewKey(o.Build, "last build").String(out).Key()
}

// inputs is the digest of what a build depends on besides the pins.
func inputs(o *Options, s *Snapshot, asOf string) []byte {
	tree := s.Digest()
	h := store.NewKey(o.Build, "inputs").Bytes(tree[:]).String(asOf)
	for _, d := range s.Diagnostics { // about what the tree would have
		h.String(string(d.Code)).String(d.Position.String()).String(d.Message)
	}
	key := h.Key()
	return key[:]
}

// toolDigest identifies the compiler.
func toolDigest(o *Options) [32]byte { return sha256.Sum256([]byte(o.Build)) }
