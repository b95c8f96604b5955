package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/tenantry/tenantry/internal/diag"
)

// accept makes a file of what was read; the zero File where the content is no
// text. It may be called concurrently.
func (l *listing) accept(path string, data []byte) File {
	if !utf8.Valid(data) {
		at := firstInvalid(data)
		line := 1 + bytes.Count(data[:at], []byte{'\n'})
		column := at - bytes.LastIndexByte(data[:at], '\n') // the first line has no newline before it: -1
		l.reportAt(diag.InvalidUTF8, diag.Position{File: path, Line: line, Column: column},
			"the file is not UTF-8 text: byte 0x%02x at offset %d", data[at], at)
		return File{}
	}
	return File{Path: path, Data: data, Digest: sha256.Sum256(data)}
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// present drops the places of files that were not accepted.
func present(files []File) []File {
	return slices.DeleteFunc(files, func(f File) bool { return f.Path == "" })
}

// block is how many neighbouring items a worker takes at once: files of one
// directory tend to lie together on disk and in a git pack.
const block = 64

// parallel calls do for each index below n, on as many workers as there are
// processors, at most limit if that is positive. A worker is named by a number
// so that it can own what is not safe to share. The first error stops all; a
// panic in do becomes one.
func parallel(ctx context.Context, n, limit int, do func(worker, i int) error) error {
	workers := min(runtime.GOMAXPROCS(0), (n+block-1)/block)
	if limit > 0 {
		workers = min(workers, limit)
	}
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() (err error) {
			defer recovered(&err)
			for {
				from := int(next.Add(block)) - block
				if from >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				for i := from; i < min(from+block, n); i++ {
					if err := do(w, i); err != nil {
						return err
					}
				}
			}
		})
	}
	return g.Wait()
}

// recovered turns a panic into an error. Git's objects are input from outside,
// and the library that parses them panics on some that are malformed.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("malformed data: %v", p)
	}
}
