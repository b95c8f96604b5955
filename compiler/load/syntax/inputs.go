package syntax

import (
	"crypto/sha256"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
)

// Input is one file of an instance.
type Input struct {
	File *File
	Text []byte
	// Own: the file is the directory's own, and not of a directory above.
	Own bool
}

// Parse parses the file for evaluation; a syntax tree serves one instance only.
func (i Input) Parse(language string) (*ast.File, error) {
	if i.File.IsData {
		return parseData(i.File.Path, i.Text)
	}
	return i.File.parse(i.Text, language)
}

// Parse parses a file of a library.
func (f *File) Parse(language string) (*ast.File, error) { return f.parse(f.Data, language) }

func (f *File) parse(text []byte, language string) (*ast.File, error) {
	tree, err := parser.ParseFile(f.Path, text, parser.Version(language))
	if err == nil {
		f.rename(tree)
	}
	return tree, err
}

// Inputs returns the files of a directory's instance: all of those above, as
// far as the directory depends on them, and its own.
func (r *Repo) Inputs(d *Directory) []Input {
	kept := d.Refers()
	var in []Input
	for _, up := range d.Above {
		for _, f := range up.Files {
			if f.IsData {
				if f.kinds()&kept != 0 {
					in = append(in, Input{File: f, Text: f.Data})
				}
				continue
			}
			in = append(in, Input{File: f, Text: r.variant(f, kept&f.kinds())})
		}
	}
	for _, f := range d.Files {
		if f.IsData {
			in = append(in, Input{File: f, Text: f.Data, Own: true})
			continue
		}
		in = append(in, Input{File: f, Text: r.variant(f, everything), Own: true})
	}
	return in
}

// Patterns returns the files of directories, each above the next, without their
// plain documents, but for those above the directory dir that something refers to.
func (r *Repo) Patterns(chain []*Directory, dir string) []Input {
	last := &Directory{Path: dir, Above: chain}
	kept := last.Refers()
	var in []Input
	for _, d := range chain {
		for _, f := range d.Files {
			keep := kept & f.kinds()
			if d.Path == dir {
				keep = 0
			}
			switch {
			case !f.IsData:
				in = append(in, Input{File: f, Text: r.variant(f, keep)})
			case keep != 0:
				in = append(in, Input{File: f, Text: f.Data})
			}
		}
	}
	return in
}

// variantKey is a file without the plain documents of kinds that are not kept.
type variantKey struct {
	file *File
	kept Users
}

// variant returns the text of a file as far as kinds of documents are kept.
func (r *Repo) variant(f *File, kept Users) []byte {
	key := variantKey{f, kept}
	if v, ok := r.variants.Load(key); ok {
		return v.([]byte)
	}
	v, _ := r.variants.LoadOrStore(key, f.text(f.Data, kept))
	return v.([]byte)
}

// Digest identifies the text of an input. That of a variant is remembered by where
// the text lies in memory: variants are shared by all directories below.
func (r *Repo) Digest(i Input) [32]byte {
	if i.Own {
		return i.File.Digest
	}
	if len(i.Text) == 0 {
		return [32]byte{}
	}
	key := &i.Text[0]
	if d, ok := r.variants.Load(key); ok {
		return d.([32]byte)
	}
	d := sha256.Sum256(i.Text)
	r.variants.Store(key, d)
	return d
}
