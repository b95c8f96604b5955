package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds what the aliases of one stream may unfold to, so that a small
// file cannot ask for more memory than there is.
const maxNodes = 4 << 20

// FromYAML reads a stream of YAML documents, each a mapping, in the order in
// which they are written. Scalars are read as kubectl reads them: on, off, yes
// and no are bools, dates are strings, and numbers beyond int64 are float64.
// Aliases and merge keys are resolved; comments and empty documents are left
// out.
//
// An error names the line: it is not YAML, a document is no mapping, a key is
// repeated or no string, or a value is none that JSON has.
func FromYAML(data []byte) ([]Map, error) {
	var out []Map
	dec := yaml.NewDecoder(bytes.NewReader(data))
	r := reader{open: map[*yaml.Node]bool{}}
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if len(doc.Content) == 0 {
			continue
		}
		v, err := r.value(doc.Content[0])
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case nil:
		case Map:
			out = append(out, v)
		default:
			return nil, at(doc.Content[0], "a document must be a mapping of keys to values")
		}
	}
}

type reader struct {
	nodes int
	open  map[*yaml.Node]bool // anchors being unfolded
}

func at(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

func (r *reader) value(n *yaml.Node) (Value, error) {
	if r.nodes++; r.nodes > maxNodes {
		return nil, at(n, "the aliases unfold to more than %d values", maxNodes)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n)
	case yaml.SequenceNode:
		list := make(List, len(n.Content))
		for i, item := range n.Content {
			v, err := r.value(item)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.AliasNode:
		if r.open[n.Alias] {
			return nil, at(n, "the alias *%s stands inside what it refers to", n.Value)
		}
		r.open[n.Alias] = true
		defer delete(r.open, n.Alias)
		return r.value(n.Alias)
	}
	return scalar(n)
}

func (r *reader) mapping(n *yaml.Node) (Value, error) {
	m := make(Map, 0, len(n.Content)/2)
	var merged []Map
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		v, err := r.value(value)
		if err != nil {
			return nil, err
		}
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			more, err := mergeable(value, v)
			if err != nil {
				return nil, err
			}
			merged = append(merged, more...)
			continue
		}
		k, err := r.value(key)
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok {
			if key.Kind == yaml.ScalarNode && key.Value != "" {
				return nil, at(key, "the key %s is not a string: write %q", key.Value, key.Value)
			}
			return nil, at(key, "a key must be a string")
		}
		if seen[name] {
			return nil, at(key, "the key %q is repeated", name)
		}
		seen[name] = true
		m = append(m, Field{name, v})
	}
	for _, more := range merged {
		for _, f := range more {
			if !seen[f.Key] {
				seen[f.Key] = true
				m = append(m, f)
			}
		}
	}
	return m, nil
}

// mergeable returns the mappings that a merge key brings in.
func mergeable(n *yaml.Node, v Value) ([]Map, error) {
	switch v := v.(type) {
	case Map:
		return []Map{v}, nil
	case List:
		maps := make([]Map, len(v))
		for i, item := range v {
			m, ok := item.(Map)
			if !ok {
				return nil, at(n, "<< takes mappings only")
			}
			maps[i] = m
		}
		return maps, nil
	}
	return nil, at(n, "<< takes mappings only")
}

func scalar(n *yaml.Node) (Value, error) {
	switch n.ShortTag() {
	case "!!str", "!!timestamp", "!!merge":
		if n.Style == 0 {
			switch n.Value {
			case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
				return true, nil
			case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
				return false, nil
			}
		}
		return n.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return nil, at(n, "%q is not a bool", n.Value)
		}
		return b, nil
	case "!!int":
		if plain := strings.ReplaceAll(n.Value, "_", ""); strings.Contains(plain, "o-") || strings.Contains(plain, "o+") {
			return n.Value, nil // the parser takes 0o-7 for a number, kubectl does not
		}
		var i int64
		if n.Decode(&i) == nil {
			return i, nil
		}
		return float(n)
	case "!!float":
		return float(n)
	}
	return nil, at(n, "a value tagged %s has no counterpart in JSON", n.Tag)
}

// float reads a number that is not, or too large for, an integer.
func float(n *yaml.Node) (Value, error) {
	var f float64
	if n.Decode(&f) != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, at(n, "%s is not a number that JSON has", n.Value)
	}
	if i := int64(f); n.ShortTag() == "!!float" && float64(i) == f && math.Abs(f) < 1<<53 {
		return i, nil // as 1e3 and 2.0 reach the API server
	}
	return f, nil
}
