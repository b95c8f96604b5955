package definition

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// isList reports whether a document is a list of objects, as kubectl prints them.
func isList(apiVersion, kind string) bool {
	return apiVersion == "v1" && kind == "List" || apiVersion == "apiextensions.k8s.io/v1" && kind == "CustomResourceDefinitionList"
}

// item is one object of a list.
type item struct {
	head head
	text []byte
	// line is where it begins in the document; 0 if the text is not as it stands there.
	line int
}

func listItems(document []byte) ([]item, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	var nodes []*yaml.Node
	if len(root.Content) > 0 && root.Content[0].Kind == yaml.MappingNode {
		top := root.Content[0]
		for i := 0; i+1 < len(top.Content); i += 2 {
			if top.Content[i].Value == "items" && top.Content[i+1].Kind == yaml.SequenceNode {
				nodes = top.Content[i+1].Content
			}
		}
	}
	lines := bytes.SplitAfter(document, []byte("\n"))
	var out []item
	for i, n := range nodes {
		var value any
		if err := n.Decode(&value); err != nil {
			return nil, err
		}
		text, line := asItStands(lines, nodes, i), n.Line
		var same any
		if text == nil || yaml.Unmarshal(text, &same) != nil || !reflect.DeepEqual(value, same) {
			var err error // flow style, or something refers to another item
			if text, err = yaml.Marshal(value); err != nil {
				return nil, err
			}
			line = 0
		}
		one := item{text: bytes.TrimRight(text, "\n"), line: line}
		if err := sigsyaml.Unmarshal(one.text, &one.head); err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		out = append(out, one)
	}
	return out, nil
}

// asItStands cuts an item out of the lines of its document, with the places of
// everything in it; nil where its lines are not its own.
func asItStands(lines [][]byte, nodes []*yaml.Node, i int) []byte {
	first, column := nodes[i].Line-1, nodes[i].Column-1
	end := len(lines)
	if i+1 < len(nodes) {
		end = nodes[i+1].Line - 1
	}
	if nodes[i].Style&yaml.FlowStyle != 0 || first < 0 || end <= first || len(lines[first]) < column {
		return nil
	}
	begin := slices.Clone(lines[first])
	for k := range column {
		begin[k] = ' ' // the dash
	}
	last := end
	// What follows the items, as "kind: List" does, is indented less.
	for k := first + 1; k < end; k++ {
		if line := bytes.TrimRight(lines[k], "\r\n"); len(bytes.TrimSpace(line)) > 0 && len(line)-len(bytes.TrimLeft(line, " ")) < column {
			last = k
			break
		}
	}
	return append(begin, bytes.Join(lines[first+1:last], nil)...)
}
