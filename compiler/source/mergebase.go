package source

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// defaultBranches are the names under which the default branch is looked for:
// that of the remote first, since a local branch may be behind it.
var defaultBranches = []string{"origin/HEAD", "origin/main", "origin/master", "main", "master"}

// MergeBase returns the full hash of the commit at which a revision left the
// default branch, in the git repository that dir lies in, and the name under
// which the default branch was found.
func MergeBase(ctx context.Context, dir, revision string) (hash, branch string, err error) {
	repo, _, err := locate(dir)
	if err != nil {
		return "", "", err
	}
	t, err := parseTarget(revision, "")
	if err != nil {
		return "", "", err
	}
	hash, branch, err = mergeBaseWithLibrary(ctx, repo, t.commit)
	if err != nil && ctx.Err() == nil && !errors.As(err, &refusal{}) {
		git, lookErr := exec.LookPath("git")
		if lookErr == nil {
			hash, branch, err = mergeBaseWithCommand(ctx, gitCommand{git, repo.root}, repo, t.commit)
		}
		err = explain(err, repo, t, lookErr == nil)
	}
	return hash, branch, err
}

func noDefaultBranch(repo repository) error {
	return refusal{fmt.Errorf("%s has no default branch (origin/HEAD, origin/main, origin/master, main or master): "+
		"name what to compare with; in CI, check out with full history (fetch-depth: 0)", repo.root)}
}

// unrelated says why two commits have no common ancestor.
func unrelated(repo repository, revision, branch string) error {
	if exists(repo.common, "shallow") {
		return refusal{fmt.Errorf("the history of this shallow clone is cut off before %s and %s meet: run `git fetch --unshallow`, "+
			"or fetch more of it with a larger --depth; in CI, check out with full history (fetch-depth: 0)", revision, branch)}
	}
	return refusal{fmt.Errorf("%s and %s have no common history: name what to compare with", revision, branch)}
}

func mergeBaseWithLibrary(ctx context.Context, repo repository, revision string) (hash, branch string, err error) {
	defer recovered(&err)
	s := openStorage(repo)
	defer s.Close()
	if err := understood(s); err != nil {
		return "", "", err
	}
	from, err := resolve(s, revision)
	if err != nil {
		return "", "", err
	}
	for _, branch := range defaultBranches {
		tip, err := resolve(s, branch)
		if errors.Is(err, errNoRevision) || errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err != nil {
			return "", "", err
		}
		base, err := mergeBase(ctx, s, from, tip)
		if err == nil && base == nil {
			err = unrelated(repo, revision, branch)
		}
		if err != nil {
			return "", "", err
		}
		return base.Hash.String(), branch, nil
	}
	return "", "", noDefaultBranch(repo)
}

func mergeBaseWithCommand(ctx context.Context, git gitCommand, repo repository, revision string) (hash, branch string, err error) {
	from, err := git.output(ctx, "rev-parse", "--verify", "--quiet", revision+"^{commit}")
	if err != nil {
		return "", "", errNoRevision
	}
	for _, branch := range defaultBranches {
		tip, err := git.output(ctx, "rev-parse", "--verify", "--quiet", branch+"^{commit}")
		if err != nil {
			continue
		}
		base, err := git.output(ctx, "merge-base", from, tip)
		if err != nil || base == "" {
			return "", "", unrelated(repo, revision, branch)
		}
		return base, branch, nil
	}
	return "", "", noDefaultBranch(repo)
}

// mergeBase returns the newest common ancestor that is no ancestor of another
// one, nil if there is none. It walks from the newest commit to the oldest, as
// git does, and no further than it must. The library's own walks the whole
// history of one side, which a shallow clone does not have.
func mergeBase(ctx context.Context, s *filesystem.Storage, a, b *object.Commit) (*object.Commit, error) {
	const fromA, fromB, stale = 1, 2, 4
	shallow, err := s.Shallow()
	if err != nil {
		return nil, err
	}
	seen := map[plumbing.Hash]int{a.Hash: fromA}
	seen[b.Hash] |= fromB
	queue := &commitQueue{a}
	if a.Hash != b.Hash {
		heap.Push(queue, b)
	}
	var found []*object.Commit
	for slices.ContainsFunc(*queue, func(c *object.Commit) bool { return seen[c.Hash]&stale == 0 }) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := heap.Pop(queue).(*object.Commit)
		marks := seen[c.Hash]
		if marks == fromA|fromB {
			found = append(found, c)
			marks |= stale
		}
		if slices.Contains(shallow, c.Hash) {
			continue // its parents were not fetched
		}
		for _, h := range c.ParentHashes {
			if seen[h]&marks == marks {
				continue
			}
			seen[h] |= marks
			parent, err := object.GetCommit(s, h)
			if err != nil {
				return nil, err
			}
			heap.Push(queue, parent)
		}
	}
	for _, c := range found {
		if seen[c.Hash]&stale == 0 {
			return c, nil
		}
	}
	return nil, nil
}

// commitQueue is a heap of commits, the newest on top.
type commitQueue []*object.Commit

func (q commitQueue) Len() int { return len(q) }
func (q commitQueue) Less(i, j int) bool {
	a, b := q[i], q[j]
	if !a.Committer.When.Equal(b.Committer.When) {
		return a.Committer.When.After(b.Committer.When)
	}
	return slices.Compare(a.Hash[:], b.Hash[:]) < 0
}
func (q commitQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *commitQueue) Push(x any)   { *q = append(*q, x.(*object.Commit)) }
func (q *commitQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
