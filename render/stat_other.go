//go:build !unix

package render

import (
	"io/fs"
	"os"
)

func statIn(_ *os.File, e fs.DirEntry) (stat, error) {
	info, err := e.Info()
	if err != nil {
		return stat{}, err
	}
	return statOf(info), nil
}
