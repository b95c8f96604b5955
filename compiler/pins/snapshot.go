package pins

import (
	"io/fs"

	"github.com/tenantry/tenantry/internal/store"
)

// snapshot is what all files are, but those of definitions.
type snapshot struct {
	Paths    []string
	Contents [][]byte // each a storedFile, encoded
}

// Snapshot encodes all files but those of definitions, for a build that knows that
// they are as they were written.
func Snapshot(files []*File) []byte {
	var all snapshot
	for _, f := range files {
		if f.definition == "" {
			all.Paths, all.Contents = append(all.Paths, f.Path), append(all.Contents, f.encoded())
		}
	}
	return encode(&all)
}

// FromSnapshot decodes what Snapshot encoded, for the output whose root the file
// system is. An error means that there is no snapshot to use, nothing worse. The
// data must not change any more.
func FromSnapshot(data []byte, fsys fs.FS) (*Pins, error) {
	var all snapshot
	if err := store.Decode(data, &all); err != nil {
		return nil, err
	}
	if len(all.Paths) != len(all.Contents) {
		return nil, store.ErrCorrupt
	}
	files := make([]*file, len(all.Paths))
	for i, content := range all.Contents {
		var s storedFile
		if err := store.Decode(content, &s); err != nil {
			return nil, err
		}
		files[i] = s.file()
	}
	p, err := join(all.Paths, files)
	if err == nil {
		p.Definition = definitionsIn(fsys)
	}
	return p, err
}
