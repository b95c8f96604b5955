package cli

import (
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/internal/printer"
)

// Format is a form in which an answer can be written.
type Format[T any] struct {
	Name  string
	Write func(answer T, w io.Writer) error
}

// As returns a format with its writer, which may be a method of the answer.
func As[T any](name string, write func(answer T, w io.Writer) error) Format[T] {
	return Format[T]{name, write}
}

// Output is the flag -o of a command: the formats of its answer, of which the first is
// the default.
type Output[T any] struct {
	choice  Choice
	formats []Format[T]
}

// Wording replaces what the flag -o says by itself.
type Wording struct {
	// Usage is "format: " with the formats, if it is empty.
	Usage string
	// Refusal is the message for a format that does not exist, with a verb for its
	// name. It is "-o is " with the formats, if it is empty.
	Refusal string
}

// Register adds the flag to a command.
func (o *Output[T]) Register(c *cobra.Command, formats ...Format[T]) {
	o.RegisterAs(c, Wording{}, formats...)
}

// RegisterAs is Register with words of the command's own.
func (o *Output[T]) RegisterAs(c *cobra.Command, words Wording, formats ...Format[T]) {
	o.formats = formats
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	if words.Usage == "" {
		words.Usage = "format: " + printer.Or(names)
	}
	o.choice.refusal = words.Refusal
	o.choice.register(c, "output", "o", names[0], words.Usage, names)
}

// Format returns the name of the chosen format.
func (o *Output[T]) Format() string { return o.choice.value }

// Write writes an answer in the chosen format.
func (o *Output[T]) Write(w io.Writer, answer T) error {
	i := slices.IndexFunc(o.formats, func(f Format[T]) bool { return f.Name == o.choice.value })
	return o.formats[i].Write(answer, w)
}
