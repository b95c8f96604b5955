// Package rendertest renders for tests.
package rendertest

import (
	"context"
	"io/fs"
	"os"

	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/render"
)

// Files returns all files of the output by path, of a build into a directory that is new
// and removed again.
func Files(ctx context.Context, in render.Input) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "tenantry-rendertest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	w, err := outdir.Begin(dir, outdir.Options{})
	if err != nil {
		return nil, err
	}
	if _, _, err := render.Render(ctx, in, w, dir, nil, [32]byte{}); err != nil {
		w.Abort()
		return nil, err
	}
	if _, err := w.Commit(); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, root := range outdir.Roots {
		err := fs.WalkDir(os.DirFS(dir), root, func(path string, d fs.DirEntry, err error) error {
			if d == nil || d.IsDir() { // a root that is missing, or a directory
				return nil
			}
			if err == nil {
				files[path], err = os.ReadFile(dir + "/" + path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
