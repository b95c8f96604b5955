package docs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// snippet is a block of CUE or YAML on a page. Its first line, a comment, says
// where it stands in a tenancy repo; further such lines begin further files.
type snippet struct {
	page string
	line int
	// refused is the code of the error that the block is there to show.
	refused diag.Code
	files   map[string]string
}

// TestSnippets loads every block of CUE and YAML as a tenancy repo of its own.
func TestSnippets(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../examples/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(append(pages, "../README.md"), more...)
	found := 0
	for _, page := range pages {
		for _, s := range snippetsOf(t, page) {
			found++
			t.Run(fmt.Sprintf("%s:%d", s.page, s.line), func(t *testing.T) { s.check(t) })
		}
	}
	if found < 15 {
		t.Errorf("only %d snippets were found", found)
	}
}

func (s *snippet) check(t *testing.T) {
	files := map[string]string{}
	for name, data := range schema.RepoFiles("docs.example/tenancy") {
		files[name] = string(data)
	}
	for name, data := range s.files {
		s.compareWithExample(t, name, data)
		if strings.HasSuffix(name, ".cue") && !strings.Contains(data, "package tenancy") {
			data = "package tenancy\n\n" + data
		}
		files[name] = data
	}
	result, err := load.New(sourcetest.Tree(files), load.Options{}).Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if s.refused != "" {
		if !slices.ContainsFunc(result.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == s.refused }) {
			t.Errorf("want %s, have %v", s.refused, result.Diagnostics)
		}
		return
	}
	for _, d := range result.Diagnostics {
		t.Errorf("%s:%d: %s: %s", d.Position.File, d.Position.Line, d.Code, d.Message)
	}
	if result.Stats.Documents == 0 {
		t.Error("it declares nothing")
	}
}

// compareWithExample holds what an example's page shows of a file equal to the
// file.
func (s *snippet) compareWithExample(t *testing.T, name, data string) {
	file := filepath.Join(filepath.Dir(s.page), "repo", name)
	have, err := os.ReadFile(file)
	if err != nil {
		return
	}
	if !strings.Contains(string(have), strings.TrimSpace(data)) {
		t.Errorf("%s does not say so", file)
	}
}

var (
	fence    = regexp.MustCompile("^```(cue|yaml)(?: (TEN[0-9]{4}))?$")
	fileLine = regexp.MustCompile(`^(?://|#) ([a-z0-9./-]+\.(?:cue|yaml))$`)
)

func snippetsOf(t *testing.T, page string) []*snippet {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []*snippet
	var current *snippet
	var name string
	for i, line := range strings.Split(string(data), "\n") {
		begin := fence.FindStringSubmatch(line)
		file := fileLine.FindStringSubmatch(line)
		switch {
		case current == nil && begin != nil:
			current, name = &snippet{page: page, line: i + 1, refused: diag.Code(begin[2]), files: map[string]string{}}, ""
		case current == nil:
		case line == "```":
			out, current = append(out, current), nil
		case file != nil:
			name = file[1]
		case name == "":
			t.Fatalf("%s:%d: the block does not say in its first line in which file it stands", page, i+1)
		default:
			current.files[name] += line + "\n"
		}
	}
	return out
}
