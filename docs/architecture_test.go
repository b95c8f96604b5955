package docs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
)

const (
	architecture = "architecture.md"
	module       = "github.com/tenantry/tenantry/"
)

// TestStagesAndChecks writes the tables of the compiler into the page.
func TestStagesAndChecks(t *testing.T) {
	page := read(t, architecture)
	want := section(t, section(t, page, "stages", stages()), "checks", checks())
	if page == want {
		return
	}
	if os.Getenv("TENANTRY_UPDATE") == "" {
		t.Fatalf("%s differs from the compiler's tables; TENANTRY_UPDATE=1 renews it", architecture)
	}
	if err := os.WriteFile(architecture, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// stages draws the stages and lists what they make.
func stages() string {
	var picture, table strings.Builder
	table.WriteString("| Stage | Makes | What that is |\n| --- | --- | --- |\n")
	for i, s := range compiler.Stages() {
		if i > 0 {
			picture.WriteString(" --> ")
		}
		fmt.Fprintf(&picture, "%s[%s<br/><i>%s</i>]", s.Name, s.Name, s.Makes)
		fmt.Fprintf(&table, "| %s | %s | %s |\n", s.Name, s.Makes, s.Purpose)
	}
	return "```mermaid\nflowchart LR\n  " + picture.String() + "\n```\n\n" + table.String()
}

func checks() string {
	var table strings.Builder
	table.WriteString("| Check | After | What it finds out |\n| --- | --- | --- |\n")
	for _, c := range compiler.Checks() {
		fmt.Fprintf(&table, "| %s | %s | whether %s |\n", c.Name, c.After, c.Purpose)
	}
	return table.String()
}

// TestChecksNameStages finds checks that would never run.
func TestChecksNameStages(t *testing.T) {
	names := map[string]bool{}
	for _, s := range compiler.Stages() {
		if names[s.Name] {
			t.Errorf("two stages are called %s", s.Name)
		}
		names[s.Name] = true
	}
	seen := map[string]bool{}
	for _, c := range compiler.Checks() {
		if !names[c.After] {
			t.Errorf("check %s runs after %q, which is not a stage", c.Name, c.After)
		}
		if seen[c.Name] {
			t.Errorf("two checks are called %s", c.Name)
		}
		seen[c.Name] = true
	}
}

// section replaces what is between the markers of a section.
func section(t *testing.T, page, name, content string) string {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- %s: written by the tests -->\n", name), "<!-- end -->"
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no section %s", architecture, name)
	}
	return before + begin + content + end + after
}

// TestFloors holds the imports of all packages against the floors that the page lists.
func TestFloors(t *testing.T) {
	floors := readFloors(t)
	floor := func(path string) int {
		best, length := -1, -1
		for i, prefixes := range floors {
			for _, p := range prefixes {
				if len(p) > length && (path == p || strings.HasPrefix(path, p+"/")) {
					best, length = i, len(p)
				}
			}
		}
		return best
	}
	imports := 0
	for path, imported := range packages(t) {
		own := floor(path)
		if own < 0 {
			t.Errorf("%s lies on no floor of %s", path, architecture)
			continue
		}
		for _, other := range imported {
			imports++
			if at := floor(other); at >= 0 && at < own {
				t.Errorf("%s imports %s, which lies on a floor above it", path, other)
			}
		}
	}
	if imports < 100 {
		t.Errorf("only %d imports were found", imports)
	}
}

// readFloors returns the packages of each floor, from the top down. A package on a floor
// brings along all packages below it in the tree that no other row names.
func readFloors(t *testing.T) [][]string {
	t.Helper()
	_, table, ok := strings.Cut(read(t, architecture), "| Floor | Packages |")
	if !ok {
		t.Fatalf("%s has no table of floors", architecture)
	}
	name := regexp.MustCompile("`([^`]+)`")
	var out [][]string
	for _, row := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(row, "|")
		if len(cells) < 4 {
			break
		}
		var floor []string
		for _, m := range name.FindAllStringSubmatch(cells[2], -1) {
			floor = append(floor, m[1])
		}
		out = append(out, floor)
	}
	if len(out) < 5 {
		t.Fatalf("%s lists only %d floors", architecture, len(out))
	}
	return out
}

// packages returns what each package of the tool imports of the others, by path in the
// module.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports", "./cmd/...", "./compiler/...", "./render/...", "./schema/...", "./internal/...")
	command.Dir = ".."
	command.Stderr = os.Stderr
	data, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(data))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(p.ImportPath, module)
		out[path] = nil
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, module); ours {
				out[path] = append(out[path], other)
			}
		}
	}
}

func read(t *testing.T, page string) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
