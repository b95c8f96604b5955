package source

import (
	"path"
	"regexp"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// organizations begins the paths of the organization tree, in which nothing that looks like
// a source is left out in silence.
const organizations = "orgs/"

// sourceEnding finds the ending of a source in a name, whatever follows it.
var sourceEnding = regexp.MustCompile(`(?i)\.(cue|ya?ml|json)($|[^a-z0-9])`)

// looksLikeSource reports whether whoever gave a file its name may expect that documents in
// it are read: it ends as sources do, but for what was put after that to keep a copy or to
// switch it off. ending is where the name of the source ends.
func looksLikeSource(name string) (ending int, ok bool) {
	found := sourceEnding.FindStringSubmatchIndex(name)
	if found == nil || editing(name) {
		return 0, false
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".license": // of a source
		return 0, false
	}
	return found[3], true
}

// editing reports whether an editor keeps the file as long as it has another one open.
func editing(name string) bool {
	swap := strings.HasPrefix(name, ".") && strings.HasPrefix(path.Ext(name), ".sw")
	return swap || strings.HasPrefix(name, ".#") || strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#")
}

// hiddenDirectory returns the topmost directory of a path whose name begins with a dot.
func hiddenDirectory(p string) string {
	for i := 0; i < len(p); i++ {
		if p[i] == '.' && (i == 0 || p[i-1] == '/') {
			if end := strings.IndexByte(p[i:], '/'); end > 0 {
				return p[:i+end]
			}
			return ""
		}
	}
	return ""
}

// searches reports whether the walk looks into a hidden directory for what is left out.
func (l *listing) searches(dir string) bool {
	return strings.HasPrefix(dir, organizations) && path.Base(dir) != ".git"
}

// unread reports a file of the organization tree that is not read but looks like a source;
// of a hidden directory once.
func (l *listing) unread(p string) {
	dir, name := path.Split(p)
	ending, ok := looksLikeSource(name)
	if !ok || l.exclude[p] || !strings.HasPrefix(p, organizations) {
		return
	}
	d := diag.New(diag.UnreadFile, diag.Position{File: p}, "nobody reads this file: its name ends in neither .cue, .yaml, .yml nor .json")
	better := strings.TrimLeft(name[:ending], ".")
	if hidden := hiddenDirectory(dir); hidden != "" {
		if l.hidden[hidden] {
			return
		}
		l.hidden[hidden] = true
		d = diag.New(diag.UnreadFile, diag.Position{File: hidden}, "nobody reads the files of this directory: its name begins with a dot")
		better = strings.TrimLeft(path.Base(hidden), ".")
	} else if ending == len(name) {
		d = diag.New(diag.UnreadFile, diag.Position{File: p}, "nobody reads this file: its name begins with a dot")
	}
	l.add(d.Suggest("rename it to %s, or move it out of %s", printable(better), organizations))
}
