package syntax

import (
	"regexp"
	"slices"

	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
)

// Unit returns the paths of the files of a directory that are put back together where
// those in broken are to be: the smallest set that holds them and that no file outside
// of it refers to, or is referred to from it, as they are today or as they were. What
// is put back then depends on nothing that the directory says today, and nothing else
// that it says depends on what is put back. It is nil, for all files, where it is not
// known what a broken file says.
func (r *Repo) Unit(dir string, f *Former, broken []string) map[string]bool {
	files := map[string]*part{}
	add := func(file *File) {
		path := file.repoPath()
		if files[path] == nil {
			files[path] = &part{names: map[string]bool{}, mentions: map[string]bool{}, keys: map[string]bool{}, words: map[string]bool{}}
		}
		files[path].add(file)
	}
	for _, file := range r.byDir[dir] {
		if file.Analysis != nil {
			add(file)
		}
	}
	for _, file := range f.Files {
		add(file)
	}
	unit := map[string]bool{}
	for todo := slices.Clone(broken); len(todo) > 0; {
		path := todo[0]
		todo = todo[1:]
		if unit[path] {
			continue
		}
		unit[path] = true
		one := files[path]
		if one == nil {
			return nil
		}
		for other, p := range files {
			if !unit[other] && (one.bound(p) || p.bound(one)) {
				todo = append(todo, other)
			}
		}
	}
	return unit
}

// part is what a file says of itself, as it is and as it was.
type part struct {
	names, mentions map[string]bool
	// keys are those of plain documents, and words whatever may be one in a file that
	// cannot be parsed.
	keys, words map[string]bool
	// documents are the kinds of plain documents, shapes those of which there is more,
	// and refers those that are referred to.
	documents, shapes, refers Users
	splices                   bool
}

func (p *part) add(f *File) {
	if len(f.Problems) > 0 {
		p.scan(f)
	}
	for _, n := range f.Names {
		p.names[n.Name] = true
	}
	for _, d := range f.Documents {
		p.keys[d.Key] = true
		p.documents |= 1 << d.Kind
	}
	for _, name := range f.Mentions {
		p.mentions[name] = true
	}
	for _, refers := range f.Refers {
		p.refers |= refers
	}
	p.shapes |= f.Shapes
	p.splices = p.splices || f.Splices
}

// dataWord is what may be a key in a YAML or JSON file.
var dataWord = regexp.MustCompile(`[^\s"',:{}\[\]]+`)

// scan takes in what a file that cannot be parsed may say: each word of it may be a key or
// a name, and where it may make documents of any key, it makes all.
func (p *part) scan(f *File) {
	if f.IsData {
		for _, word := range dataWord.FindAllString(string(f.Data), -1) {
			p.words[word], p.words[objectKey(f.Path, word)] = true, true
		}
		return
	}
	var s scanner.Scanner
	s.Init(token.NewFile(f.Path, -1, len(f.Data)), f.Data, func(token.Pos, string, []any) {}, 0)
	var kinds Users
	open, last := false, token.ILLEGAL
	for {
		_, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			if open {
				p.shapes |= kinds
				p.splices = p.splices || kinds == 0
			}
			return
		case token.IDENT:
			p.words[text], p.names[text], p.mentions[text] = true, true, true
			if k := document.KindIndex(text); k >= 0 {
				kinds |= 1 << k
			}
		case token.STRING:
			if key, err := literal.Unquote(text); err == nil {
				p.words[key] = true
			}
		case token.FOR, token.IF, token.LET, token.INTERPOLATION, token.ILLEGAL:
			open = true
		case token.COLON:
			open = open || last == token.RBRACK || last == token.RPAREN // a pattern, or a name that is worked out
		}
		last = tok
	}
}

// bound reports whether a file depends on another, or says something of the same.
func (p *part) bound(other *part) bool {
	if p.splices || (p.shapes|p.refers)&(other.documents|other.shapes) != 0 {
		return true
	}
	for name := range p.names {
		if other.names[name] || other.mentions[name] {
			return true
		}
	}
	for key := range other.keys {
		if p.keys[key] || p.words[key] {
			return true
		}
	}
	return false
}
