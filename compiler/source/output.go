package source

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"

	"github.com/tenantry/tenantry/internal/diag"
)

// Files reads any directory of a git revision, such as a former output, as a
// file system: the same kinds of files as Open, limits and refusals included.
// The revision may name a directory, relative to the root of the git repository
// that dir lies in: "main:rendered".
func Files(ctx context.Context, dir, revision string, o Options) (fs.FS, error) {
	fsys, _, err := FilesAt(ctx, dir, revision, o)
	return fsys, err
}

// FilesAt is Files, and returns the full hash of the commit as well.
func FilesAt(ctx context.Context, dir, revision string, o Options) (fsys fs.FS, commit string, err error) {
	o = o.withDefaults()
	o.Revision = revision
	tree, listed, _, err := readRevision(ctx, dir, o)
	if err != nil {
		return nil, "", err
	}
	if diagnostics := listed.diagnostics(); diag.HasErrors(diagnostics) {
		return nil, "", fmt.Errorf("%s: %s", diagnostics[0].Position, diagnostics[0].Message)
	}
	fsys, err = inMemory(tree)
	return fsys, tree.Revision(), err
}

func inMemory(tree *Tree) (fs.FS, error) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range tree.Files() {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: f.Path, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(f.Data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
}
