package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// IsTerminal reports whether what is written to w is shown on a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns the width of the terminal behind w in columns, and 0 where there is
// none.
func Width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

// Color is the flag --color.
type Color struct{ choice Choice }

// Register adds the flag to a command.
func (f *Color) Register(c *cobra.Command) {
	f.choice.Register(c, "color", "auto", "colour: auto, always or never", "auto", "always", "never")
}

// On reports whether what is written to w is coloured: where that is asked for, and
// else on a terminal whose environment does not forbid it (https://no-color.org).
func (f *Color) On(w io.Writer) bool {
	switch f.choice.String() {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && IsTerminal(w)
}

// clearLine goes back to the beginning of a terminal's line and empties it.
const clearLine = "\r\x1b[K"

// Progress shows long work on a terminal, after a second, in one line that leaves no
// trace. It returns nil where w is no terminal. A call with an empty stage ends it.
func Progress(w io.Writer) func(stage string, done, total int) {
	if !IsTerminal(w) {
		return nil
	}
	start, last := time.Now(), time.Time{}
	return func(stage string, done, total int) {
		now := time.Now()
		switch {
		case stage == "":
			if !last.IsZero() {
				fmt.Fprint(w, clearLine)
			}
		case now.Sub(start) > time.Second && now.Sub(last) > 100*time.Millisecond:
			last = now
			fmt.Fprint(w, clearLine, stage)
			if total > 0 {
				fmt.Fprintf(w, " %d of %d", done, total)
			}
		}
	}
}

// Ticker tells how something stands that is waited for: on a terminal in one line that
// is written again, else in a line for each change.
type Ticker struct {
	w        io.Writer
	terminal bool
	told     string
}

// NewTicker returns a Ticker that writes to w.
func NewTicker(w io.Writer) *Ticker { return &Ticker{w: w, terminal: IsTerminal(w)} }

// Tell writes a text that is not the last one.
func (t *Ticker) Tell(text string) {
	switch {
	case text == t.told:
	case t.terminal:
		fmt.Fprint(t.w, clearLine, text)
	default:
		fmt.Fprintln(t.w, text)
	}
	t.told = text
}

// Keep leaves the last text on the terminal, and goes on below it.
func (t *Ticker) Keep() {
	if t.terminal {
		fmt.Fprintln(t.w)
	}
}

// End takes what is left in the line off the terminal.
func (t *Ticker) End() {
	if t.terminal && t.told != "" {
		fmt.Fprint(t.w, clearLine)
	}
}
