package render_test

import (
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tenantry/tenantry/internal/testkit"
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
	if testkit.Updating() {
		archive := &txtar.Archive{Comment: []byte("What render makes of the tenancy that small returns.\n\n")}
		for _, name := range sortedKeys(files) {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(files[name])})
		}
		testkit.WriteArchive(t, golden, archive)
	}
	want := testkit.Files(testkit.Archive(t, golden))
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the tree differs from %s (-want +got):\n%s", golden, diff)
	}
}
