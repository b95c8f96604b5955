package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/internal/cli"
)

// command returns a command that writes its answer, and what a run of it prints.
func command(register func(*cobra.Command), run func(w io.Writer) error) func(args ...string) (string, error) {
	return func(args ...string) (string, error) {
		var out bytes.Buffer
		c := &cobra.Command{Use: "greet", SilenceErrors: true, SilenceUsage: true, RunE: func(c *cobra.Command, _ []string) error { return run(c.OutOrStdout()) }}
		c.SetFlagErrorFunc(cli.FlagError)
		register(c)
		c.SetArgs(args)
		c.SetOut(&out)
		err := c.Execute()
		return out.String(), err
	}
}

func text(s string, w io.Writer) error {
	_, err := fmt.Fprintln(w, s)
	return err
}

func quoted(s string, w io.Writer) error { return text(fmt.Sprintf("%q", s), w) }

func TestOutput(t *testing.T) {
	for _, tt := range []struct {
		args      []string
		want, err string
	}{
		{nil, "hello\n", ""},
		{[]string{"-o", "json"}, "\"hello\"\n", ""},
		{[]string{"--output=text"}, "hello\n", ""},
		{[]string{"-o", "xml"}, "", `-o is text or json, not "xml"`},
		{[]string{"-o", ""}, "", `-o is text or json, not ""`},
		{[]string{"--state", "gone"}, "", `--state is active, frozen or deleted, not "gone"`},
		{[]string{"--state", ""}, "hello\n", ""},
		{[]string{"--nonsense"}, "", "unknown flag: --nonsense"},
	} {
		var o cli.Output[string]
		var state cli.Choice
		got, err := command(func(c *cobra.Command) {
			o.Register(c, cli.As("text", text), cli.As("json", quoted))
			state.Register(c, "state", "", "the state", "active", "frozen", "deleted")
		}, func(w io.Writer) error { return o.Write(w, "hello") })(tt.args...)
		if message := fmt.Sprint(err); got != tt.want || (err != nil || tt.err != "") && message != tt.err {
			t.Errorf("%q prints %q, error %v; want %q, %q", tt.args, got, err, tt.want, tt.err)
		}
	}
}

func TestOutputs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "greeting")
	run := func(args ...string) (string, error) {
		var o cli.Outputs[string]
		return command(func(c *cobra.Command) {
			o.Register(c, cli.Wording{Usage: "format", Refusal: "not %q"}, cli.As("text", text), cli.As("json", quoted))
		}, func(w io.Writer) error { return o.Write(w, "hello") })(args...)
	}
	got, err := run("-o", "json="+file, "-o", "text")
	if err != nil || got != "hello\n" {
		t.Errorf("prints %q, error %v", got, err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "\"hello\"\n" {
		t.Errorf("the file holds %q, error %v", data, err)
	}
	if got, err := run(); err != nil || got != "hello\n" {
		t.Errorf("by default it prints %q, error %v", got, err)
	}
	for _, args := range [][]string{{"-o", "xml"}, {"-o", "text="}, {"-o", "text", "-o", "json"}} {
		if got, err := run(args...); err == nil || got != "" {
			t.Errorf("%q prints %q, error %v", args, got, err)
		}
	}
}

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, cli.ExitOK},
		{cli.Findings{}, cli.ExitFindings},
		{fmt.Errorf("wrapped: %w", cli.Findings{}), cli.ExitFindings},
		{errors.New("findings"), cli.ExitFailed},
	} {
		if got := cli.ExitCode(tt.err); got != tt.want {
			t.Errorf("ExitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestColor(t *testing.T) {
	for mode, want := range map[string]bool{"auto": false, "never": false, "always": true} {
		var color cli.Color
		var on bool
		if _, err := command(color.Register, func(w io.Writer) error { on = color.On(w); return nil })("--color", mode); err != nil || on != want {
			t.Errorf("--color %s: %v, error %v", mode, on, err)
		}
	}
}

// Where nobody looks on, what is waited for is told once, and no progress is shown.
func TestNoTerminal(t *testing.T) {
	var b bytes.Buffer
	if cli.Progress(&b) != nil || cli.IsTerminal(&b) || cli.Width(&b) != 0 {
		t.Error("a buffer is taken for a terminal")
	}
	ticker := cli.NewTicker(&b)
	ticker.Tell("two left")
	ticker.Tell("two left")
	ticker.Tell("one left")
	ticker.Keep()
	ticker.End()
	if got, want := b.String(), "two left\none left\n"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}
