package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// explain says in the user's terms why a revision can't be read, and what to
// do. tried tells whether git itself was asked, or is not on the machine.
func explain(err error, repo repository, t target, tried bool) error {
	switch {
	case err == nil || errors.As(err, &refusal{}):
		return err
	case absent(err) && exists(repo.common, "shallow"):
		return fmt.Errorf("revision %s is not in this shallow clone, whose history is cut off: run `git fetch --unshallow`, "+
			"or fetch more of it with a larger --depth; in CI, check out with full history (fetch-depth: 0)", t.commit)
	case !tried:
		return explainWithoutGit(err, repo, t)
	case errors.Is(err, errNoRevision):
		return noRevision(repo, t)
	}
	return fmt.Errorf("cannot read revision %s: %w%s", t, err, readConfig(repo).hint())
}

// explainWithoutGit is explain where only the library was asked, which can't read all
// that git can.
func explainWithoutGit(err error, repo repository, t target) error {
	config := readConfig(repo)
	switch {
	case config.format != "":
		return fmt.Errorf("cannot read revision %s: this repository %s, which needs git on the PATH", t, config.format)
	case absent(err) && config.partial:
		return fmt.Errorf("cannot read revision %s: this is a partial clone, and objects were left at its remote; "+
			"put git on the PATH, which fetches them, or clone without --filter", t)
	case absent(err) && exists(repo.common, "objects", "info", "alternates"):
		return fmt.Errorf("cannot read revision %s: this clone borrows objects from another repository (git clone --shared or --reference); "+
			"put git on the PATH, or run `git repack -a -d` and remove objects/info/alternates", t)
	case errors.Is(err, errNoRevision):
		return noRevision(repo, t)
	case errors.Is(err, errSyntax):
		return fmt.Errorf("cannot read revision %s: %w; a branch, tag or hash, with ~n and ^n behind it, does not", t, err)
	case errors.Is(err, plumbing.ErrObjectNotFound):
		return fmt.Errorf("cannot read revision %s: an object is missing from %s; `git fsck` tells more", t, repo.root)
	}
	return fmt.Errorf("cannot read revision %s: %w; with git on the PATH it may succeed", t, err)
}

// absent reports whether a revision, or something of it, was not found.
func absent(err error) bool {
	return errors.Is(err, errNoRevision) || errors.Is(err, plumbing.ErrObjectNotFound)
}

func noRevision(repo repository, t target) error {
	return fmt.Errorf("there is no revision %s in %s; a branch or tag of a remote may need `git fetch` first", t.commit, repo.root)
}

// configuration is what of a repository's settings explains a failure.
type configuration struct {
	format  string // "uses SHA-256 object names"; "" if plain
	partial bool
}

func (c configuration) hint() string {
	if c.partial {
		return "; this is a partial clone, whose missing objects git could not fetch from the remote"
	}
	return ""
}

// readConfig looks for words in the settings: they may be what the library
// fails to parse.
func readConfig(repo repository) configuration {
	var c configuration
	data, err := os.ReadFile(filepath.Join(repo.common, "config"))
	if err != nil {
		return c
	}
	for line := range strings.Lines(strings.ToLower(string(data))) {
		key, value, _ := strings.Cut(line, "=")
		switch key, value = strings.TrimSpace(key), strings.TrimSpace(value); {
		case key == "objectformat" && value == "sha256":
			c.format = "uses SHA-256 object names"
		case key == "refstorage" && value != "files":
			c.format = "stores branches as a " + value
		case key == "promisor" && value == "true", key == "partialclone":
			c.partial = true
		}
	}
	return c
}
