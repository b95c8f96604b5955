package schema

import (
	"iter"
	"strings"
)

// Key identifies a logical cluster: the path of its organization and its name, as in
// "acme/payments/prod".
type Key string

// Organization returns the path of the organization that the logical cluster belongs
// to directly; empty where the key names none.
func (k Key) Organization() OrgPath { return OrgPath(parentPath(string(k))) }

// Name returns the last element.
func (k Key) Name() string { return lastElement(string(k)) }

// OrgPath is the path of an organization in the tree, as in "acme/payments". The empty
// path is above all organizations.
type OrgPath string

// Parent returns the path above, empty for an organization at the top.
func (p OrgPath) Parent() OrgPath { return OrgPath(parentPath(string(p))) }

// Name returns the last element.
func (p OrgPath) Name() string { return lastElement(string(p)) }

// Top returns the organization at the top, itself included.
func (p OrgPath) Top() OrgPath {
	top, _, _ := strings.Cut(string(p), "/")
	return OrgPath(top)
}

// Up yields the path and all above it, the nearest first.
func (p OrgPath) Up() iter.Seq[OrgPath] {
	return func(yield func(OrgPath) bool) {
		for ; p != ""; p = p.Parent() {
			if !yield(p) {
				return
			}
		}
	}
}

// Contains reports whether a path, of an organization or the key of a logical cluster,
// is this one or below it.
func (p OrgPath) Contains(path string) bool { return path == string(p) || p.Above(path) }

// Above reports whether a path, of an organization or the key of a logical cluster, is
// below this one.
func (p OrgPath) Above(path string) bool {
	return len(path) > len(p) && path[len(p)] == '/' && path[:len(p)] == string(p)
}

func parentPath(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '/'))]
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
