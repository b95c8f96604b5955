package main

import (
	"bytes"
	"fmt"
	"github.com/tenantry/tenantry/internal/cli"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const repository = "../.."

// updating tells whether generated pages are to be rewritten.
func updating() bool { return os.Getenv("TENANTRY_UPDATE") != "" }

// TestCommandPages holds docs/commands equal to what the commands say of
// themselves.
func TestCommandPages(t *testing.T) {
	dir := filepath.Join(repository, "docs", "commands")
	root := newRoot()
	want := map[string]string{"README.md": commandIndex(root)}
	for _, c := range documented(root) {
		want[pageName(c)] = commandPage(c)
	}
	if updating() {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for name, page := range want {
			writeFile(t, filepath.Join(dir, name), page)
		}
	}
	have := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		have[e.Name()] = string(data)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("docs/commands has drifted (-commands +pages); TENANTRY_UPDATE=1 renews it:\n%s", diff)
	}
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
			commit(t, p.repo)
			before, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			after := replay(t, string(before), p.repo, filepath.Join(filepath.Dir(page), p.repo))
			if updating() {
				writeFile(t, page, after)
				return
			}
			if diff := cmp.Diff(string(before), after); diff != "" {
				t.Errorf("%s shows something else (-page +run); TENANTRY_UPDATE=1 renews it:\n%s", p.page, diff)
			}
		})
	}
}

// commit makes a directory a git repository whose branch main holds what stands
// there, by a commit that is the same at any time.
func commit(t *testing.T, dir string) {
	t.Helper()
	r, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: plumbing.Main}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddGlob("."); err != nil {
		t.Fatal(err)
	}
	who := &object.Signature{Name: "Acme", Email: "platform@acme.example", When: time.Unix(0, 0).UTC()}
	if _, err := w.Commit("The tenancy repo", &git.CommitOptions{Author: who}); err != nil {
		t.Fatal(err)
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
		writeFile(t, name, body)
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

func writeFile(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}
