package implicit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
	"go.yaml.in/yaml/v3"
)

// Source is an implicit document with the objects of its files read in.
type Source struct {
	*document.Meta
	// Content is all that becomes effective, in a normal form: the selector and the
	// objects, wherever they are written. Pins and locks hold it.
	Content schema.Implicit
	// Locked: a change of the content waits until it is accepted.
	Locked bool
	// Problems are the files that could not be read; without them the content is
	// not what its author meant.
	Problems []diag.Diagnostic

	places []place // of the objects
}

// place is where an object is written: in the document, or in a file.
type place struct {
	index int // in the document
	file  string
	node  *yaml.Node
}

// Read reads the objects of a document: those that stand in it, then those of its
// files.
func Read(d *document.Document[schema.Implicit], tree *source.Tree) *Source {
	s := &Source{Meta: &d.Meta, Content: normal(d.Spec), Locked: Locked(d.Spec)}
	for i := range s.Content.Objects {
		s.places = append(s.places, place{index: i})
	}
	for i, name := range d.Spec.Files {
		if d.Held {
			break // what is held has all objects in itself
		}
		at := d.At("files", strconv.Itoa(i))
		problem := func(at diag.Position, format string, args ...any) diag.Diagnostic {
			return diag.New(diag.ImplicitFile, at, format, args...).About(d.String())
		}
		if path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), "..") {
			s.Problems = append(s.Problems, problem(at, "%s leads out of the document's directory", name).Suggest("put the file beside the document"))
			continue
		}
		file := path.Join(d.Dir, name)
		f, ok := tree.File(file)
		if !ok {
			s.Problems = append(s.Problems, problem(at, "there is no file %s", file).Suggest("files are YAML, named relative to the directory of the document"))
			continue
		}
		objects, nodes, err := readFile(f.Data)
		if err != nil {
			line, message := yamlProblem(err)
			s.Problems = append(s.Problems, problem(diag.Position{File: file, Line: line}, "%s", message).See(at, "the document names the file here"))
			continue
		}
		if len(objects) == 0 {
			s.Problems = append(s.Problems, problem(at, "%s holds no object", file))
		}
		for i, o := range objects {
			s.Content.Objects = append(s.Content.Objects, o)
			s.places = append(s.places, place{file: file, node: nodes[i]})
		}
	}
	return s
}

// Locked reports whether a change of what a document gives, or of whom it reaches,
// waits until it is accepted.
func Locked(d schema.Implicit) bool { return d.Locked == nil || *d.Locked }

// normal returns what of a document becomes effective, with defaults filled in.
func normal(d schema.Implicit) schema.Implicit {
	out := schema.Implicit{Selector: d.Selector, Objects: slices.Clone(d.Objects), Merge: d.Merge,
		Classes: slices.Sorted(slices.Values(d.Classes)), Namespaces: slices.Sorted(slices.Values(d.Namespaces))}
	if out.Merge == "" {
		out.Merge = schema.PlatformWins
	}
	return out
}

// JSON returns the content as pins and locks hold it.
func (s *Source) JSON() json.RawMessage { return marshal(s.Content) }

// marshal writes what came from JSON or CUE, which JSON can always hold.
func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("implicit: %v", err))
	}
	return data
}

// readFile reads the objects of a YAML file, as kubectl does, and the nodes that
// tell where they stand.
func readFile(data []byte) ([]map[string]any, []*yaml.Node, error) {
	values, err := manifest.FromYAML(data)
	if err != nil {
		return nil, nil, err
	}
	var nodes []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if decoder.Decode(&n) != nil {
			break // FromYAML has read it all
		}
		if len(n.Content) == 1 && n.Content[0].Tag != "!!null" {
			nodes = append(nodes, n.Content[0])
		}
	}
	objects := make([]map[string]any, len(values))
	for i, v := range values {
		objects[i], _ = manifest.Plain(v).(map[string]any)
	}
	if len(nodes) != len(objects) {
		return nil, nil, fmt.Errorf("the file mixes documents in a way that cannot be read")
	}
	return objects, nodes, nil
}

var lineOf = regexp.MustCompile(`^line (\d+): (.*)`)

func yamlProblem(err error) (line int, message string) {
	message, _, _ = strings.Cut(err.Error(), "\n")
	if m := lineOf.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	return line, message
}

// at returns where a field of an object stands, or the nearest thing above it.
func (s *Source) at(object int, path ...string) diag.Position {
	if object >= len(s.places) {
		return s.Pos
	}
	p := s.places[object]
	if p.node == nil {
		return s.At(append([]string{"objects", strconv.Itoa(p.index)}, path...)...)
	}
	n := p.node
	pos := diag.Position{File: p.file, Line: n.Line, Column: n.Column}
	for _, key := range path {
		for n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		next := (*yaml.Node)(nil)
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == key {
					next = n.Content[i+1]
					if next.Kind == yaml.MappingNode || next.Kind == yaml.SequenceNode {
						pos.Line, pos.Column = n.Content[i].Line, n.Content[i].Column
					} else {
						pos.Line, pos.Column = next.Line, next.Column
					}
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(key); err == nil && i < len(n.Content) {
				next = n.Content[i]
				pos.Line, pos.Column = next.Line, next.Column
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return pos
}
