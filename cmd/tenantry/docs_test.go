package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/testkit"
)

const repository = "../.."

// TestCommandPages holds docs/commands equal to what the commands say of
// themselves.
func TestCommandPages(t *testing.T) {
	dir := filepath.Join(repository, "docs", "commands")
	root := newRoot()
	want := map[string]string{"README.md": commandIndex(root)}
	for _, c := range documented(root) {
		want[pageName(c)] = commandPage(c)
	}
	testkit.GoldenFiles(t, dir, want)
}

func commandIndex(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nThis page and those that it lists are generated from the commands themselves; `tenantry help COMMAND` prints the same.\n\n%s\n\n", root.Long)
	for _, c := range documented(root) {
		fmt.Fprintf(&b, "- [%s](%s): %s\n", c.CommandPath(), pageName(c), c.Short)
	}
	return b.String()
}

// documented are the commands that do something: of one that only gathers others,
// these.
func documented(root *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, c := range root.Commands() {
		if c.HasSubCommands() {
			out = append(out, documented(c)...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

func pageName(c *cobra.Command) string {
	return strings.ReplaceAll(strings.TrimPrefix(c.CommandPath(), "tenantry "), " ", "-") + ".md"
}

func commandPage(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n```text\n%s\n```\n", c.CommandPath(), c.Short, strings.TrimSuffix(c.UseLine(), " [flags]")+" [flags]")
	if c.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", c.Long)
	}
	if c.Example != "" {
		var lines []string
		for line := range strings.SplitSeq(c.Example, "\n") {
			lines = append(lines, strings.TrimPrefix(line, "  "))
		}
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", strings.Join(lines, "\n"))
	}
	var flags []string
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			flags = append(flags, flagLine(f))
		}
	})
	if len(flags) > 0 {
		fmt.Fprintf(&b, "\n## Flags\n\n| Flag | Meaning | Default |\n| --- | --- | --- |\n%s", strings.Join(flags, ""))
	}
	return b.String()
}

// defaultsOfMachines are the defaults that differ from machine to machine.
var defaultsOfMachines = map[string]string{
	"cache":   "`$TENANTRY_CACHE`, else `tenantry` in the user's cache directory",
	"workers": "one for each processor",
}

func flagLine(f *pflag.Flag) string {
	name := "`--" + f.Name + "`"
	if f.Shorthand != "" {
		name = "`-" + f.Shorthand + "`, " + name
	}
	def, ok := defaultsOfMachines[f.Name]
	if !ok && f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
		def = "`" + f.DefValue + "`"
	}
	return fmt.Sprintf("| %s | %s | %s |\n", name, strings.ReplaceAll(f.Usage, "|", `\|`), def)
}

// TestSessions runs the sessions at a terminal that pages show, each page on a
// copy of the examples, and compares what is printed. A block of CUE or YAML
// between them that names its file is put there first.
func TestSessions(t *testing.T) {
	for _, p := range []struct{ page, dir, repo string }{
		{"README.md", ".", "examples/simple/repo"},
		{"examples/simple/README.md", "examples/simple", "repo"},
		{"examples/hosted/README.md", "examples/hosted", "repo"},
	} {
		t.Run(p.page, func(t *testing.T) {
			page, err := filepath.Abs(filepath.Join(repository, p.page))
			if err != nil {
				t.Fatal(err)
			}
			copied := t.TempDir()
			if err := os.CopyFS(filepath.Join(copied, "examples"), os.DirFS(filepath.Join(repository, "examples"))); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TENANTRY_CACHE", t.TempDir())
			t.Chdir(filepath.Join(copied, p.dir))
			testkit.GitInit(t, p.repo, "The tenancy repo")
			testkit.Golden(t, page, replay(t, testkit.ReadFile(t, page), p.repo, filepath.Join(filepath.Dir(page), p.repo)))
		})
	}
}

var (
	blockLine = regexp.MustCompile("(?ms)^```(console|cue|yaml)\n(.*?)^```$")
	fileLine  = regexp.MustCompile(`^(?://|#) ([a-z0-9./-]+\.(?:cue|yaml))\n`)
)

// replay runs the sessions of a page and returns the page as it should be.
// original is the repo that repo is a copy of.
func replay(t *testing.T, page, repo, original string) string {
	return blockLine.ReplaceAllStringFunc(page, func(block string) string {
		m := blockLine.FindStringSubmatch(block)
		if m[1] == "console" {
			return "```console\n" + session(t, m[2]) + "```"
		}
		file := fileLine.FindStringSubmatch(m[2])
		if file == nil {
			return block
		}
		if _, err := os.Stat(filepath.Join(original, file[1])); err == nil {
			return block // a part of what stands there
		}
		name := filepath.Join(repo, file[1])
		body := strings.TrimPrefix(m[2], file[0])
		if strings.HasSuffix(name, ".cue") && !strings.Contains(body, "package tenancy") {
			body = "package tenancy\n\n" + body
		}
		testkit.WriteFile(t, name, body)
		return block
	})
}

// session runs the lines that begin with $ and returns them with what they
// print.
func session(t *testing.T, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		fmt.Fprintln(&b, line)
		args := strings.Fields(command)
		switch args[0] {
		case "tenantry":
			var printed bytes.Buffer
			code := execute(t.Context(), args[1:], &printed, &printed)
			b.Write(printed.Bytes())
			if code != cli.ExitOK {
				fmt.Fprintf(&b, "(exit code %d)\n", code)
			}
		case "cat", "head":
			b.WriteString(head(t, args))
		case "find":
			err := filepath.WalkDir(args[1], func(name string, d fs.DirEntry, err error) error {
				if err == nil && d.Name() == ".tenantry" {
					return fs.SkipDir
				}
				if err == nil && !d.IsDir() {
					fmt.Fprintln(&b, filepath.ToSlash(name))
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("a session has %q, which nobody runs here", args[0])
		}
	}
	return b.String()
}

// head returns the first lines of a file: "head -n 10 FILE", or all: "cat FILE".
func head(t *testing.T, args []string) string {
	data, err := os.ReadFile(args[len(args)-1])
	if err != nil {
		t.Error(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	if args[0] == "head" {
		n, err := strconv.Atoi(args[2])
		if err != nil {
			t.Error(err)
		}
		lines = lines[:min(n, len(lines))]
	}
	return strings.Join(lines, "")
}
