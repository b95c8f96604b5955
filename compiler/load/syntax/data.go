package syntax

import (
	"bytes"
	stderrors "errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/encoding/json"
	"cuelang.org/go/encoding/yaml"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
)

// isData reports whether a path may be a YAML or JSON file of documents.
func isData(path string) bool {
	return strings.HasSuffix(path, ".json") || isYAML(path)
}

func isYAML(path string) bool {
	return strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".yml")
}

// analyzeData reads a YAML or JSON file; nil if it does not declare documents.
func analyzeData(path string, data []byte) *Analysis {
	a := &Analysis{Package: TenancyPackage, IsData: true}
	declares, problem := declaresDocuments(path, data)
	if problem != nil {
		a.Problems = []diag.Diagnostic{diag.New(diag.DataFile, diag.Position{File: path, Line: problem.line, Column: problem.column}, "%s", problem.message)}
		return a
	}
	if !declares {
		return nil
	}
	f, err := parseData(path, data)
	if err != nil {
		for _, e := range errors.Errors(err) {
			a.Problems = append(a.Problems, dataProblem(path, e))
		}
		return a
	}
	for _, d := range f.Decls {
		if field, ok := d.(*ast.Field); ok {
			a.readData(field)
		}
	}
	return a
}

// textProblem is what is wrong with a YAML or JSON file.
type textProblem struct {
	line, column int
	message      string
}

// declaresDocuments reports whether a YAML or JSON file declares documents, or what
// is wrong with one that should.
func declaresDocuments(path string, data []byte) (declares bool, problem *textProblem) {
	fail := func(line, column int, format string, args ...any) (bool, *textProblem) {
		return false, &textProblem{line, column, fmt.Sprintf(format, args...)}
	}
	dir, _ := split(repoPath(path))
	required := document.InOrganizations(dir)
	if !isYAML(path) {
		if bytes.HasPrefix(data, []byte("\ufeff")) {
			return fail(1, 1, "the file begins with a byte order mark, which JSON does not allow: save it as UTF-8 without one")
		}
		if at, deep := tooDeep(path, data); deep {
			return fail(at.Line, at.Column, "the file nests too deeply here")
		}
	}
	docs, err := yamlDocuments(data, !isYAML(path))
	if err != nil {
		if !required && !mentionsDocuments(data) {
			return false, nil
		}
		line, message := yamlProblem(err)
		return fail(line, 0, "%s", message)
	}
	documents, objects, own := count(docs)
	switch {
	case own > 0 && required:
		return declaresObjects(docs)
	case len(docs) == 0, objects == len(docs):
		return false, nil
	case !required && documents == 0:
		return false, nil
	case len(docs) > 1:
		return fail(docs[1].Line, docs[1].Column, "several YAML documents in one file: a file of documents holds one")
	case docs[0].Kind != yamlv3.MappingNode:
		return fail(docs[0].Line, docs[0].Column, "want a mapping of logicalClusters, policies and so on at the top level")
	}
	if n := repeatedKey(docs[0], 0); n != nil {
		return fail(n.Line, n.Column, "key %q is repeated", n.Value)
	}
	return true, nil
}

// declaresObjects reports what is wrong with a file that has objects of Tenantry's own API
// group.
func declaresObjects(docs []*yamlv3.Node) (declares bool, problem *textProblem) {
	for _, d := range docs {
		if classify(d) != ownObject {
			return false, &textProblem{d.Line, d.Column, "the file has objects of " + apiGroup + ": all that it holds must be such objects"}
		}
		if n := repeatedKey(d, 0); n != nil {
			return false, &textProblem{n.Line, n.Column, fmt.Sprintf("key %q is repeated", n.Value)}
		}
	}
	return true, nil
}

// count returns how many YAML documents are maps of documents, how many are Kubernetes
// objects, and how many of these are of Tenantry's own API group.
func count(docs []*yamlv3.Node) (documents, objects, own int) {
	for _, d := range docs {
		switch classify(d) {
		case documentMap:
			documents++
		case ownObject:
			own++
			objects++
		case kubernetesObject:
			objects++
		}
	}
	return documents, objects, own
}

// dataProblem explains an error of CUE's readers of YAML and JSON.
func dataProblem(path string, e errors.Error) diag.Diagnostic {
	at := Position(e.Position())
	if at.IsZero() {
		at = diag.Position{File: path}
	}
	message := strings.TrimPrefix(e.Error(), "invalid JSON for file "+strconv.Quote(path)+": ")
	if m := filePrefix.FindStringSubmatch(message); m != nil && at.Line == 0 {
		at.Line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	return diag.New(diag.DataFile, at, "%s", message)
}

// readData reads one field of the top level.
func (a *Analysis) readData(field *ast.Field) {
	name, ok := StaticLabel(field.Label)
	kind := -1
	if ok {
		kind = document.KindIndex(name)
	}
	if kind < 0 {
		return // evaluation says that the field is not known
	}
	if kinds[kind].Singleton {
		a.Documents = append(a.Documents, plainDocument{kind, "", Position(field.Label.Pos())})
		return
	}
	lit, ok := field.Value.(*ast.StructLit)
	if !ok {
		return
	}
	for _, e := range lit.Elts {
		if f, ok := e.(*ast.Field); ok {
			if key, ok := StaticLabel(f.Label); ok {
				a.Documents = append(a.Documents, plainDocument{kind, key, Position(f.Label.Pos())})
			}
		}
	}
}

// parseData turns a YAML or JSON file into syntax whose positions are the file's.
func parseData(path string, data []byte) (*ast.File, error) {
	f, err := extractData(path, data)
	if err != nil {
		return nil, err
	}
	return f, documentsOfObjects(path, f)
}

func extractData(path string, data []byte) (*ast.File, error) {
	if isYAML(path) {
		return yaml.Extract(path, data)
	}
	x, err := json.Extract(path, data)
	if err != nil {
		return nil, err
	}
	f := &ast.File{Filename: path}
	if lit, ok := x.(*ast.StructLit); ok {
		f.Decls = lit.Elts
	}
	return f, nil
}

// yamlDocuments parses YAML, of which JSON is a part, into nodes.
func yamlDocuments(data []byte, isJSON bool) (docs []*yamlv3.Node, err error) {
	if isJSON {
		// YAML refuses tabs where JSON allows them.
		data = bytes.ReplaceAll(data, []byte{'\t'}, []byte{' '})
	}
	dec := yamlv3.NewDecoder(bytes.NewReader(data))
	for {
		var n yamlv3.Node
		err := dec.Decode(&n)
		if stderrors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return docs, err
		}
		if len(n.Content) == 1 && n.Content[0].Tag != "!!null" {
			docs = append(docs, n.Content[0])
		}
	}
}

type content int

const (
	otherContent content = iota
	documentMap
	kubernetesObject
	// ownObject is a Kubernetes object of the API group of documents.
	ownObject
)

func classify(n *yamlv3.Node) content {
	if n.Kind != yamlv3.MappingNode {
		return otherContent
	}
	object, own := 0, false
	found := otherContent
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k := n.Content[i].Value; {
		case k == "apiVersion" || k == "kind":
			own = own || k == "apiVersion" && strings.HasPrefix(n.Content[i+1].Value, apiGroup+"/")
			object++
		case document.KindIndex(k) >= 0:
			found = documentMap
		}
	}
	switch {
	case object == 2 && own:
		return ownObject
	case object == 2:
		return kubernetesObject
	}
	return found
}

// repeatedKey returns the second of two equal keys of one mapping.
func repeatedKey(n *yamlv3.Node, depth int) *yamlv3.Node {
	if depth > maxNesting {
		return nil
	}
	if n.Kind == yamlv3.MappingNode {
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind == yamlv3.ScalarNode && seen[k.Value] {
				return k
			}
			seen[k.Value] = true
		}
	}
	for _, c := range n.Content {
		if r := repeatedKey(c, depth+1); r != nil {
			return r
		}
	}
	return nil
}

// mentionsDocuments guesses whether a file that does not parse was meant to
// declare documents: one line begins with the name of a map.
func mentionsDocuments(data []byte) bool {
	return documentLine.Match(data)
}

var documentLine = regexp.MustCompile(`(?m)^[ \t{"]{0,4}(` + strings.Join(document.KindNames(), "|") + `)["']?:`)

var filePrefix = regexp.MustCompile(`^[^ ]+:([0-9]+): (.*)$`)

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line ([0-9]+): )?(.*)$`)

func yamlProblem(err error) (line int, message string) {
	m := yamlLine.FindStringSubmatch(FirstLine(err.Error()))
	if m == nil {
		return 0, "the file cannot be parsed"
	}
	line, _ = strconv.Atoi(m[1])
	return line, m[2]
}
