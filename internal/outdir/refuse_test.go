//go:build unix

package outdir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusedPaths(t *testing.T) {
	for _, name := range []string{
		"", ".", "clusters", "clusters/", "/clusters/a.yaml", "../clusters/a.yaml", "clusters/../../a.yaml", "clusters/../pins/a.yaml",
		"clusters//a.yaml", "clusters/./a.yaml", "clusters/a/../../../x.yaml", "other/a.yaml", "a.yaml", ".tenantry/next/a.yaml", "Clusters/a.yaml",
		`clusters\a.yaml`, "clusters/a\x00.yaml", "clusters/.git/config", "clusters/.GIT/config", "clusters/\xff.yaml",
	} {
		dir := t.TempDir()
		w, err := Begin(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(name, []byte(doc("x"))); err == nil {
			t.Errorf("%q is written", name)
		}
		if err := w.Keep(name); err == nil {
			t.Errorf("%q is kept", name)
		}
		if _, err := w.Commit(); err == nil {
			t.Errorf("a build in which %q failed is committed", name)
		}
		expect(t, dir, tree{})
	}
}

func TestRefusedBuilds(t *testing.T) {
	outside := t.TempDir()
	put(t, outside, tree{"secret.yaml": doc("secret"), "sub/a.yaml": doc("outside")})
	files := tree{"clusters/eu/a.yaml": doc("new"), "clusters/us/b.yaml": doc("new")}
	former := tree{"clusters/eu/a.yaml": doc("a"), "pins/p.yaml": doc("p")}
	for _, tt := range []struct {
		name  string
		there tree // added by hand
		gone  string
		files tree
		want  string
	}{
		{"linked state directory", tree{".tenantry": "-> " + outside}, ".tenantry", files, "symbolic link named .tenantry"},
		{"linked lock", tree{".tenantry/lock": "-> " + outside + "/secret.yaml"}, ".tenantry/lock", files, "symbolic link named .tenantry/lock"},
		{"linked next tree", tree{".tenantry/next": "-> " + outside}, "", files, "symbolic link named .tenantry/next"},
		{"linked root", tree{"clusters": "-> " + outside}, "clusters", files, "symbolic link named clusters"},
		{"root linked to a sibling", tree{"gitops": "-> pins"}, "", files, "symbolic link named gitops"},
		{"root is a file", tree{"gitops": "mine"}, "", files, "a file named gitops"},
		{"linked directory, leading out", tree{"clusters/us": "-> " + outside}, "", files, "clusters/us"},
		{"linked directory, staying inside", tree{"clusters/us": "-> eu"}, "", files, "clusters/us is a symbolic link"},
		{"linked file, leading out", tree{"clusters/us/b.yaml": "-> " + outside + "/secret.yaml"}, "", files, "clusters/us/b.yaml"},
		{"linked file, staying inside", tree{"clusters/us/b.yaml": "-> ../eu/a.yaml"}, "", files, "clusters/us/b.yaml is a symbolic link"},
		{"linked file with the very bytes", tree{"clusters/us/b.yaml": "-> ../eu/a.yaml"}, "", tree{"clusters/us/b.yaml": doc("a")}, "clusters/us/b.yaml is a symbolic link"},
		{"dangling link", tree{"clusters/us/b.yaml": "-> nowhere"}, "", files, "clusters/us/b.yaml is a symbolic link"},
		{"foreign file in the way", tree{"clusters/us/b.yaml": "kind: Mine\n"}, "", files, "clusters/us/b.yaml was not written by tenantry"},
		{"foreign file where a directory goes", tree{"clusters/us": "mine"}, "", files, "clusters/us was not written by tenantry"},
		{"foreign directory where a file goes", tree{"clusters/us/b.yaml/mine": "mine"}, "", files, "clusters/us/b.yaml was not written by tenantry"},
		{"unmarked content", nil, "", tree{"clusters/eu/a.yaml": "kind: X\n"}, "lacks the mark"},
		{"unmarked JSON", nil, "", tree{"inventory/a.json": `{"n":1}`}, "lacks the mark"},
		{"source of the tenancy", tree{"cue.mod/module.cue": "module: \"x\"\n"}, "", files, "holds the tenancy itself"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			build(t, dir, former)
			if tt.gone != "" {
				if err := os.RemoveAll(filepath.Join(dir, tt.gone)); err != nil {
					t.Fatal(err)
				}
			}
			put(t, dir, tt.there)
			before := read(t, dir)
			_, err := try(dir, tt.files, Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			expect(t, dir, before)
			expect(t, outside, tree{"secret.yaml": doc("secret"), "sub/a.yaml": doc("outside")})
		})
	}
}

func TestStaleFilesMakeRoom(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, tree{"clusters/x": doc("file"), "clusters/y.yaml/in/deep.yaml": doc("deep")})
	next := tree{"clusters/x/a.yaml": doc("a"), "clusters/y.yaml": doc("y")}
	build(t, dir, next)
	expect(t, dir, next)
}

func TestPipeInTheOutput(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, tree{"clusters/a.yaml": doc("a")})
	for _, name := range []string{"clusters/b.yaml", "clusters/pipe"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
	}
	// A build that waited for somebody to write to the pipe would never return.
	_, err := try(dir, tree{"clusters/b.yaml": doc("b")}, Options{})
	if err == nil || !strings.Contains(err.Error(), "clusters/b.yaml was not written by tenantry") {
		t.Errorf("got %v", err)
	}
}

func TestRefusedDirectories(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	link := filepath.Join(t.TempDir(), "link")
	target := t.TempDir()
	file := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.Symlink(target, link), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		"/":        "root of the file system",
		"/../":     "root of the file system",
		home:       "home directory",
		link:       "is a symbolic link",
		link + "/": "is a symbolic link",
		file:       "not a directory",
	} {
		w, err := Begin(dir, Options{})
		if err == nil {
			w.Abort()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Begin(%q): got %v, want an error with %q", dir, err, want)
		}
	}
	for _, dir := range []string{home, target} {
		expect(t, dir, tree{})
		if _, err := os.Lstat(filepath.Join(dir, stateDir)); err == nil {
			t.Errorf("a refused build left traces in %s", dir)
		}
	}
}

// TestFilesSavedDuringCommit has a person save files after the build has looked
// at the former tree and before it is gone.
func TestFilesSavedDuringCommit(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, tree{"clusters/eu/a.yaml": doc("a"), "clusters/us/b.yaml": doc("b")})
	put(t, dir, tree{"clusters/eu/mine": "old"})
	o := Options{hook: func(step string) error {
		if step == "exchange clusters" {
			put(t, dir, tree{"clusters/eu/mine.new": "new", "clusters/us/more": "more"})
			return os.Rename(filepath.Join(dir, "clusters/eu/mine.new"), filepath.Join(dir, "clusters/eu/mine"))
		}
		return nil
	}}
	next := tree{"clusters/eu/a.yaml": doc("a2")}
	if _, err := try(dir, next, o); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, union(next, tree{"clusters/eu/mine": "new", "clusters/us/more": "more"}))
}

func TestMarks(t *testing.T) {
	for content, want := range map[string]bool{
		Header: true, strings.TrimSuffix(Header, "\n") + "\r\nkind: X\r\n": true, "---\n" + Header: false, "": false, "kind: X\n": false,
	} {
		if got := own("a.yaml", []byte(content)); got != want {
			t.Errorf("YAML %q: own is %v", content, got)
		}
	}
	for content, want := range map[string]bool{
		`{"generator":"tenantry"}`: true, "{\r\n  \"generator\" : \"tenantry\",\n": true, `{"generator":"tenantry2"}`: false, `[{"generator":"tenantry"}]`: false, Header: false, "": false,
	} {
		if got := own("a.json", []byte(content)); got != want {
			t.Errorf("JSON %q: own is %v", content, got)
		}
	}
	if d := cmp.Diff(true, strings.HasPrefix(Header, mark)); d != "" {
		t.Error(d)
	}
}
