package patch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/manifest"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// nodeOf writes a tree as kustomize reads it. The types of scalars are said, so that
// nothing is taken for what it only looks like.
func nodeOf(v manifest.Value) *yaml.Node {
	switch v := v.(type) {
	case manifest.Map:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
		for _, f := range v {
			n.Content = append(n.Content, nodeOf(f.Key), nodeOf(f.Value))
		}
		return n
	case manifest.List, []string:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
		for _, item := range list(v) {
			n.Content = append(n.Content, nodeOf(item))
		}
		return n
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Style: yaml.DoubleQuotedStyle, Value: v}
	}
	tag := yaml.NodeTagNull
	switch v.(type) {
	case bool:
		tag = yaml.NodeTagBool
	case int, int64:
		tag = yaml.NodeTagInt
	case float64:
		tag = yaml.NodeTagFloat
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: string(manifest.AppendJSON(nil, v))}
}

// valueOf reads what kustomize left. Fields that were there before keep their order;
// those that are new follow, by name.
func valueOf(n *yaml.Node, was manifest.Value) (manifest.Value, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return valueOf(n.Content[0], was)
	case yaml.MappingNode:
		return mapOf(n, was)
	case yaml.SequenceNode:
		before := list(was)
		out := make(manifest.List, len(n.Content))
		for i, item := range n.Content {
			v, err := valueOf(item, counterpart(before, i, nameIn(item)))
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case yaml.ScalarNode:
		return scalarOf(n)
	}
	return nil, fmt.Errorf("an alias can't stand in an object")
}

func mapOf(n *yaml.Node, was manifest.Value) (manifest.Value, error) {
	before, _ := was.(manifest.Map)
	out := make(manifest.Map, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		v, err := valueOf(n.Content[i+1], before.Get(key))
		if err != nil {
			return nil, err
		}
		out = append(out, manifest.Field{Key: key, Value: v})
	}
	rank := func(f manifest.Field) int {
		if i := slices.IndexFunc(before, func(b manifest.Field) bool { return b.Key == f.Key }); i >= 0 {
			return i
		}
		return len(before)
	}
	slices.SortStableFunc(out, func(a, b manifest.Field) int {
		if x, y := rank(a), rank(b); x != y || x < len(before) {
			return x - y
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out, nil
}

func scalarOf(n *yaml.Node) (manifest.Value, error) {
	switch n.ShortTag() {
	case yaml.NodeTagString:
		return n.Value, nil
	case yaml.NodeTagNull:
		return nil, nil
	case yaml.NodeTagBool:
		var b bool
		err := n.Decode(&b)
		return b, err
	case yaml.NodeTagInt:
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i, nil
		}
		fallthrough
	case yaml.NodeTagFloat:
		f, err := strconv.ParseFloat(n.Value, 64)
		if i := int64(f); err == nil && float64(i) == f {
			return i, nil
		}
		return f, err
	}
	return nil, fmt.Errorf("%q is nothing that JSON has", n.Value)
}

// list returns the elements of a list, nil where it is none.
func list(v manifest.Value) manifest.List {
	switch v := v.(type) {
	case manifest.List:
		return v
	case []string:
		out := make(manifest.List, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out
	}
	return nil
}

// counterpart returns the element of a list that has a name, or else the one at an
// index.
func counterpart(list manifest.List, i int, name string) manifest.Value {
	if name != "" {
		i = named(list, name)
	}
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func nameOf(v manifest.Value) string {
	m, _ := v.(manifest.Map)
	name, _ := m.Get("name").(string)
	return name
}

func nameIn(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "name" {
				return n.Content[i+1].Value
			}
		}
	}
	return ""
}
