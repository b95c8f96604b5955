package render_test

import (
	"os"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestTree compares the whole tree of a small tenancy with
// testdata/small.txtar. The admission policies and ClusterRoles have goldens of
// their own; here they are named only. TENANTRY_UPDATE=1 rewrites the file.
func TestTree(t *testing.T) {
	files := small().files(t)
	for name := range files {
		if base := path.Base(name); base == "admission.yaml" || base == "roles.yaml" {
			files[name] = "(left out)\n"
		}
	}
	const golden = "testdata/small.txtar"
	if os.Getenv("TENANTRY_UPDATE") != "" {
		archive := &txtar.Archive{Comment: []byte("What render makes of the tenancy that small returns.\n\n")}
		for _, name := range sortedKeys(files) {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(files[name])})
		}
		if err := os.WriteFile(golden, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range archive.Files {
		want[f.Name] = string(f.Data)
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the tree differs from %s (-want +got):\n%s", golden, diff)
	}
}
