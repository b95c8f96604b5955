// Package input reads the files of objects that a command line names.
package input

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// StandardInput is the name of the file that was read as "-".
const StandardInput = "standard input"

// File is a file with what it holds.
type File struct {
	// Name has slashes, on every system.
	Name string
	Data []byte
}

// Read reads files, directories with the files of objects below them, and "-" from
// stdin.
func Read(stdin io.Reader, names []string) ([]File, error) {
	var out []File
	for _, name := range names {
		if name == "-" {
			data, err := io.ReadAll(stdin)
			if err != nil {
				return nil, err
			}
			out = append(out, File{StandardInput, data})
			continue
		}
		err := filepath.WalkDir(name, func(p string, d fs.DirEntry, err error) error {
			if take, err := choose(p, d, err, name); err != nil || !take {
				return err
			}
			data, err := os.ReadFile(p)
			out = append(out, File{filepath.ToSlash(p), data})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ReadOne reads one file, or "-" from stdin.
func ReadOne(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

// ReadFS reads the files of objects in a file system. Their names begin with dir.
func ReadFS(files fs.FS, dir string) ([]File, error) {
	var out []File
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if take, err := choose(p, d, err, "."); err != nil || !take {
			return err
		}
		data, err := fs.ReadFile(files, p)
		out = append(out, File{path.Join(dir, p), data})
		return err
	})
	return out, err
}

// choose tells whether a walk from root takes a file: those in YAML and JSON, and root
// itself whatever it is called. Hidden directories are passed over.
func choose(p string, d fs.DirEntry, err error, root string) (bool, error) {
	switch {
	case err != nil:
		return false, err
	case d.IsDir() && p != root && strings.HasPrefix(d.Name(), "."):
		return false, fs.SkipDir
	case d.IsDir():
		return false, nil
	}
	return p == root || slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(d.Name())), nil
}

// Find returns the data of a file.
func Find(files []File, name string) (data []byte, ok bool) {
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return files[i].Data, true
}
