package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Outputs is a flag -o that may be repeated. Each value names a format, and with
// FORMAT=FILE a file; one format at most goes to standard output.
type Outputs[T any] struct {
	formats []Format[T]
	refusal string
	targets []target
	given   bool
}

// target is where an answer goes, in a format. No file is standard output.
type target struct{ format, file string }

func (t target) String() string {
	if t.file == "" {
		return t.format
	}
	return t.format + "=" + t.file
}

// Register adds the flag to a command. Its default is the first format.
func (o *Outputs[T]) Register(c *cobra.Command, words Wording, formats ...Format[T]) {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	o.formats, o.refusal, o.targets = formats, words.Refusal, []target{{format: names[0]}}
	c.Flags().VarP(o, "output", "o", words.Usage)
	Complete(c, "output", names...)
}

// Type implements pflag.Value; help shows it as what the flag takes.
func (o *Outputs[T]) Type() string { return "stringArray" }

// String implements pflag.Value.
func (o *Outputs[T]) String() string {
	var list []string
	for _, t := range o.targets {
		list = append(list, t.String())
	}
	return "[" + strings.Join(list, ",") + "]"
}

// Set implements pflag.Value. The first value replaces the default.
func (o *Outputs[T]) Set(value string) error {
	if !o.given {
		o.targets, o.given = nil, true
	}
	format, file, named := strings.Cut(value, "=")
	switch {
	case !slices.ContainsFunc(o.formats, func(f Format[T]) bool { return f.Name == format }):
		return UsageError{fmt.Sprintf(o.refusal, format)}
	case named && file == "":
		return UsageError{fmt.Sprintf("-o %s names no file", value)}
	case slices.ContainsFunc(o.targets, func(t target) bool { return t.file == file }):
		return UsageError{fmt.Sprintf("-o %s: %s is written already: a format beside it needs a file, as in %s=FILE", value, cmp.Or(file, "standard output"), format)}
	}
	o.targets = append(o.targets, target{format, file})
	return nil
}

// Write writes an answer to everything that was named, and to w for standard output.
func (o *Outputs[T]) Write(w io.Writer, answer T) error {
	for _, t := range o.targets {
		i := slices.IndexFunc(o.formats, func(f Format[T]) bool { return f.Name == t.format })
		if err := t.write(w, func(w io.Writer) error { return o.formats[i].Write(answer, w) }); err != nil {
			return err
		}
	}
	return nil
}

func (t target) write(w io.Writer, write func(io.Writer) error) (err error) {
	if t.file == "" {
		return write(w)
	}
	f, err := os.Create(t.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}
