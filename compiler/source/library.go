package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

const (
	// maxReaders bounds the readers of git objects: each holds the index of
	// all packs and a cache.
	maxReaders = 4
	// objectCache is the memory for objects that others are deltas of.
	objectCache = 32 * cache.MiByte
)

// readWithLibrary reads a commit with go-git, which needs no git on the machine.
func readWithLibrary(ctx context.Context, repo repository, t target, o Options) (snap snapshot, err error) {
	defer recovered(&err)
	s := openStorage(repo)
	defer s.Close()
	if err := understood(s); err != nil {
		return snapshot{}, err
	}
	commit, err := resolve(s, t.commit)
	if err != nil {
		return snapshot{}, err
	}
	root, err := subtree(s, commit, t)
	if err != nil {
		return snapshot{}, err
	}
	l := newListing(o)
	if err := listTree(ctx, l, s, root); err != nil {
		return snapshot{}, err
	}
	files, err := readObjects(ctx, l, repo)
	return snapshot{listing: l, files: files, commit: commit.Hash.String()}, err
}

func openStorage(repo repository) *filesystem.Storage {
	var dot billy.Filesystem = osfs.New(repo.gitDir)
	if repo.common != repo.gitDir {
		dot = dotgit.NewRepositoryFilesystem(dot, osfs.New(repo.common))
	}
	return filesystem.NewStorageWithOptions(dot, cache.NewObjectLRU(objectCache),
		filesystem.Options{ExclusiveAccess: true, KeepDescriptors: true})
}

// understood refuses a repository whose format the library would misread.
// Those listed change nothing about objects that are present, nor about names.
func understood(s *filesystem.Storage) error {
	cfg, err := s.Config()
	if err != nil {
		return err
	}
	for _, e := range cfg.Raw.Section("extensions").Options {
		switch name, value := strings.ToLower(e.Key), strings.ToLower(e.Value); name {
		case "noop", "noop-v1", "preciousobjects", "partialclone", "worktreeconfig", "relativeworktrees":
		case "objectformat":
			if value != "sha1" {
				return fmt.Errorf("objects named by %s", value)
			}
		case "refstorage":
			if value != "files" {
				return fmt.Errorf("branches stored as %s", value)
			}
		default:
			return fmt.Errorf("extension %s", name)
		}
	}
	return nil
}

// subtree returns the tree of the target's directory.
func subtree(s storer.EncodedObjectStorer, c *object.Commit, t target) (plumbing.Hash, error) {
	hash := c.TreeHash
	if t.dir == "" {
		return hash, nil
	}
	for name := range strings.SplitSeq(t.dir, "/") {
		tree, err := object.GetTree(s, hash)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		mode := filemode.Empty
		for _, e := range tree.Entries {
			if e.Name == name {
				hash, mode = e.Hash, e.Mode
			}
		}
		if mode != filemode.Dir {
			return plumbing.ZeroHash, noDirectory(t)
		}
	}
	return hash, nil
}

func noDirectory(t target) error {
	return refusal{fmt.Errorf("there is no directory %s at revision %s", t.dir, t.commit)}
}

func listTree(ctx context.Context, l *listing, s storer.EncodedObjectStorer, root plumbing.Hash) error {
	var walk func(dir string, hash plumbing.Hash) error
	walk = func(dir string, hash plumbing.Hash) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		tree, err := object.GetTree(s, hash)
		if err != nil {
			return err
		}
		for _, e := range tree.Entries {
			p := dir + e.Name
			if err := l.visit(p); err != nil {
				return err
			}
			switch e.Mode {
			case filemode.Dir:
				if l.enters(p) {
					if err := walk(p+"/", e.Hash); err != nil {
						return err
					}
				}
			case filemode.Symlink:
				l.link(p)
			case filemode.Submodule:
				l.submodule(p)
			default:
				l.file(p, unknownSize, e.Hash.String())
			}
		}
		return nil
	}
	if err := walk("", root); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	l.sort()
	return nil
}

// readObjects reads the content of all entries. The library's storage is not
// safe to share, so each worker opens its own.
func readObjects(ctx context.Context, l *listing, repo repository) ([]File, error) {
	stores := make([]*filesystem.Storage, maxReaders)
	defer func() {
		for _, s := range stores {
			if s != nil {
				s.Close()
			}
		}
	}()
	store := func(worker int) *filesystem.Storage {
		if stores[worker] == nil {
			stores[worker] = openStorage(repo)
		}
		return stores[worker]
	}
	// Sizes come first, since an object is unpacked into memory as a whole.
	err := parallel(ctx, len(l.entries), maxReaders, func(worker, i int) (err error) {
		l.entries[i].size, err = store(worker).EncodedObjectSize(plumbing.NewHash(l.entries[i].object))
		return err
	})
	if err != nil {
		return nil, err
	}
	l.limit()
	files := make([]File, len(l.entries))
	err = parallel(ctx, len(l.entries), maxReaders, func(worker, i int) error {
		e := l.entries[i]
		data, err := readBlob(store(worker), plumbing.NewHash(e.object), e.size)
		if err == nil {
			files[i] = l.accept(e.path, data)
		}
		return err
	})
	return present(files), err
}

func readBlob(s storer.EncodedObjectStorer, h plumbing.Hash, size int64) ([]byte, error) {
	o, err := s.EncodedObject(plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if o.Size() != size {
		return nil, fmt.Errorf("object %s has two sizes", h)
	}
	data := make([]byte, size)
	_, err = io.ReadFull(r, data)
	return data, err
}
