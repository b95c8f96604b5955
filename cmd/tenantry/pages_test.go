package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// pages are all that people read: what a page says is in the binary.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/adr/*.md", "docs/commands/*.md", "docs/*.yml", "examples/*/README.md", "action.yml"} {
		names, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[strings.TrimPrefix(name, repository+"/")] = string(data)
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d pages", len(out))
	}
	return out
}

var (
	// commandLine is a line of a block that is a command, and commandInCode one within a line.
	commandLine   = regexp.MustCompile(`^ *(?:\$ |- (?:run: )?)?(tenantry [a-z].*)`)
	commandInCode = regexp.MustCompile("`(tenantry [a-z][^`\n]*)`")
	word          = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
	flagInCode    = regexp.MustCompile("`(--[a-z][a-z-]+)[^`]*`")
	codeInText    = regexp.MustCompile(`TEN[0-9]{4}`)
	fieldInCode   = regexp.MustCompile("`([a-z][A-Za-z]*(?:\\.[a-z][A-Za-z]*)+)(?::[^`]*)?`")
	promise       = regexp.MustCompile(`(?i)\b(not yet|coming soon|to be done|is planned|will be supported|TODO|work in progress)\b`)
)

// TestPagesSayWhatTheBinaryDoes holds the pages against the binary: commands, flags and their
// values, codes and fields are there, and nothing is put off.
func TestPagesSayWhatTheBinaryDoes(t *testing.T) {
	flags := allFlags(newRoot())
	commands, fields := 0, 0
	for name, text := range pages(t) {
		for _, line := range commandsOf(text, strings.HasSuffix(name, ".md")) {
			if problem := checkCommand(line); problem != "" {
				t.Errorf("%s: %s: %s", name, line, problem)
			}
			commands++
		}
		for _, m := range flagInCode.FindAllStringSubmatch(text, -1) {
			if !flags[strings.TrimPrefix(m[1], "--")] {
				t.Errorf("%s: no command has the flag %s", name, m[1])
			}
		}
		for _, code := range codeInText.FindAllString(text, -1) {
			if !slices.ContainsFunc(diag.Entries(), func(e diag.Entry) bool { return string(e.Code) == code }) {
				t.Errorf("%s: there is no code %s", name, code)
			}
		}
		for _, m := range fieldInCode.FindAllStringSubmatch(text, -1) {
			if strings.HasSuffix(m[1], ".io") {
				continue // a group of Kubernetes
			}
			switch isField(strings.Split(m[1], ".")) {
			case wrongField:
				t.Errorf("%s: there is no field %s", name, m[1])
			case knownField:
				fields++
			}
		}
		if m := promise.FindString(text); m != "" {
			t.Errorf("%s says %q: a page says what is there", name, m)
		}
	}
	t.Logf("%d commands and %d fields", commands, fields)
	if commands < 100 || fields < 15 {
		t.Error("that is too few for the test to say anything")
	}
}

// TestWrongPagesAreFound states that what the binary does not have is found.
func TestWrongPagesAreFound(t *testing.T) {
	for line, wrong := range map[string]bool{
		"tenantry list --nonsense": true, "tenantry lst": true, "tenantry list -o pictures": true, "tenantry api lcm a b": true,
		"tenantry list -o json | jq .": false, "tenantry help list": false, "tenantry plan --fail-on deletion": false,
	} {
		if problem := checkCommand(line); (problem != "") != wrong {
			t.Errorf("%s: %q", line, problem)
		}
	}
	for path, want := range map[string]fieldKind{
		"settings.deletion.grace": knownField, "settings.deletion.days": wrongField, "placement.release": knownField, "placement.freed": wrongField, "object.spec": foreignField,
	} {
		if got := isField(strings.Split(path, ".")); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := commandsOf("tenantry is a tool\n```sh\n$ tenantry vet\n```\nsay `tenantry list`\n", true); !slices.Equal(got, []string{"tenantry vet", "tenantry list"}) {
		t.Errorf("commands are %q", got)
	}
}

// commandsOf returns the commands of a page: in blocks, and in code within lines.
func commandsOf(text string, markdown bool) (out []string) {
	block := !markdown
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case markdown && strings.HasPrefix(strings.TrimSpace(line), "```"):
			block = !block
		case block:
			if m := commandLine.FindStringSubmatch(line); m != nil {
				out = append(out, m[1])
			}
		default:
			for _, m := range commandInCode.FindAllStringSubmatch(line, -1) {
				out = append(out, m[1])
			}
		}
	}
	return out
}

// checkCommand says what is wrong with a command line; "" if nothing is.
func checkCommand(line string) string {
	var args []string
	for _, w := range word.FindAllString(line, -1)[1:] {
		if strings.HasPrefix(w, "#") || slices.Contains([]string{"|", "||", "&&", ">", ">>", "<", "2>", ";", "\\"}, w) {
			break
		}
		args = append(args, strings.Trim(strings.TrimRight(w, ";,."), `"'`))
	}
	root := newRoot()
	root.SetOut(io.Discard)
	root.InitDefaultHelpCmd()
	c, rest, err := root.Find(args)
	if err != nil {
		return err.Error()
	}
	if c.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return "there is no such command"
	}
	c.InitDefaultHelpFlag()
	if slices.ContainsFunc(rest, func(arg string) bool {
		return strings.ContainsAny(arg, "$…<") || strings.ToUpper(arg) == arg && len(arg) > 2
	}) {
		return "" // values are left open; flags are looked at where they stand alone
	}
	if err := c.ParseFlags(rest); err != nil && !strings.HasPrefix(err.Error(), "flag needs an argument") {
		return err.Error()
	}
	return ""
}

func allFlags(c *cobra.Command) map[string]bool {
	out := map[string]bool{"help": true}
	note := func(f *pflag.Flag) { out[f.Name] = true }
	c.Flags().VisitAll(note)
	c.PersistentFlags().VisitAll(note)
	for _, sub := range c.Commands() {
		for name := range allFlags(sub) {
			out[name] = true
		}
	}
	return out
}

type fieldKind int

const (
	foreignField fieldKind = iota
	knownField
	wrongField
)

// isField looks for a path of fields in the documents: from the top, or from within one. A
// path that begins like none of them is something else.
func isField(path []string) fieldKind {
	kind := foreignField
	for _, from := range documentTypes() {
		f, ok := fieldOf(from, path[0])
		if !ok {
			continue
		}
		if resolves(f, path[1:]) {
			return knownField
		}
		kind = wrongField
	}
	return kind
}

func documentTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[struct {
			Settings schema.Settings `json:"settings"`
		}](),
		reflect.TypeFor[schema.Settings](), reflect.TypeFor[schema.PhysicalCluster](), reflect.TypeFor[schema.LogicalCluster](),
		reflect.TypeFor[schema.Class](), reflect.TypeFor[schema.Organization](), reflect.TypeFor[schema.APISet](),
	}
}

func resolves(t reflect.Type, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return resolves(t.Elem(), path)
	case reflect.Map:
		return resolves(t.Elem(), path[1:])
	case reflect.Struct:
		f, ok := fieldOf(t, path[0])
		return ok && resolves(f, path[1:])
	}
	return false
}

func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Type, true
		}
	}
	return nil, false
}
