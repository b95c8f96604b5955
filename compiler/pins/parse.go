package pins

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/schema"
	"go.yaml.in/yaml/v3"
)

// damage is what is wrong at a line of a file. It reads on after the file's name.
type damage struct {
	line    int
	message string
}

func (d damage) Error() string { return fmt.Sprintf(":%d: %s", d.line, d.message) }

func wrong(n *yaml.Node, format string, args ...any) error {
	return damage{n.Line, fmt.Sprintf(format, args...)}
}

// parse reads a file strictly: what it does not know, it refuses.
func parse(data []byte) (*file, error) {
	top, err := soleDocument(data)
	if err != nil {
		return nil, err
	}
	f := &file{}
	var version, object string
	err = mapping(top, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "apiVersion":
			version, err = text(v)
		case "kind":
			object, err = text(v)
		case "asOf":
			f.AsOf, err = date(v)
		case "organizations":
			f.Organizations, err = texts(v)
		case "stored":
			f.Stored, err = list(v, parseStored)
		case "logicalClusters":
			err = mapping(v, func(key string, v *yaml.Node) error {
				lc, err := parseLogicalCluster(key, v)
				f.Clusters = append(f.Clusters, lc)
				return err
			})
		case "documents":
			f.Documents, err = list(v, parseDocument)
		case "texts":
			f.Texts, err = list(v, parseText)
		default:
			err = unknown(v, key)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case version != apiVersion || object != kind:
		return nil, wrong(top, "want apiVersion %s and kind %s, have %q and %q", apiVersion, kind, version, object)
	}
	return f, nil
}

// soleDocument returns the content of a file that is one YAML document.
func soleDocument(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, damage{1, "the file is empty"}
		}
		return nil, fmt.Errorf(": %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf(": more than one YAML document")
	}
	return doc.Content[0], nil
}

// definitionName keeps a name from leading out of its directory.
var definitionName = regexp.MustCompile(`^[a-z0-9][-.a-z0-9]*$`)

func parseDocument(n *yaml.Node) (pinnedDocument, error) {
	var d pinnedDocument
	err := mapping(n, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "kind":
			var kind string
			kind, err = text(v)
			d.Kind = schema.Kind(kind)
		case "key":
			d.Key, err = text(v)
		case "dir":
			d.Dir, err = text(v)
		case "definitions":
			err = mapping(v, func(version string, v *yaml.Node) error {
				return mapping(v, func(resource string, v *yaml.Node) error {
					name, err := text(v)
					if err == nil && !definitionName.MatchString(name) {
						err = wrong(v, "%q is no name of a definition", name)
					}
					d.Definitions = append(d.Definitions, Definition{Version: version, Resource: resource, Name: name})
					return err
				})
			})
		case "document":
			d.Body, err = appendJSON(nil, v)
		default:
			err = unknown(v, key)
		}
		return err
	})
	if err == nil && (d.Kind == "" || d.Body == nil) {
		err = wrong(n, "a document needs its kind and its content")
	}
	return d, err
}

func parseStored(n *yaml.Node) (stored, error) {
	var d stored
	err := mapping(n, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "name":
			d.Name, err = text(v)
		case "storage":
			d.Storage, err = text(v)
		case "versions":
			d.Versions, err = texts(v)
		case "clusters":
			d.Clusters, err = texts(v)
		default:
			err = unknown(v, key)
		}
		return err
	})
	if err == nil && (d.Name == "" || len(d.Clusters) == 0 || !slices.Contains(d.Versions, d.Storage)) {
		err = wrong(n, "a definition needs its name, the versions in which objects are stored, and the physical clusters")
	}
	return d, err
}

func parseLogicalCluster(key string, n *yaml.Node) (logicalCluster, error) {
	lc := logicalCluster{Key: key, LogicalCluster: &LogicalCluster{}}
	err := parseSite(n, &lc.Site, func(field string, v *yaml.Node) error {
		if field == "apis" {
			var err error
			lc.APIs, err = texted(v)
			return err
		}
		if field != "left" {
			return unknown(v, field)
		}
		var err error
		lc.Left, err = list(v, func(v *yaml.Node) (s Site, err error) {
			err = parseSite(v, &s, func(field string, v *yaml.Node) error { return unknown(v, field) })
			if err == nil && (s.Phase == Present || s.Phase == Stopped) {
				err = wrong(v, "%q has left %q, so another phase must stand here", key, s.Cluster)
			}
			return s, err
		})
		return err
	})
	return lc, err
}

func parseSite(n *yaml.Node, s *Site, other func(key string, v *yaml.Node) error) error {
	err := mapping(n, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "cluster":
			s.Cluster, err = text(v)
		case "cut":
			s.Cut, err = text(v)
		case "namespaces":
			s.Namespaces, err = names(v)
		case "retired":
			s.Retired, err = names(v)
		case "phase":
			var phase string
			phase, err = text(v)
			s.Phase = Phase(phase)
		case "since":
			s.Since, err = date(v)
		case "bare":
			s.Bare, err = true, v.Decode(&s.Bare)
		default:
			err = other(key, v)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case s.Cluster == "":
		return wrong(n, "the physical cluster is missing")
	case !slices.Contains([]Phase{Present, Leaving, Stopped, Confirmed, Gone}, s.Phase):
		return wrong(n, "%q is no phase", s.Phase)
	case (s.Phase == Present) != (s.Since == ""):
		return wrong(n, "a phase and the date of its begin stand together")
	}
	return nil
}

func names(n *yaml.Node) (Names, error) {
	m, err := texted(n)
	return NamesOf(m), err
}

// texted reads a mapping of texts.
func texted(n *yaml.Node) (map[string]string, error) {
	out := map[string]string{}
	err := mapping(n, func(name string, v *yaml.Node) (err error) {
		out[name], err = text(v)
		return err
	})
	return out, err
}

func unknown(n *yaml.Node, field string) error { return wrong(n, "unknown field %q", field) }

// mapping calls f for each field of a mapping, and refuses repeated ones.
func mapping(n *yaml.Node, f func(key string, v *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode || explicit(n) {
		return wrong(n, "want a mapping")
	}
	var seen map[string]bool
	for i := 0; i < len(n.Content); i += 2 {
		key, err := text(n.Content[i])
		if err != nil {
			return err
		}
		// Sorted keys, as they are written, can't repeat unnoticed; only others need a memory.
		if i > 0 && seen == nil && key <= n.Content[i-2].Value {
			seen = make(map[string]bool, len(n.Content)/2)
			for j := 0; j < i; j += 2 {
				seen[n.Content[j].Value] = true
			}
		}
		if seen != nil {
			if seen[key] {
				return wrong(n.Content[i], "field %q stands twice", key)
			}
			seen[key] = true
		}
		if err := f(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func sequence(n *yaml.Node, f func(v *yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode || explicit(n) {
		return wrong(n, "want a list")
	}
	for _, v := range n.Content {
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

func text(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || explicit(n) || n.Style == 0 && isNull(n.Value) {
		return "", wrong(n, "want a string")
	}
	return n.Value, nil
}

func texts(n *yaml.Node) ([]string, error) { return list(n, text) }

// list reads each element of a list.
func list[T any](n *yaml.Node, read func(v *yaml.Node) (T, error)) ([]T, error) {
	var out []T
	err := sequence(n, func(v *yaml.Node) error {
		element, err := read(v)
		out = append(out, element)
		return err
	})
	return out, err
}

func date(n *yaml.Node) (string, error) {
	s, err := text(n)
	if err == nil {
		if _, bad := time.Parse(time.DateOnly, s); bad != nil {
			err = wrong(n, "%q is no date", s)
		}
	}
	return s, err
}

func isNull(plain string) bool { return plain == "" || plain == "~" || plain == "null" }

// explicit reports what a person would not write and the compiler never does:
// tags, anchors and aliases.
func explicit(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0
}
