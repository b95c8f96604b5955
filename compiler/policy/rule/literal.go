package rule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Literal writes a JSON value as a CEL expression. Literals of maps and lists
// must be of one type, so what stands in them is marked as dynamic.
func Literal(value any) string {
	switch x := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		text := strconv.FormatFloat(x, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text
	case string:
		return String(x)
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = Dynamic(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(x)) {
			parts = append(parts, String(name)+": "+Dynamic(x[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "null"
}

func Dynamic(value any) string {
	if s, ok := value.(string); ok {
		return "dyn(" + String(s) + ")"
	}
	return "dyn(" + Literal(value) + ")"
}

// String writes a text as a CEL literal.
func String(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// Identifier reports whether a text can be the name of a field in an expression.
func Identifier(s string) bool { return identifier.MatchString(s) }

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
