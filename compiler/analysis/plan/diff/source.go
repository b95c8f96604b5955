package diff

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

// sourceDiff is which files differ, and where each begins to.
type sourceDiff struct {
	before, after *source.Tree
	files         []string // by path
	lines         map[string]int
}

func newSourceDiff(before, after *source.Tree) *sourceDiff {
	d := &sourceDiff{before: before, after: after, lines: map[string]int{}}
	b, a := before.Files(), after.Files()
	for len(b) > 0 || len(a) > 0 {
		switch {
		case len(a) == 0 || len(b) > 0 && b[0].Path < a[0].Path:
			d.add(b[0].Path, b[0].Data, nil)
			b = b[1:]
		case len(b) == 0 || a[0].Path < b[0].Path:
			d.add(a[0].Path, nil, a[0].Data)
			a = a[1:]
		default:
			if b[0].Digest != a[0].Digest {
				d.add(a[0].Path, b[0].Data, a[0].Data)
			}
			b, a = b[1:], a[1:]
		}
	}
	return d
}

func (d *sourceDiff) add(file string, before, after []byte) {
	d.files = append(d.files, file)
	line := 1
	for len(before) > 0 && len(after) > 0 {
		b, beforeRest, _ := bytes.Cut(before, []byte("\n"))
		a, afterRest, _ := bytes.Cut(after, []byte("\n"))
		if !bytes.Equal(b, a) {
			break
		}
		before, after = beforeRest, afterRest
		line++
	}
	d.lines[file] = line
}

// has reports whether a file differs.
func (d *sourceDiff) has(file string) bool { return d.lines[file] > 0 }

// cause returns the place from which a field of a document in a directory
// follows: its own place, if the file differs; else the file that differs among
// those that the directory is made of, the nearest first.
func (d *sourceDiff) cause(at diag.Position, dir string, removed bool) (file string, line int) {
	if d.has(at.File) {
		if _, stands := d.after.File(at.File); stands || removed {
			return at.File, at.Line
		}
	}
	for up := dir; ; up = path.Dir(up) {
		if up == "." {
			up = ""
		}
		for _, f := range d.files {
			if parent := path.Dir(f); (parent == up || parent == "." && up == "") && strings.HasSuffix(f, ".cue") {
				return f, d.lines[f]
			}
		}
		if up == "" {
			break
		}
	}
	// An imported package, which lies in no directory of the tree.
	if i := slices.IndexFunc(d.files, func(f string) bool { return strings.HasSuffix(f, ".cue") && !strings.HasPrefix(f, "orgs/") }); i >= 0 {
		return d.files[i], d.lines[d.files[i]]
	}
	return at.File, at.Line
}
