// Package outdir writes the output tree so that nobody ever reads half of it.
//
// A build writes its files aside, in .tenantry/next below the output directory.
// [Writer.Commit] adds what stays from the former tree, notes in a journal which
// top-level directories are to be exchanged, and exchanges them. A process that
// is killed before the journal is written has changed nothing that a reader
// sees. One that is killed later leaves the journal, from which [Recover] or the
// next [Begin] finishes the exchange.
//
// The directory is shared with people: a file is the compiler's if it carries
// the mark of [Header], and any other file stays where it is.
package outdir

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Header is the first line of every file that the compiler writes, and marks it
// as the compiler's own. JSON has no comments: there, a first field
// "generator": "tenantry" is the mark.
const Header = "# Rendered by tenantry. Do not edit: the next build replaces this file.\n"

// mark is the part of Header that does not change from version to version.
const mark = "# Rendered by tenantry."

// markSize is how much of a file is read to look for the mark.
const markSize = 256

// Roots are the directories in the output directory that the compiler writes
// to. It leaves everything beside them alone.
var Roots = []string{"clusters", "gitops", "inventory", "pins"}

const (
	stateDir    = ".tenantry"
	nextDir     = stateDir + "/next"
	oldDir      = stateDir + "/old"
	journalFile = stateDir + "/commit"
	lockFile    = stateDir + "/lock"
)

// Options adjust a build. The zero value is ready for use.
type Options struct {
	// Workers is the number of files handled at a time; 0 means one for each
	// processor.
	Workers int
	// noExchange leaves directories to be exchanged by two renames, as on systems
	// that have no other way.
	noExchange bool
	// hook is called before each step of a commit with its name. Its error makes
	// the step fail.
	hook func(step string) error
}

// Stats count the files of a committed build.
type Stats struct {
	// Written are new or have other bytes than before.
	Written int
	// Unchanged are the files that stayed as they were, kept or written alike.
	Unchanged int
	// Removed were the compiler's own and are not part of the build.
	Removed int
	// Foreign were not written by the compiler and stayed.
	Foreign int
}

// own reports whether the file at name, beginning with data, is the compiler's.
func own(name string, data []byte) bool {
	if path.Ext(name) != ".json" {
		return bytes.HasPrefix(data, []byte(mark))
	}
	for _, token := range []string{"{", `"generator"`, ":", `"tenantry"`} {
		data = bytes.TrimLeft(data, " \t\r\n")
		if !bytes.HasPrefix(data, []byte(token)) {
			return false
		}
		data = data[len(token):]
	}
	return true
}

// checkPath refuses what is no path of a file below one of the Roots.
func checkPath(name string) error {
	first, rest, _ := strings.Cut(name, "/")
	switch {
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("%q is not a path inside the output directory", name)
	case rest == "" || !slices.Contains(Roots, first):
		return fmt.Errorf("%q is not below one of the directories %s", name, strings.Join(Roots, ", "))
	}
	for part := range strings.SplitSeq(rest, "/") {
		if strings.EqualFold(part, ".git") {
			return fmt.Errorf("%q is inside a git directory", name)
		}
	}
	return nil
}

// cause takes the name of the system call and the path off an error, which the
// caller names in the terms of the user.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err
	}
	return err
}
