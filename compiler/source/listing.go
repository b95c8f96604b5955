package source

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/diag"
)

// maxPath bounds a path, and with it the depth of directories, in bytes.
const maxPath = 4096

// unknownSize is the size of an entry whose origin can't tell before reading.
const unknownSize = -1

// entry is a file to be read.
type entry struct {
	path   string
	size   int64
	object string // git's object ID in hex
}

// errEnough ends a walk early.
var errEnough = errors.New("too many entries")

// listing decides, for a walk over a directory or a git tree, what becomes
// part of the tree, so that both give the same. The walk is sequential; report
// may also be called by concurrent readers.
type listing struct {
	opts         Options
	exclude      map[string]bool
	entries      []entry
	seen         int
	total        int64 // of the files taken
	isTenancy    bool
	tooLarge     bool // so nothing of it is taken
	linkedModule string
	hidden       map[string]bool // directories that were reported

	mu    sync.Mutex
	diags []diag.Diagnostic
}

func newListing(o Options) *listing {
	l := &listing{opts: o, exclude: make(map[string]bool), hidden: make(map[string]bool)}
	for _, e := range o.Exclude {
		if e = path.Clean(strings.ReplaceAll(e, "\\", "/")); e != "." {
			l.exclude[e] = true
		}
	}
	return l
}

func (l *listing) report(code diag.Code, path, format string, args ...any) {
	l.reportAt(code, diag.Position{File: path}, format, args...)
}

func (l *listing) reportAt(code diag.Code, at diag.Position, format string, args ...any) {
	l.add(diag.New(code, at, format, args...))
}

func (l *listing) add(d diag.Diagnostic) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.Position.File = printable(d.Position.File)
	l.diags = append(l.diags, d)
}

func (l *listing) diagnostics() []diag.Diagnostic { return diag.Sort(l.diags) }

// visit counts an entry of a directory; errEnough ends the walk.
func (l *listing) visit(p string) error {
	l.seen++
	if l.seen > l.opts.MaxEntries {
		l.tooLarge = true
		l.report(diag.TreeTooLarge, p, "the tenancy repo has more than %d files and directories; reading stopped here", l.opts.MaxEntries)
		return errEnough
	}
	return nil
}

// enters reports whether the walk descends into a directory.
func (l *listing) enters(dir string) bool {
	name := path.Base(dir)
	if l.exclude[dir] || strings.HasPrefix(name, ".") && !l.searches(dir) {
		return false
	}
	if parent, _, _ := strings.Cut(dir, "/"); parent == "cue.mod" && strings.Count(dir, "/") == 1 {
		return name == "pkg" || name == "gen" || name == "usr"
	}
	if len(dir) > maxPath {
		l.report(diag.PathRefused, dir, "the path of a directory is longer than %d bytes", maxPath)
		return false
	}
	return true
}

// wants reports whether the compiler may use a file, by its path.
func (l *listing) wants(p string) bool {
	if hiddenDirectory(p) != "" {
		return false
	}
	if dir, name := path.Split(p); dir == "cue.mod/" {
		return name == "module.cue" && !l.exclude[p]
	}
	return wantedName(path.Base(p)) && !l.exclude[p]
}

// wantedName says so by name. CUE skips a hidden .cue file without a word, and one whose
// ending is in capitals; they are kept here so that loading can refuse them aloud.
func wantedName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".cue":
		return true
	case ".yaml", ".yml", ".json":
		return !strings.HasPrefix(name, ".")
	}
	return strings.HasSuffix(name, ".tenancy.lock") && !strings.HasPrefix(name, ".")
}

// file takes a regular file, if it is wanted.
func (l *listing) file(p string, size int64, object string) {
	if !l.wants(p) {
		l.unread(p)
		return
	}
	if p == moduleFile {
		l.isTenancy = true
	}
	if problem := pathProblem(p); problem != "" {
		l.report(diag.PathRefused, p, "the path of this file %s", problem)
		return
	}
	l.entries = append(l.entries, entry{path: p, size: size, object: object})
}

// link takes a symbolic link. A name without an extension may be a directory
// of the organization tree, which must not vanish from a run with a mere warning.
func (l *listing) link(p string) {
	name := path.Base(p)
	if p == "cue.mod" || p == moduleFile {
		l.linkedModule = p
	}
	switch {
	case l.exclude[p] || l.ignoredInModule(p):
	case hiddenDirectory(p) != "":
		l.unread(p)
	case wantedName(name) || path.Ext(name) == "":
		l.report(diag.SymlinkRefused, p, "%s is a symbolic link; links are never followed", printable(p))
	case !strings.HasPrefix(name, ".") || strings.HasPrefix(p, organizations) && path.Ext(name) == name:
		l.report(diag.SymlinkIgnored, p, "%s is a symbolic link and is ignored", printable(p))
	}
}

// ignoredInModule reports whether a path directly in cue.mod is of no interest,
// be it a file or a directory.
func (l *listing) ignoredInModule(p string) bool {
	return path.Dir(p) == "cue.mod" && !l.enters(p) && !l.wants(p)
}

// submodule takes a directory that is a git repository of its own.
func (l *listing) submodule(p string) {
	if l.enters(p) {
		l.report(diag.SubmoduleIgnored, p, "%s is a git repository of its own; nothing in it is read", printable(p))
	}
}

// irregular takes a pipe, socket or device.
func (l *listing) irregular(p string) {
	if l.wants(p) {
		l.report(diag.NotRegularFile, p, "%s is a pipe, socket or device", printable(p))
	}
}

// sort puts the entries in path order and leaves out what occurs twice, which
// only a malformed git tree does.
func (l *listing) sort() {
	slices.SortStableFunc(l.entries, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	kept := l.entries[:0]
	for _, e := range l.entries {
		if len(kept) > 0 && kept[len(kept)-1].path == e.path {
			l.report(diag.PathRefused, e.path, "the path of this file occurs twice")
			continue
		}
		kept = append(kept, e)
	}
	l.entries = kept
	l.dropOutputs()
}

// platformPins is the file that every output has.
const platformPins = "/pins/_platform.yaml"

// dropOutputs leaves out what the compiler itself has written into the repo: the
// directories of an output, told by its pins. Below orgs/ there is none, or
// a team could hide files behind a file of that name.
func (l *listing) dropOutputs() {
	var outputs []string
	for _, e := range l.entries {
		if dir, ok := strings.CutSuffix(e.path, platformPins); ok && !strings.HasPrefix(dir+"/", "orgs/") {
			outputs = append(outputs, dir+"/")
		}
	}
	l.entries = slices.DeleteFunc(l.entries, func(e entry) bool {
		return slices.ContainsFunc(outputs, func(dir string) bool {
			rest, ok := strings.CutPrefix(e.path, dir)
			root, _, _ := strings.Cut(rest, "/")
			return ok && (root == "clusters" || root == "gitops" || root == "inventory" || root == "pins")
		})
	})
}

// limit drops the entries whose known sizes go beyond the limits.
func (l *listing) limit() {
	kept := l.entries[:0]
	for _, e := range l.entries {
		ok, more := l.admit(e.path, e.size)
		if !more {
			break
		}
		if ok {
			kept = append(kept, e)
		}
	}
	if l.entries = kept; l.tooLarge {
		l.entries = nil // a part of a tenancy is of no use, and takes long to read
	}
}

// admit counts a file of the given size, in path order. It returns whether the
// file is taken, and whether there is room for more.
func (l *listing) admit(p string, size int64) (ok, more bool) {
	if size > l.opts.MaxFile {
		l.report(diag.FileTooLarge, p, "the file has %d bytes; at most %d are read", size, l.opts.MaxFile)
		return false, true
	}
	if size > l.opts.MaxTotal-l.total {
		l.tooLarge = true
		l.report(diag.TreeTooLarge, p, "the files of the tenancy repo have more than %d bytes; reading stopped here", l.opts.MaxTotal)
		return false, false
	}
	l.total += size
	return true, true
}

// pathProblem completes "the path of this file …"; "" for a sound path.
func pathProblem(p string) string {
	switch {
	case !utf8.ValidString(p):
		return "is not valid UTF-8"
	case strings.ContainsFunc(p, forges):
		return "contains a control character"
	case strings.Contains(p, "\\"):
		return "contains a backslash"
	case len(p) > maxPath:
		return "is longer than " + strconv.Itoa(maxPath) + " bytes"
	case path.Clean(p) != p || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../"):
		return "leaves its directory"
	}
	return ""
}

// printable returns a path as a report may show it: one whose bytes could forge
// lines comes out escaped, one beyond measure cut.
func printable(p string) string {
	if len(p) > maxPath {
		p = p[:256] + "…"
	}
	if !utf8.ValidString(p) || strings.ContainsFunc(p, forges) {
		quoted := strconv.QuoteToASCII(p)
		return quoted[1 : len(quoted)-1]
	}
	return p
}

// forges reports whether a character can change how the text around it reads.
func forges(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}
