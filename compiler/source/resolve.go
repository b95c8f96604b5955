package source

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// errSyntax marks a form of revision that is left to git itself.
var errSyntax = errors.New("this form of revision needs git on the PATH")

// resolve finds the commit of a name with any number of ~ and ^ behind it. The
// library's own resolver is not used: it takes main@{1} for main, ^3 for ^2,
// and the first object that a short hash fits for the right one.
func resolve(s *filesystem.Storage, revision string) (*object.Commit, error) {
	name, steps := revision, ""
	if i := strings.IndexAny(revision, "~^"); i >= 0 {
		name, steps = revision[:i], revision[i:]
	}
	commit, err := resolveName(s, name)
	for err == nil && steps != "" {
		commit, steps, err = step(s, commit, steps)
	}
	return commit, err
}

// step follows one ~n, ^n, ^{commit} or ^{} and returns the steps that remain.
func step(s *filesystem.Storage, c *object.Commit, steps string) (*object.Commit, string, error) {
	for _, same := range []string{"^{commit}", "^{}"} {
		if rest, ok := strings.CutPrefix(steps, same); ok {
			return c, rest, nil
		}
	}
	kind, rest := steps[0], steps[1:]
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	n := 1
	if digits > 0 {
		var err error
		if n, err = strconv.Atoi(rest[:digits]); err != nil {
			return nil, "", errNoRevision
		}
	}
	rest = rest[digits:]
	switch {
	case rest != "" && rest[0] != '~' && rest[0] != '^':
		return nil, "", errSyntax
	case kind == '^' && n > 0:
		c, err := parent(s, c, n)
		return c, rest, err
	case kind == '~':
		for range n {
			var err error
			if c, err = parent(s, c, 1); err != nil {
				return nil, "", err
			}
		}
	}
	return c, rest, nil
}

func parent(s storer.EncodedObjectStorer, c *object.Commit, n int) (*object.Commit, error) {
	if n > len(c.ParentHashes) {
		return nil, errNoRevision
	}
	return object.GetCommit(s, c.ParentHashes[n-1])
}

func resolveName(s *filesystem.Storage, name string) (*object.Commit, error) {
	if name == "@" {
		name = "HEAD"
	}
	if strings.Contains(name, "@{") || strings.Contains(name, ":") {
		return nil, errSyntax
	}
	if plumbing.IsHash(name) {
		return peel(s, plumbing.NewHash(name))
	}
	for _, rule := range plumbing.RefRevParseRules {
		ref, err := storer.ResolveReference(s, plumbing.ReferenceName(fmt.Sprintf(rule, name)))
		if err == nil {
			return peel(s, ref.Hash())
		}
	}
	return byPrefix(s, name)
}

// peel follows annotated tags to their commit.
func peel(s storer.EncodedObjectStorer, h plumbing.Hash) (*object.Commit, error) {
	for {
		o, err := s.EncodedObject(plumbing.AnyObject, h)
		if err != nil {
			return nil, err
		}
		switch o.Type() {
		case plumbing.CommitObject:
			return object.DecodeCommit(s, o)
		case plumbing.TagObject:
			tag, err := object.DecodeTag(s, o)
			if err != nil {
				return nil, err
			}
			h = tag.Target
		default:
			return nil, refusal{fmt.Errorf("%s is a %s; name a commit", h, o.Type())}
		}
	}
}

// byPrefix finds the one commit whose hash begins so.
func byPrefix(s *filesystem.Storage, prefix string) (*object.Commit, error) {
	const shortest = 4 // git's own minimum
	if len(prefix) < shortest || len(prefix) > 40 {
		return nil, errNoRevision
	}
	prefix = strings.ToLower(prefix)
	whole, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil || strings.Trim(prefix, "0123456789abcdef") != "" {
		return nil, errNoRevision
	}
	hashes, err := s.HashesWithPrefix(whole)
	if err != nil {
		return nil, err
	}
	var found []*object.Commit
	for _, h := range hashes {
		if !strings.HasPrefix(h.String(), prefix) {
			continue
		}
		c, err := peel(s, h)
		if errors.As(err, &refusal{}) {
			continue // a file or directory
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(f *object.Commit) bool { return f.Hash == c.Hash }) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return nil, errNoRevision
	case 1:
		return found[0], nil
	}
	return nil, refusal{fmt.Errorf("the hashes of %d commits begin with %s; give more of it", len(found), prefix)}
}
