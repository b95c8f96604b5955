package pins

import (
	"io/fs"
	"slices"

	"github.com/tenantry/tenantry/compiler/cache"
)

// Snapshot encodes all files but those of definitions, for a build that knows that
// they are as they were written. The parts, joined, are what FromSnapshot reads.
func Snapshot(files []*File) (parts [][]byte) {
	files = slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return f.definition != "" })
	head := cache.NewEncoder(64)
	head.Text(form)
	head.Uint(uint64(len(files)))
	for _, f := range files {
		head.Text(f.Path)
		head.Uint(uint64(len(f.encoded())))
		parts = append(parts, head.Data(), f.encoded())
		head = cache.NewEncoder(64)
	}
	return parts
}

// FromSnapshot decodes what Snapshot encoded, for the output whose root the file
// system is. An error means that there is no snapshot to use, nothing worse. The
// data must not change any more.
func FromSnapshot(data []byte, fsys fs.FS) (*Pins, error) {
	all := cache.NewDecoder(data)
	if all.Text() != form {
		return nil, ErrNone
	}
	names := make([]string, all.Count())
	files := make([]*file, len(names))
	d := decoder{cache.NewDecoder(nil)}
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
