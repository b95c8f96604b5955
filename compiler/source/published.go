package source

import (
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// PublishedRef returns the whole name of the reference that holds the branch of a remote with
// a URL, as it was last fetched into the git repository of a directory: for example
// "refs/remotes/origin/rendered". It is empty if there is none.
func PublishedRef(dir, url, branch string) string {
	where, _, err := locate(dir)
	if err != nil {
		return ""
	}
	store := openStorage(where)
	config, err := store.Config()
	if err != nil {
		return ""
	}
	names := make([]string, 0, len(config.Remotes))
	for name := range config.Remotes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.ContainsFunc(config.Remotes[name].URLs, func(u string) bool { return sameURL(u, url) }) {
			continue
		}
		ref := plumbing.NewRemoteReferenceName(name, branch)
		if _, err := store.Reference(ref); err == nil {
			return ref.String()
		}
	}
	return ""
}

// sameURL compares the URLs of two git repositories, which may end in ".git" or a slash.
func sameURL(a, b string) bool {
	plain := func(u string) string { return strings.TrimSuffix(strings.TrimRight(u, "/"), ".git") }
	return plain(a) == plain(b)
}
