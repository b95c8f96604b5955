//go:build !unix

package tree

import (
	"os"
	"path/filepath"
)

// statsIn returns what looks at an entry of an open directory.
func statsIn(dir *os.File) func(name string) (stat, error) {
	return func(name string) (stat, error) {
		info, err := os.Lstat(filepath.Join(dir.Name(), name))
		if err != nil {
			return stat{}, err
		}
		return statOf(info), nil
	}
}
