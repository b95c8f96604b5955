package outdir

import (
	"os"
	"path/filepath"
)

// WriteFile writes a file, in the place of one that is there, so that nobody sees a part of
// it.
func WriteFile(name string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), ".write-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(data); err != nil {
		return err
	}
	if err := temporary.Chmod(0o644); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}
