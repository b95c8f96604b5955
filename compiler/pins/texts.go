package pins

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/schema"
)

// Text is what a directory said when documents of it were last good.
type Text struct {
	Dir string
	syntax.Text
	// Documents are those that are as this text has them, by kind and key, where the
	// directory has been evaluated from another text since; nil for all others, which
	// is what the latest text of a directory holds for.
	Documents []TextDocument
}

// Latest returns the latest text of a directory. There is none where the directory is gone,
// or could not be evaluated, and only older texts are in use.
func (p *Pins) Latest(dir string) (Text, bool) {
	if texts := p.Texts[dir]; len(texts) > 0 && texts[0].Documents == nil {
		return texts[0], true
	}
	return Text{}, false
}

// TextDocument is a document of a text.
type TextDocument struct {
	Kind schema.Kind
	Key  string
}

// Compare orders by kind and key.
func (d TextDocument) Compare(other TextDocument) int {
	return document.ID{Kind: d.Kind, Key: d.Key}.Compare(document.ID{Kind: other.Kind, Key: other.Key})
}

// librariesDir holds the contents of libraries, a file each.
const librariesDir = root + "/_libraries"

// libraryNames lists the libraries that texts need, sorted.
func (p *Pins) libraryNames() ([]string, error) {
	seen := map[string]bool{}
	var visit func(imports map[string]string) error
	visit = func(imports map[string]string) error {
		for _, name := range imports {
			if seen[name] {
				continue
			}
			seen[name] = true
			l, err := p.Library(name)
			if err != nil {
				return err
			}
			for _, f := range l.Files {
				if err := visit(f.Imports); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, texts := range p.Texts {
		for _, t := range texts {
			for _, f := range t.Files {
				if err := visit(f.Imports); err != nil {
					return nil, err
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

func (t Text) manifest() manifest.Map {
	m := manifest.M("dir", t.Dir)
	var documents manifest.List
	for _, d := range t.Documents {
		documents = append(documents, manifest.M("kind", string(d.Kind), "key", d.Key).Compact())
	}
	if documents != nil {
		m = append(m, manifest.Field{Key: "documents", Value: documents})
	}
	return append(m, filesField(t.Text))
}

// filesField returns the field that holds the files of a text.
func filesField(t syntax.Text) manifest.Field {
	files := make(manifest.List, len(t.Files))
	for i, f := range t.Files {
		m := manifest.M("path", f.Path)
		if len(f.Imports) > 0 {
			var imports manifest.Map
			for _, p := range slices.Sorted(maps.Keys(f.Imports)) {
				imports = append(imports, manifest.Field{Key: p, Value: f.Imports[p]})
			}
			m = append(m, manifest.Field{Key: "imports", Value: imports})
		}
		files[i] = append(m, manifest.Field{Key: "text", Value: f.Text})
	}
	return manifest.Field{Key: "files", Value: files}
}

func parseText(n *yaml.Node) (Text, error) {
	var t Text
	err := mapping(n, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "dir":
			t.Dir, err = text(v)
		case "documents":
			t.Documents, err = list(v, parseTextDocument)
		case "files":
			t.Files, err = list(v, parseFile)
		default:
			err = unknown(v, key)
		}
		return err
	})
	return t, err
}

func parseTextDocument(n *yaml.Node) (d TextDocument, err error) {
	err = mapping(n, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "kind":
			var kind string
			kind, err = text(v)
			d.Kind = schema.Kind(kind)
		case "key":
			d.Key, err = text(v)
		default:
			err = unknown(v, key)
		}
		return err
	})
	if err == nil && d.Kind == "" {
		err = wrong(n, "a document needs its kind")
	}
	return d, err
}

func parseFile(n *yaml.Node) (f syntax.TextFile, err error) {
	err = mapping(n, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "path":
			f.Path, err = text(v)
		case "text":
			f.Text, err = text(v)
		case "imports":
			f.Imports, err = parseImports(v)
		default:
			err = unknown(v, key)
		}
		return err
	})
	if err == nil && f.Path == "" {
		err = wrong(n, "a file needs its path")
	}
	return f, err
}

func parseImports(n *yaml.Node) (map[string]string, error) {
	imports, err := texted(n)
	for _, name := range imports {
		if err == nil && !definitionName.MatchString(name) {
			err = wrong(n, "%q is not the name of a library", name)
		}
	}
	return imports, err
}

// libraryFiles returns a file for each library, by name.
func (p *Pins) libraryFiles() []*File {
	names, err := p.libraryNames()
	if err != nil {
		return nil // never: what is written was read
	}
	out := make([]*File, len(names))
	for i, name := range names {
		out[i] = p.namedFile(librariesDir, name, func(dst []byte) []byte {
			l, err := p.Library(name)
			if err != nil { // never: what is written was read
				return dst
			}
			head := append(manifest.M("apiVersion", apiVersion, "kind", libraryKind, "import", l.Path), filesField(l.Text))
			return append(manifest.AppendYAML(append(dst, outdir.Header...), head, 0), ending...)
		})
	}
	return out
}

const libraryKind = "Library"

// librariesIn reads the contents of libraries from an output.
func librariesIn(fsys fs.FS) func(name string) (syntax.LibraryText, error) {
	return func(name string) (syntax.LibraryText, error) {
		file := path.Join(librariesDir, name+".yaml")
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return syntax.LibraryText{}, fmt.Errorf("damaged pins: %w", err)
		}
		l, err := parseLibrary(data)
		if err != nil {
			return l, fmt.Errorf("damaged pins: %s%w", file, err)
		}
		if l.Name() != name {
			return l, fmt.Errorf("damaged pins: %s is not what it was written as", file)
		}
		return l, nil
	}
}

func parseLibrary(data []byte) (l syntax.LibraryText, err error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return l, damage{1, "the file is empty"}
		}
		return l, fmt.Errorf(": %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	err = mapping(doc.Content[0], func(key string, v *yaml.Node) (err error) {
		switch key {
		case "apiVersion", "kind":
			_, err = text(v)
		case "import":
			l.Path, err = text(v)
		case "files":
			l.Files, err = list(v, parseFile)
		default:
			err = unknown(v, key)
		}
		return err
	})
	return l, err
}
