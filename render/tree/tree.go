// Package tree is the tree of files that a build makes: what takes its files, where an
// output directory is one that keeps what stands already, and the record by which it
// knows.
package tree

import (
	"path"
	"slices"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/outdir"
)

// WriteKustomization writes the kustomization.yaml of a directory. It lists the
// files by path and never another directory's kustomization: kustomize's time
// grows with the square of the objects that one build carries.
func WriteKustomization(w Files, dir string, files []string) error {
	slices.Sort(files)
	return w.WriteObjects(path.Join(dir, "kustomization.yaml"), []manifest.Map{manifest.M(
		"apiVersion", "kustomize.config.k8s.io/v1beta1",
		"kind", "Kustomization",
		"resources", files,
	)})
}

// WriteDirectory writes the files of a directory that hold objects, and its
// kustomization.yaml.
func WriteDirectory(w Files, dir string, files map[string][]manifest.Map) error {
	var names []string
	for name, objects := range files {
		if len(objects) == 0 {
			continue
		}
		names = append(names, name)
		if err := w.WriteObjects(path.Join(dir, name), objects); err != nil {
			return err
		}
	}
	return WriteKustomization(w, dir, names)
}

// Appending returns what appends a file of objects.
func Appending(objects []manifest.Map) func(dst []byte) []byte {
	return func(dst []byte) []byte {
		return manifest.AppendDocuments(append(dst, outdir.Header...), objects...)
	}
}
