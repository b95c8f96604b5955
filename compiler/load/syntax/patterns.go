package syntax

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// Patterns is what the text of patterns for logical clusters tells of what they look at.
type Patterns struct {
	// words are those of the text: fields that it does not name it does not look at.
	words map[string]bool
	// keys are the expressions that keys are matched with.
	keys []*regexp.Regexp
	// any: what it looks at can't be told, and anyKey: which entries of a field can't.
	any, anyKey bool
	// Whole: it looks at all documents together.
	Whole bool
}

// HasPatterns reports whether a directory has patterns for logical clusters, or what may
// come to them: for directories below it, anything but plain documents.
func (d *Directory) HasPatterns(below bool) bool {
	return slices.ContainsFunc(d.Files, func(f *File) bool { return f.HasPatterns(below) })
}

// HasPatterns reports whether a file says something of all logical clusters of a directory,
// or of those below it if below is set.
func (f *File) HasPatterns(below bool) bool {
	bit := Users(1) << document.KindIndex(string(schema.KindLogicalClusters))
	return !f.IsData && (below && f.Shapes&bit != 0 || !f.Limit.IsZero())
}

// Produces reports whether the directory's own files may yield documents that are not written
// out.
func (d *Directory) Produces() bool {
	return slices.ContainsFunc(d.Files, func(f *File) bool { return f.Produces })
}

var (
	word  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)
	alias = regexp.MustCompile(`[\p{L}_][\p{L}0-9_]*\s*=\s*[^=~\s]|\([^()]*\)\s*\??:`)
	label = regexp.MustCompile(`(logicalClusters\??\s*:\s*(?:\{\s*)?)?\[([^\[\]]*)\]\s*:`)
	// attribute is one of a file, such as @experiment(explicitopen).
	attribute = regexp.MustCompile(`(?m)^@\w+\([^()]*\)$`)
	// opaque is what may look at all entries of a map: loops, calls, closed structs.
	opaque = regexp.MustCompile(`\bfor\b|[\p{L}\p{N}_]\(|#`)
	match  = regexp.MustCompile(`^=~\s*("(?:[^"\\]|\\.)*")$`)
)

// PatternsOf reads the patterns of directories, each above the next.
func (r *Repo) PatternsOf(chain []*Directory) *Patterns {
	p := &Patterns{words: map[string]bool{}}
	for _, d := range chain {
		for _, f := range d.Files {
			if f.IsData {
				continue
			}
			p.read(string(r.variant(f, 0)))
			p.Whole = p.Whole || len(f.Whole) > 0
			for _, lib := range r.Libraries(f) {
				for _, file := range lib.Files {
					p.read(string(file.Data))
				}
			}
		}
	}
	return p
}

// read adds the text of one file.
func (p *Patterns) read(text string) {
	text = attribute.ReplaceAllString(text, "")
	for _, w := range word.FindAllString(text, -1) {
		p.words[w] = true
	}
	p.any = p.any || alias.MatchString(text)
	p.anyKey = p.anyKey || opaque.MatchString(text)
	for _, m := range label.FindAllStringSubmatch(text, -1) {
		if m[1] == "" {
			p.anyKey = true // of entries, as far as that can be told
		}
		of := strings.TrimSpace(m[2])
		if of == "string" || of == "_" {
			continue
		}
		quoted := match.FindStringSubmatch(of)
		if quoted == nil {
			p.any = true
			continue
		}
		re, err := regexp.Compile(Unquote(quoted[1]))
		if err != nil {
			p.any = true
			continue
		}
		p.keys = append(p.keys, re)
	}
}

// Reads reports whether the patterns look at a field of a document.
func (p *Patterns) Reads(field string) bool { return p.any || p.words[field] }

// ReadsKey reports whether the patterns look at an entry of a field that they look at.
func (p *Patterns) ReadsKey(key string) bool {
	if p.any || p.anyKey {
		return true
	}
	words := word.FindAllString(key, -1)
	return len(words) == 0 || !slices.ContainsFunc(words, func(w string) bool { return !p.words[w] })
}

// Signature is the same for keys between which the patterns make no difference.
func (p *Patterns) Signature(key string) string {
	if p.any {
		return key
	}
	out := make([]byte, len(p.keys))
	for i, re := range p.keys {
		if out[i] = '0'; re.MatchString(key) {
			out[i] = '1'
		}
	}
	return string(out)
}
