package evolution

import (
	"fmt"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

var formatRule = &rule{
	ID:     "format",
	Looks:  "format",
	Reason: "The API server checks the formats that it knows and ignores all others. Formats are compared by equality, except that int32 is within int64 and float within double.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a format that is checked", effect: altersType},
		{ID: "changed", Writers: Breaking, Readers: Breaking, What: "another format"},
		{ID: "widened", Writers: Compatible, Readers: Breaking, What: "a number of more bits", effect: altersType},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a format is no longer checked", effect: altersType},
		{ID: "unchecked", Writers: Compatible, Readers: Compatible, What: "a change that makes no difference to the API server", effect: altersType},
	},
	schema: func(n *node) {
		if n.was.Format == n.is.Format && typeName(n.was) == typeName(n.is) {
			return
		}
		old, new := checkedFormat(n.was), checkedFormat(n.is)
		said, says := n.was.Format, n.is.Format
		a, b := typeName(n.was), typeName(n.is)
		opened := a == intOrString && b == anyType || a == anyType && b == intOrString
		widened := old == "int32" && new == "int64" || old == "float" && new == "double"
		switch {
		case opened && old == new && new != "":
			n.report("changed", orNil(said), orNil(says), fmt.Sprintf("with the format %s, a value of any type is a string, and one that is int-or-string can be a number", new))
		case old == new, said == "" && strings.HasPrefix(old, "int") && (new == "" || new == "double"): // the type changes, and says it all
			if said != says {
				n.report("unchecked", orNil(said), orNil(says), fmt.Sprintf("the format changes from %q to %q, which makes no difference to the API server", said, says))
			}
		case new == "", strings.HasPrefix(old, "int") && new == "double":
			n.report("removed", orNil(said), orNil(says), fmt.Sprintf("the format %s is no longer checked", old))
		case widened:
			n.report("widened", said, orNil(says), fmt.Sprintf("numbers may be %s instead of %s", new, old))
		case old == "", said == "":
			n.report("added", orNil(said), says, fmt.Sprintf("the format %s is checked now", new))
		default:
			n.report("changed", said, orNil(says), fmt.Sprintf("the format changes from %s to %s", old, new))
		}
		n.old.Format, n.new.Format = "", ""
	},
}

// checkedFormat returns the format that the API server checks, "" for none.
// Formats are known by their names without dashes. Integers and numbers are
// checked to fit into 64 bits whether or not a format says so.
func checkedFormat(s *props) string {
	t := typeName(s)
	if t == intOrString || t == anyType {
		t = "" // the API server then knows the formats of strings
	}
	schema := &spec.Schema{SchemaProps: spec.SchemaProps{Format: s.Format}}
	if t != "" {
		schema.Type = spec.StringOrArray{t}
	}
	known := s.Format != "" && len(validation.GetUnrecognizedFormats(schema, environment.DefaultCompatibilityVersion())) == 0
	switch {
	case t == "integer" && (!known || s.Format == "int64"):
		return "int64"
	case t == "number" && (!known || s.Format == "double"):
		return "double"
	case !known:
		return ""
	}
	return strings.ReplaceAll(s.Format, "-", "")
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
