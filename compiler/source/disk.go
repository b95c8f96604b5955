package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tenantry/tenantry/internal/diag"
)

// listDirectory walks a directory. Links are not followed, so it ends.
func listDirectory(ctx context.Context, l *listing, root string) error {
	w := diskWalk{ctx: ctx, l: l, root: root}
	items, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", root, reason(err))
	}
	if err := w.directory("", items); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	l.sort()
	l.limit()
	return nil
}

type diskWalk struct {
	ctx  context.Context
	l    *listing
	root string
}

func (w diskWalk) directory(dir string, items []fs.DirEntry) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	for _, item := range items {
		p := item.Name()
		if dir != "" {
			p = dir + "/" + p
		}
		if err := w.l.visit(p); err != nil {
			return err
		}
		switch kind := item.Type(); {
		case kind.IsDir():
			if err := w.enter(p); err != nil {
				return err
			}
		case kind&fs.ModeSymlink != 0:
			w.l.link(p)
		case !kind.IsRegular():
			w.l.irregular(p)
		case !w.l.wants(p):
			w.l.unread(p)
		default:
			info, err := item.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since the directory was read
			}
			if err != nil {
				w.unreadable(p, err)
				continue
			}
			w.l.file(p, info.Size(), "")
		}
	}
	return nil
}

func (w diskWalk) enter(dir string) error {
	if !w.l.enters(dir) {
		return nil
	}
	items, err := os.ReadDir(filepath.Join(w.root, filepath.FromSlash(dir)))
	if err != nil {
		w.unreadable(dir, err)
		return nil
	}
	if slices.ContainsFunc(items, func(i fs.DirEntry) bool { return i.Name() == ".git" }) {
		w.l.submodule(dir)
		return nil
	}
	return w.directory(dir, items)
}

func (w diskWalk) unreadable(p string, err error) {
	w.l.report(diag.FileUnreadable, p, "cannot read %s: %v", printable(p), reason(err))
}

// readDirectory reads what the walk found.
func readDirectory(ctx context.Context, l *listing, root string) ([]File, error) {
	files := make([]File, len(l.entries))
	err := parallel(ctx, len(l.entries), 0, func(_, i int) error {
		e := l.entries[i]
		data, err := readExactly(filepath.Join(root, filepath.FromSlash(e.path)), e.size)
		if err != nil {
			l.report(diag.FileUnreadable, e.path, "cannot read %s: %v", e.path, reason(err))
			return nil
		}
		files[i] = l.accept(e.path, data)
		return nil
	})
	return present(files), err
}

var errChanged = errors.New("it changed while it was being read")

// readExactly reads a file of known size, without a byte to spare: a tree holds
// very many of them.
func readExactly(name string, size int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errChanged
		}
		return nil, err
	}
	var more [1]byte
	switch n, err := f.Read(more[:]); {
	case n > 0:
		return nil, errChanged
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return data, nil
}
