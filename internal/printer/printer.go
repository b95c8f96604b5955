// Package printer holds what every command writes its answer with: tables, JSON, and
// counts in words. It knows nothing of what is written.
package printer

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// JSON writes a value as indented JSON. Characters that only HTML escapes stay as
// they are.
func JSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// List returns a list that JSON writes as [] and not as null.
func List[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// YAML writes a value as YAML, with the names of fields that its JSON has.
func YAML(w io.Writer, value any) error {
	data, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// Count returns a number with its noun: "1 file", "2 files".
func Count(n int, noun string) string { return Plural(n, noun, noun+"s") }

// Plural returns a number with what is said of one or of many: "1 file is", "2 files
// are".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// OrDash returns the text, or "-" for an empty one, which a table would not show.
func OrDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// Some joins the first few of a list and counts the rest.
func Some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// Join joins the elements of any list of strings with commas.
func Join[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

// Or joins alternatives: "a, b or c".
func Or(list []string) string { return sentence(list, " or ") }

// And joins names: "a, b and c".
func And(list []string) string { return sentence(list, " and ") }

// sentence joins a list with commas, and its last two elements with a word.
func sentence(list []string, word string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + word + list[last]
}
