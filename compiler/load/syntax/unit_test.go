package syntax_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
)

// dir is the directory that the tests read.
const dir = "orgs/d"

// read reads files of the directory dir, and others by their paths.
func read(t *testing.T, files map[string]string) *syntax.Repo {
	t.Helper()
	all := map[string]string{"cue.mod/module.cue": "module: \"unit.example/tenancy\"\nlanguage: version: \"v0.17.0\"\n"}
	for name, text := range files {
		if strings.HasSuffix(name, ".cue") && !strings.HasPrefix(text, "package") {
			text = "package tenancy\n\n" + text + "\n"
		}
		if !strings.Contains(name, "/") {
			name = dir + "/" + name
		}
		all[name] = text
	}
	repo, err := syntax.Read(sourcetest.Tree(all), nil, func(language string, directories [][]*syntax.File) error {
		for _, files := range directories {
			for _, f := range files {
				f.Analysis = syntax.Analyze(f.File, language)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// directory returns a directory that a repo must have.
func directory(t *testing.T, repo *syntax.Repo, path string) *syntax.Directory {
	t.Helper()
	i := slices.IndexFunc(repo.Directories, func(d *syntax.Directory) bool { return d.Path == path })
	if i < 0 {
		t.Fatalf("there is no directory %s", path)
	}
	return repo.Directories[i]
}

// noLibrary is for texts that import nothing.
func noLibrary(name string) (syntax.LibraryText, error) {
	return syntax.LibraryText{}, fmt.Errorf("there is no library %s", name)
}

const (
	docA = `logicalClusters: "a": class: "c"`
	docB = `logicalClusters: "b": class: "c"`
	torn = docA + "\nx: {"

	objectA = "apiVersion: tenantry.dev/v1alpha1\nkind: LogicalCluster\nmetadata: {name: a}\nspec: {class: c}\n"
)

// What is put back is closed: nothing outside of it depends on it, and it on nothing
// outside, neither as the files are nor as they were.
func TestUnit(t *testing.T) {
	for _, c := range []struct {
		name       string
		was, today map[string]string // by name; what today leaves out is as it was
		want       string            // names; "all" for the whole directory
	}{
		{"documents of their own", map[string]string{"a.cue": docA, "b.cue": docB}, map[string]string{"a.cue": torn}, "a.cue"},
		{"a name of the broken file is used", map[string]string{"a.cue": docA + "\n_n: 1", "b.cue": docB + "\n_m: _n"}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"the broken file uses a name", map[string]string{"a.cue": docA + "\n_m: _n", "b.cue": docB + "\n_n: 1"}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"a definition is used", map[string]string{"a.cue": "#N: 1", "b.cue": docB + "\n_m: #N"}, map[string]string{"a.cue": "#N: {"}, "a.cue b.cue"},
		{"by way of a third", map[string]string{"a.cue": docA + "\n_n: 1", "b.cue": "_m: _n", "c.cue": "_o: _m", "e.cue": docB}, map[string]string{"a.cue": torn}, "a.cue b.cue c.cue"},
		{"a name that was used", map[string]string{"a.cue": docA + "\n_n: 1", "b.cue": docB + "\n_m: _n"}, map[string]string{"a.cue": torn, "b.cue": docB}, "a.cue b.cue"},
		{"a name that is used now", map[string]string{"a.cue": docA + "\n_n: 1", "b.cue": docB}, map[string]string{"a.cue": torn, "b.cue": docB + "\n_m: _n"}, "a.cue b.cue"},
		{"a name that both say", map[string]string{"a.cue": docA + "\n_n: _", "b.cue": docB + "\n_n: 1"}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"one document in two files", map[string]string{"a.cue": docA, "b.cue": `logicalClusters: "a": regions: ["eu"]`, "c.cue": docB}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"a document that a torn file may have", map[string]string{"a.cue": "_z: 1", "b.cue": docB, "c.cue": docA}, map[string]string{"a.cue": docB + "\nx: {"}, "a.cue b.cue"},
		{"documents are referred to", map[string]string{"a.cue": docA, "b.cue": docB + "\n_c: logicalClusters[\"a\"].class", "c.cue": `classes: "k": {}`}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"a pattern on documents", map[string]string{"a.cue": docA, "b.cue": `logicalClusters: [string]: regions: ["eu"]`}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"a pattern on others", map[string]string{"a.cue": docA, "b.cue": `classes: [string]: regions: ["eu"]`}, map[string]string{"a.cue": torn}, "a.cue"},
		{"a broken pattern", map[string]string{"a.cue": `logicalClusters: [string]: regions: ["eu"]`, "b.cue": docB, "c.cue": `classes: "c": {}`}, map[string]string{"a.cue": "logicalClusters: [string]: {"}, "a.cue b.cue"},
		{"a comprehension", map[string]string{"a.cue": docA, "b.cue": `for n in ["x"] {logicalClusters: "\(n)": {}}`}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"a torn comprehension", map[string]string{"a.cue": docA, "b.cue": docB, "c.cue": `classes: "c": {}`}, map[string]string{"a.cue": `for n in ["x"] {logicalClusters: "\(n)": {`}, "a.cue b.cue"},
		{"a torn comprehension of anything", map[string]string{"a.cue": docA, "b.cue": docB, "c.cue": `classes: "c": {}`}, map[string]string{"a.cue": `for n in ["x"] {(n): {`}, "a.cue b.cue c.cue"},
		{"names that are worked out", map[string]string{"a.cue": docA, "b.cue": `("cla" + "sses"): "c": {}`}, map[string]string{"a.cue": torn}, "a.cue b.cue"},
		{"a let is its file's own", map[string]string{"a.cue": "let n = \"c\"\nlogicalClusters: \"a\": class: n", "b.cue": "let n = \"c\"\nlogicalClusters: \"b\": class: n"}, map[string]string{"a.cue": torn}, "a.cue"},
		{"YAML of its own", map[string]string{"a.yaml": "logicalClusters: {a: {class: c}}\n", "b.cue": docB}, map[string]string{"a.yaml": "logicalClusters: {a: [\n"}, "a.yaml"},
		{"YAML that may have the same document", map[string]string{"a.yaml": "classes: {z: {}}\n", "b.cue": docB}, map[string]string{"a.yaml": "logicalClusters: {b: [\n"}, "a.yaml b.cue"},
		{"a document that YAML has", map[string]string{"a.cue": docA, "b.yaml": "logicalClusters: {a: {regions: [eu]}}\n"}, map[string]string{"a.cue": torn}, "a.cue b.yaml"},
		{"a file that is new", map[string]string{"b.cue": docB}, map[string]string{"a.cue": torn}, "a.cue"},
		{"an object as it was is a part of a document", map[string]string{"a.yaml": objectA, "a.cue": `logicalClusters: "d/a": quota: cpu: 4`, "b.cue": docB}, map[string]string{"a.yaml": "z: [\n"}, "a.cue a.yaml"},
		{"a broken object may be a part of a document", map[string]string{"a.cue": `logicalClusters: "d/a": quota: cpu: 4`, "b.cue": docB}, map[string]string{"a.yaml": objectA + "x: [\n"}, "a.cue a.yaml"},
		{"a file that is gone", map[string]string{"b.cue": docB}, map[string]string{"gone.cue": ""}, "all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := read(t, c.was)
			now := maps.Clone(c.was)
			var broken []string
			for name, text := range c.today {
				now[name] = text
				if text == "" {
					delete(now, name)
				}
				if strings.HasSuffix(text, "{") || strings.HasSuffix(text, "[\n") || text == "" {
					broken = append(broken, dir+"/"+name)
				}
			}
			repo := read(t, now)
			former, err := repo.Former(before.Text(directory(t, before, dir)), noLibrary)
			if err != nil {
				t.Fatal(err)
			}
			unit := repo.Unit(dir, former, broken)
			got := strings.ReplaceAll(strings.Join(slices.Sorted(maps.Keys(unit)), " "), dir+"/", "")
			if unit == nil {
				got = "all"
			}
			if got != c.want {
				t.Errorf("the unit of %v is %q, want %q", broken, got, c.want)
			}
		})
	}
}

// A former text imports what it imported then, packages of packages included, and today's
// package where that is the same; who is not put back sees today's alone.
func TestFormerLibraries(t *testing.T) {
	files := map[string]string{
		"a.cue":           "package tenancy\n\nimport \"unit.example/tenancy/one\"\n\nlogicalClusters: \"a\": class: one.class\n",
		"one/one.cue":     "package one\n\nimport \"unit.example/tenancy/two\"\n\nclass: two.class\n",
		"two/two.cue":     "package two\n\nimport \"unit.example/tenancy/three\"\n\nclass: three.class\n",
		"three/three.cue": "package three\n\nclass: \"c\"\n",
	}
	before := read(t, files)
	text := before.Text(directory(t, before, dir))
	texts := map[string]syntax.LibraryText{}
	before.LibraryTexts(directory(t, before, dir), texts)
	if len(texts) != 3 {
		t.Fatalf("%d packages are kept, want 3", len(texts))
	}
	library := func(name string) (syntax.LibraryText, error) {
		l, ok := texts[name]
		if !ok {
			return noLibrary(name)
		}
		if l.Name() != name {
			t.Errorf("the content of %s has the name %s", name, l.Name())
		}
		return l, nil
	}
	for _, c := range []struct {
		name    string
		change  map[string]string
		private []string // the packages that the former text has for itself
	}{
		{"nothing", nil, nil},
		{"the package", map[string]string{"one/one.cue": strings.Replace(files["one/one.cue"], "two.class", "two.class + \"x\"", 1)}, []string{"one"}},
		{"the one between", map[string]string{"two/two.cue": strings.Replace(files["two/two.cue"], "three.class", "three.class + \"x\"", 1)}, []string{"two", "one"}},
		{"the last", map[string]string{"three/three.cue": "package three\n\nclass: \"other\"\n"}, []string{"three", "two", "one"}},
		{"the last is gone", map[string]string{"three/three.cue": ""}, []string{"three", "two", "one"}},
		{"the last is torn", map[string]string{"three/three.cue": "package three\n\nclass: {\n"}, []string{"three", "two", "one"}},
		{"the package needs no other any more", map[string]string{"one/one.cue": "package one\n\nclass: \"other\"\n"}, []string{"three", "two", "one"}},
		{"nothing imports it any more", map[string]string{"a.cue": "package tenancy\n\nlogicalClusters: \"a\": class: \"other\"\n"}, []string{"three", "two", "one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := maps.Clone(files)
			maps.Copy(now, c.change)
			maps.DeleteFunc(now, func(_, text string) bool { return text == "" })
			now["e/b.cue"] = strings.ReplaceAll(files["a.cue"], `"a"`, `"b"`)
			repo := read(t, now)
			former, err := repo.Former(text, library)
			if err != nil {
				t.Fatal(err)
			}
			next := repo.With(map[string]syntax.Replacement{dir: {Former: former}})
			var private []string
			content := map[string]string{}
			for _, lib := range next.Libraries(directory(t, next, dir).Files[0]) {
				name := lib.Path
				if lib.Import != "" {
					name = lib.Import
					private = append(private, name[strings.LastIndexByte(name, '/')+1:])
				}
				for _, f := range lib.Files {
					content[name[strings.LastIndexByte(name, '/')+1:]] += string(f.Data)
				}
			}
			if c.name == "nothing imports it any more" { // e does
				c.private = nil
			}
			if d := cmp.Diff(c.private, private); d != "" {
				t.Errorf("packages of its own (-want +got):\n%s", d)
			}
			want := map[string]string{"one": files["one/one.cue"], "two": files["two/two.cue"], "three": files["three/three.cue"]}
			if d := cmp.Diff(want, content); d != "" {
				t.Errorf("what the former text imports (-want +got):\n%s", d)
			}
			if again := next.Text(directory(t, next, dir)); !again.Equal(text) {
				t.Errorf("the text that was put back is\n%v, want\n%v", again, text)
			}
			for _, lib := range next.Libraries(directory(t, next, "e").Files[0]) {
				if lib.Import != "" {
					t.Errorf("who is not put back imports %s as it was", lib.Import)
				}
			}
		})
	}
	t.Run("a package that is not kept", func(t *testing.T) {
		if _, err := read(t, map[string]string{"b.cue": docB}).Former(text, noLibrary); err == nil {
			t.Error("no error")
		}
	})
}
