package pins

import (
	"io/fs"

	"github.com/tenantry/tenantry/internal/store"
)

// Snapshot is what all files are, but those of definitions and libraries, as the cache holds it.
type Snapshot struct {
	Paths    []string
	Contents [][]byte // each a storedFile, encoded
}

// NewSnapshot returns all files but those of definitions and libraries, for a build that knows that
// they are as they were written.
func NewSnapshot(files []*File) *Snapshot {
	var s Snapshot
	for _, f := range files {
		if f.named == nil {
			s.Paths, s.Contents = append(s.Paths, f.Path), append(s.Contents, f.encoded())
		}
	}
	return &s
}

// Pins returns what NewSnapshot was given, for the output whose root the file system
// is. An error means that there is no snapshot to use, nothing worse.
func (s *Snapshot) Pins(fsys fs.FS) (*Pins, error) {
	if len(s.Paths) != len(s.Contents) {
		return nil, store.ErrCorrupt
	}
	files := make([]*file, len(s.Paths))
	for i, content := range s.Contents {
		var stored storedFile
		if err := store.Decode(content, &stored); err != nil {
			return nil, err
		}
		files[i] = stored.file()
	}
	p, err := join(s.Paths, files)
	if err == nil {
		p.Definition, p.Library = definitionsIn(fsys), librariesIn(fsys)
	}
	return p, err
}
