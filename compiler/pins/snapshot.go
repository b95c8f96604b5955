package pins

import (
	"io/fs"
	"slices"

	"github.com/tenantry/tenantry/internal/store"
)

// Snapshot encodes all files but those of definitions, for a build that knows that
// they are as they were written. The parts, joined, are what FromSnapshot reads.
func Snapshot(files []*File) (parts [][]byte) {
	files = slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return f.definition != "" })
	head := store.NewEncoder(64)
	head.Text(form)
	head.Uint(uint64(len(files)))
	for _, f := range files {
		head.Text(f.Path)
		head.Uint(uint64(len(f.encoded())))
		parts = append(parts, head.Data(), f.encoded())
		head = store.NewEncoder(64)
	}
	return parts
}

// FromSnapshot decodes what Snapshot encoded, for the output whose root the file
// system is. An error means that there is no snapshot to use, nothing worse. The
// data must not change any more.
func FromSnapshot(data []byte, fsys fs.FS) (*Pins, error) {
	all := store.NewDecoder(data)
	if all.Text() != form {
		return nil, ErrNone
	}
	names := make([]string, all.Count())
	files := make([]*file, len(names))
	d := decoder{store.NewDecoder(nil)}
	for i := range names {
		names[i] = all.Text()
		d.Reset(all.Bytes())
		files[i] = d.file()
		if err := d.Done(); err != nil {
			return nil, err
		}
	}
	if err := all.Done(); err != nil {
		return nil, err
	}
	p, err := join(names, files)
	if err == nil {
		p.Definition = definitionsIn(fsys)
	}
	return p, err
}
