package input_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/internal/input"
)

// below are files of which input takes some of a directory.
var below = fstest.MapFS{
	"a.yaml":          {Data: []byte("a")},
	"deep/b.yml":      {Data: []byte("b")},
	"deep/c.json":     {Data: []byte("c")},
	"deep/README.md":  {Data: []byte("no object")},
	".hidden/d.yaml":  {Data: []byte("hidden")},
	"deep/.git/e.yml": {Data: []byte("hidden")},
}

func TestRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".objects") // hidden, and named
	if err := os.CopyFS(dir, below); err != nil {
		t.Fatal(err)
	}
	got, err := input.Read(strings.NewReader("from a pipe"), []string{dir, "-", filepath.Join(dir, "deep", "README.md")})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.ToSlash(dir)
	want := []input.File{
		{Name: at + "/a.yaml", Data: []byte("a")},
		{Name: at + "/deep/b.yml", Data: []byte("b")},
		{Name: at + "/deep/c.json", Data: []byte("c")},
		{Name: input.StandardInput, Data: []byte("from a pipe")},
		{Name: at + "/deep/README.md", Data: []byte("no object")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if data, ok := input.Find(got, at+"/a.yaml"); !ok || string(data) != "a" {
		t.Errorf("found %q, %v", data, ok)
	}
	if _, err := input.Read(nil, []string{filepath.Join(dir, "missing.yaml")}); err == nil {
		t.Error("a file that does not exist is no error")
	}
}

func TestReadFS(t *testing.T) {
	got, err := input.ReadFS(below, "config")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got {
		names = append(names, path.Clean(f.Name))
	}
	if diff := cmp.Diff([]string{"config/a.yaml", "config/deep/b.yml", "config/deep/c.json"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
