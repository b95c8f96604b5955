package pins

import (
	"io/fs"

	"github.com/tenantry/tenantry/compiler/cache"
)

// Snapshot puts the files of the pins into one piece, from which they are read at
// once where they are known to be as they were written.
func Snapshot(files []*File) []byte {
	size, n := 64, 0
	for _, f := range files {
		if f.definition == "" {
			n, size = n+1, size+len(f.Path)+len(f.encoded())+16
		}
	}
	e := cache.NewEncoder(size)
	e.Text(form)
	e.Uint(uint64(n))
	for _, f := range files {
		if f.definition == "" {
			e.Text(f.Path)
			e.Bytes(f.encoded())
		}
	}
	return e.Data()
}

// FromSnapshot decodes what Snapshot returned for the output whose root the file
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
