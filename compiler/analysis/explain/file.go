package explain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"go.yaml.in/yaml/v3"
)

// Rendered is one object of a rendered file.
type Rendered struct {
	Kind, Name string
	// Namespace is the physical one; empty where the object has none.
	Namespace string
	root      *yaml.Node
}

// Leaf is a field of a rendered object that holds no others.
type Leaf struct {
	Path  []string
	Value string
	Line  int
}

// ReadFile returns the objects of a rendered file.
func ReadFile(data []byte) ([]Rendered, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var out []Rendered
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
			return nil, errors.New("it holds something that is no object")
		}
		o := Rendered{root: document.Content[0]}
		o.Kind, o.Name, o.Namespace = o.text("kind"), o.text("metadata", "name"), o.text("metadata", "namespace")
		out = append(out, o)
	}
}

// find returns the node at a path, nil where there is none.
func (o *Rendered) find(path ...string) *yaml.Node {
	n := o.root
	for _, name := range path {
		n = child(n, name)
		if n == nil {
			return nil
		}
	}
	return n
}

func child(n *yaml.Node, name string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

func (o *Rendered) text(path ...string) string {
	if n := o.find(path...); n != nil {
		return n.Value
	}
	return ""
}

// Leaves returns the leaves at and below a path, none where the object has no
// such field.
func (o *Rendered) Leaves(path []string) []Leaf {
	n := o.find(path...)
	if n == nil {
		return nil
	}
	var out []Leaf
	var walk func(n *yaml.Node, at []string)
	walk = func(n *yaml.Node, at []string) {
		at = slices.Clip(at)
		switch {
		case n.Kind == yaml.MappingNode && len(n.Content) > 0:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], append(at, n.Content[i].Value))
			}
		case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
			for i := range n.Content {
				walk(n.Content[i], append(at, strconv.Itoa(i)))
			}
		case n.Kind == yaml.MappingNode:
			out = append(out, Leaf{at, "{}", n.Line})
		case n.Kind == yaml.SequenceNode:
			out = append(out, Leaf{at, "[]", n.Line})
		default:
			out = append(out, Leaf{at, n.Value, n.Line})
		}
	}
	walk(n, path)
	return out
}

// ParsePath reads a path such as .spec.hard["requests.cpu"] or .subjects[0].name.
// Quotes within brackets may be left out.
func ParsePath(text string) ([]string, error) {
	var out []string
	rest := text
	for rest != "" {
		switch rest[0] {
		case '.':
			rest = rest[1:]
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if name := rest[:end]; name != "" {
				out = append(out, name)
			} else if rest != "" && rest[0] == '.' {
				return nil, fmt.Errorf("%q names an empty field", text)
			}
			rest = rest[end:]
		case '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, fmt.Errorf("%q has a bracket that does not end", text)
			}
			name := strings.Trim(rest[1:end], `"'`)
			if name == "" {
				return nil, fmt.Errorf("%q names an empty field", text)
			}
			out = append(out, name)
			rest = rest[end+1:]
		default:
			return nil, fmt.Errorf(`%q is no path such as .spec.hard["requests.cpu"]`, text)
		}
	}
	return out, nil
}

// FormatPath writes a path as ParsePath reads it.
func FormatPath(path []string) string {
	var b strings.Builder
	for _, name := range path {
		switch {
		case strings.Trim(name, "0123456789") == "":
			b.WriteString("[" + name + "]")
		case strings.ContainsAny(name, `.[]/`):
			b.WriteString(`["` + name + `"]`)
		default:
			b.WriteString("." + name)
		}
	}
	return b.String()
}

// Of returns the logical cluster that a rendered object belongs to, by the label
// that each of them carries, and what the object is to it. Nil where it belongs
// to none that the repo has.
func (o *Rendered) Of(t *tenancy.Tenancy, states []desired.State) (*tenancy.LogicalCluster, *Object) {
	label := o.text("metadata", "labels", desired.LabelLogicalCluster)
	if label == "" {
		return nil, nil
	}
	physical := o.Namespace
	if o.Kind == "Namespace" {
		physical = o.Name
	}
	var found *desired.State
	out := &Object{Kind: o.Kind, Name: o.Name, engines: t.Targets.Engines}
	for i := range states {
		s := &states[i]
		if desired.LabelValue(s.Key) != label {
			continue
		}
		if found == nil {
			found = s
		}
		for _, n := range s.Namespaces {
			if n.Physical == physical {
				found, out.Namespace, out.Retired = s, n.Name, n.Retired
			}
		}
	}
	if found == nil {
		return nil, nil
	}
	if ref := o.text("metadata", "annotations", desired.AnnotationImplicit); ref != "" {
		out.Implicit = "the implicit resource " + ref + " gives it"
		out.Implicit += written(o, found, physical)
	}
	if o.Kind == "RoleBinding" {
		s := tenancy.Subject{Kind: o.text("subjects", "0", "kind"), Namespace: o.text("subjects", "0", "namespace"), Name: o.text("subjects", "0", "name")}
		out.Subject = s.String()
		out.Deployer = found.Source != nil && s == tenancy.Subject{Kind: "ServiceAccount", Namespace: found.Deployers, Name: desired.DeployerName(found.Key)}
	}
	return t.LogicalCluster(found.Key), out
}

// written tells where an implicit document has an object.
func written(o *Rendered, s *desired.State, physical string) string {
	for i := range s.Namespaces {
		if n := &s.Namespaces[i]; n.Physical == physical && s.Implicit != nil {
			for _, given := range s.Implicit.Objects {
				if given.Kind == o.Kind && given.In(n.Name) && given.Name(s.Values(n)) == o.Name {
					return ", written at " + given.Pos().String()
				}
			}
		}
	}
	return ""
}
