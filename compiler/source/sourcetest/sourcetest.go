// Package sourcetest makes source trees for tests.
package sourcetest

import (
	"crypto/sha256"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/source"
)

// Tree returns a tree of the files given by path. All of them are kept, whatever their
// names.
func Tree(files map[string]string) *source.Tree {
	list := make([]source.File, 0, len(files))
	for _, path := range slices.Sorted(maps.Keys(files)) {
		data := []byte(files[path])
		list = append(list, source.File{Path: path, Data: data, Digest: sha256.Sum256(data)})
	}
	return source.NewTree(list, "files in memory", "")
}
