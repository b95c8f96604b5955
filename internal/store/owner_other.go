//go:build !unix

package store

import "io/fs"

// private: the directory is in the user's profile, which has a list of its own of
// who may write to it.
func private(fs.FileInfo) bool { return true }
