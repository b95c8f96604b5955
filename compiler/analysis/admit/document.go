package admit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	kyaml "sigs.k8s.io/yaml"
)

// Document is an object of a file.
type Document struct {
	File string
	Kind kubeschema.GroupVersionKind
	// Namespace as it stands there, and Name; GenerateName where there is none.
	InNamespace, Name, GenerateName string

	node *yaml.Node
	json []byte
}

// String names the object for people: "Deployment api".
func (d *Document) String() string {
	name := cmp.Or(d.Name, d.GenerateName)
	if d.Name == "" && name != "" {
		name += "…"
	}
	return strings.TrimSpace(d.Kind.Kind + " " + name)
}

// At returns where a field stands in the file, or what stands nearest above it:
// "spec.containers[0].image".
func (d *Document) At(field string) diag.Position {
	node := d.node
	for _, name := range split(field) {
		next := child(node, name)
		if next == nil {
			break
		}
		node = next
	}
	return diag.Position{File: d.File, Line: node.Line, Column: node.Column}
}

func child(node *yaml.Node, name string) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				value := node.Content[i+1]
				if value.Kind == yaml.ScalarNode {
					return value
				}
				// Deeper fields are looked up in the value, and the place is that of its name.
				return &yaml.Node{Kind: value.Kind, Content: value.Content, Alias: value.Alias, Line: node.Content[i].Line, Column: node.Content[i].Column}
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i]
		}
	}
	return nil
}

// split takes a path of a field apart, as the API server writes it.
func split(field string) []string {
	var out []string
	for field != "" {
		switch {
		case field[0] == '.':
			field = field[1:]
		case field[0] == '[':
			end := strings.IndexByte(field, ']')
			if end < 0 {
				return out
			}
			out = append(out, strings.Trim(field[1:end], `"'`))
			field = field[end+1:]
		default:
			end := strings.IndexAny(field, ".[")
			if end < 0 {
				end = len(field)
			}
			out = append(out, field[:end])
			field = field[end:]
		}
	}
	return out
}

// Read returns the objects of a file in YAML or JSON, those of a List one by one.
// What can't be read is a finding, and the rest is read all the same.
func Read(file string, data []byte) (out []*Document, problems []diag.Diagnostic) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		node := &yaml.Node{}
		err := decoder.Decode(node)
		if errors.Is(err, io.EOF) {
			return out, problems
		}
		if err != nil {
			return out, append(problems, diag.New(diag.AdmitUnreadable, diag.Position{File: file, Line: lineOf(err)}, "%s", strings.TrimPrefix(err.Error(), "yaml: ")))
		}
		if len(node.Content) == 0 || node.Content[0].Tag == "!!null" {
			continue
		}
		documents, found := read(file, node.Content[0])
		out, problems = append(out, documents...), append(problems, found...)
	}
}

// lineOf returns the line that a YAML error names.
func lineOf(err error) int {
	var line int
	if _, e := fmt.Sscanf(strings.TrimPrefix(err.Error(), "yaml: "), "line %d:", &line); e != nil {
		return 0
	}
	return line
}

func read(file string, node *yaml.Node) ([]*Document, []diag.Diagnostic) {
	d := &Document{File: file, node: node}
	bad := func(format string, args ...any) ([]*Document, []diag.Diagnostic) {
		return nil, []diag.Diagnostic{diag.New(diag.AdmitUnreadable, d.At(""), format, args...)}
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		return bad("%v", err)
	}
	if d.json, err = kyaml.YAMLToJSONStrict(text); err != nil {
		return bad("%s", strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n"), "\n", ";"))
	}
	u := &unstructured.Unstructured{}
	var object map[string]any
	if err := kyaml.Unmarshal(d.json, &object); err != nil {
		return bad("it is no object")
	}
	u.Object = object
	if d.Kind = u.GroupVersionKind(); d.Kind.Kind == "" || d.Kind.Version == "" {
		return bad("it is no object: it has no apiVersion or no kind")
	}
	if items := child(node, "items"); strings.HasSuffix(d.Kind.Kind, "List") && items != nil && items.Kind == yaml.SequenceNode {
		var out []*Document
		var problems []diag.Diagnostic
		for _, item := range items.Content {
			more, found := read(file, item)
			out, problems = append(out, more...), append(problems, found...)
		}
		return out, problems
	}
	metadata, _ := object["metadata"].(map[string]any)
	d.Name, _ = metadata["name"].(string)
	d.InNamespace, _ = metadata["namespace"].(string)
	d.GenerateName, _ = metadata["generateName"].(string)
	return []*Document{d}, nil
}

// Same reports whether two documents are of the same object.
func (d *Document) Same(e *Document) bool {
	return d.Kind.GroupKind() == e.Kind.GroupKind() && d.Name == e.Name && d.Name != "" && (d.InNamespace == e.InNamespace || d.InNamespace == "" || e.InNamespace == "")
}
