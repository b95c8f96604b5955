package source

import (
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// PublishedRef returns the whole name of the reference that holds the branch of a remote with
// a URL, as it was last fetched into the git repository of a directory: for example
// "refs/remotes/origin/rendered". It is empty if there is none.
func PublishedRef(dir, url, branch string) string {
	store, names := remotes(dir, url)
	for _, name := range names {
		ref := plumbing.NewRemoteReferenceName(name, branch)
		if _, err := store.Reference(ref); err == nil {
			return ref.String()
		}
	}
	return ""
}

// Remote returns the name of a remote with a URL in the git repository of a directory; empty if
// there is none.
func Remote(dir, url string) string {
	if _, names := remotes(dir, url); len(names) > 0 {
		return names[0]
	}
	return ""
}

// remotes returns the names of the remotes with a URL, sorted, and what has their references.
func remotes(dir, url string) (store storer.ReferenceStorer, names []string) {
	where, _, err := locate(dir)
	if err != nil {
		return nil, nil
	}
	git := openStorage(where)
	config, err := git.Config()
	if err != nil {
		return nil, nil
	}
	for name, remote := range config.Remotes {
		if slices.ContainsFunc(remote.URLs, func(u string) bool { return sameURL(u, url) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return git, names
}

// sameURL compares the URLs of two git repositories, which may end in ".git" or a slash.
func sameURL(a, b string) bool {
	plain := func(u string) string { return strings.TrimSuffix(strings.TrimRight(u, "/"), ".git") }
	return plain(a) == plain(b)
}
