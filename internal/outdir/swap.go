package outdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
)

// swap is the exchange of one of the Roots, or of a file below them. The numbers
// are those of inodes, 0 where there is nothing; they survive a rename, so that
// wherever the exchange was interrupted, they tell how far it came.
type swap struct {
	Name   string `json:"name"`
	Next   uint64 `json:"next"`
	Former uint64 `json:"former"`
}

// swapper replaces what stands in the output by what stands in the next tree. It moves that of the
// former tree to oldDir: what is in nextDir was never seen by a reader and can go
// unseen, but a former directory may hold a file that somebody put there while
// the build was running.
type swapper struct {
	root *os.Root
	o    Options
}

func (s *swapper) step(format string, args ...any) error {
	if s.o.hook == nil {
		return nil
	}
	return s.o.hook(fmt.Sprintf(format, args...))
}

func (s *swapper) writeJournal(swaps []swap) error {
	if err := s.step("write journal"); err != nil {
		return err
	}
	data, err := json.Marshal(swaps)
	if err != nil {
		return err
	}
	const draft = journalFile + ".new"
	if err := s.root.WriteFile(draft, data, 0o644); err != nil {
		return cause(err)
	}
	if err := syncPath(s.root, draft); err != nil {
		return err
	}
	if err := s.root.Rename(draft, journalFile); err != nil {
		return cause(err)
	}
	return syncPath(s.root, stateDir)
}

// readJournal returns nil if there is no journal.
func readJournal(root *os.Root) ([]swap, error) {
	data, err := root.ReadFile(journalFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, cause(err)
	}
	var swaps []swap
	if err := json.Unmarshal(data, &swaps); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", journalFile, err)
	}
	for _, r := range swaps {
		if !slices.Contains(Roots, r.Name) && checkPath(r.Name) != nil {
			return nil, fmt.Errorf("%s is damaged: it names %q", journalFile, r.Name)
		}
	}
	return swaps, nil
}

func (s *swapper) removeJournal() error {
	if err := s.step("remove journal"); err != nil {
		return err
	}
	if err := s.root.Remove(journalFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cause(err)
	}
	return syncPath(s.root, stateDir)
}

// forward makes all exchanges, or those that an interrupted build has not made.
func (s *swapper) forward(swaps []swap) error {
	for _, r := range swaps {
		if dir := path.Dir(r.Name); dir != "." {
			if err := s.root.MkdirAll(path.Join(oldDir, dir), 0o755); err != nil {
				return cause(err)
			}
		}
		if err := s.replace(r); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return s.syncDirs(swaps)
}

// syncDirs brings the directories of the exchanges to the disk.
func (s *swapper) syncDirs(swaps []swap) error {
	if err := s.step("sync"); err != nil {
		return err
	}
	dirs := map[string]bool{}
	for _, r := range swaps {
		for _, above := range []string{"", nextDir, oldDir} {
			dirs[path.Join(above, path.Dir(r.Name))] = true
		}
	}
	for name := range dirs {
		if err := syncPath(s.root, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

var errReplaced = errors.New("it was replaced by hand since a build was interrupted: " +
	"remove the directory " + stateDir + " to forget that build")

func (s *swapper) replace(r swap) error {
	next, old := nextDir+"/"+r.Name, oldDir+"/"+r.Name
	now, err := inode(s.root, r.Name)
	if err != nil {
		return err
	}
	aside, err := inode(s.root, next)
	if err != nil {
		return err
	}
	if now != r.Next {
		if now != r.Former && now != 0 || aside != r.Next {
			return errReplaced
		}
		if now, aside, err = s.exchange(r, now, aside); err != nil {
			return err
		}
	}
	if now != r.Next && now != 0 {
		if err := s.rename(r.Name, old); err != nil {
			return err
		}
		now = 0
	}
	if now != r.Next {
		return s.rename(next, r.Name)
	}
	if aside != 0 && aside == r.Former {
		return s.rename(next, old)
	}
	return nil
}

// exchange exchanges what is in place with what is aside in one step, where both are
// there and the system can. It returns the inodes in place and aside.
func (s *swapper) exchange(r swap, now, aside uint64) (uint64, uint64, error) {
	if now == 0 || aside == 0 || s.o.noExchange {
		return now, aside, nil
	}
	if err := s.step("exchange %s", r.Name); err != nil {
		return now, aside, err
	}
	if exchange(s.root, nextDir, r.Name) == nil {
		return aside, now, nil
	}
	return now, aside, nil
}

// back undoes the exchanges and removes the journal.
func (s *swapper) back(swaps []swap) error {
	for _, r := range slices.Backward(swaps) {
		if err := s.restore(r); err != nil {
			return err
		}
	}
	if err := s.syncDirs(swaps); err != nil {
		return err
	}
	return s.removeJournal()
}

func (s *swapper) restore(r swap) error {
	next, old := nextDir+"/"+r.Name, oldDir+"/"+r.Name
	now, err := inode(s.root, r.Name)
	if err != nil || now == r.Former {
		return err
	}
	aside, err := inode(s.root, next)
	if err != nil {
		return err
	}
	if aside != 0 && aside == r.Former {
		if err := s.step("exchange %s", r.Name); err != nil {
			return err
		}
		return exchange(s.root, nextDir, r.Name)
	}
	if now != 0 {
		if err := s.rename(r.Name, next); err != nil {
			return err
		}
	}
	if r.Former == 0 {
		return nil
	}
	return s.rename(old, r.Name)
}

func (s *swapper) rename(from, to string) error {
	if err := s.step("rename %s %s", from, to); err != nil {
		return err
	}
	if err := s.root.Rename(from, to); err != nil {
		return cause(err)
	}
	return nil
}

// settle ends a build whose exchanges are made.
func (s *swapper) settle() error {
	if err := s.removeJournal(); err != nil {
		return err
	}
	return s.clean()
}

// clean removes all that a build leaves in stateDir.
func (s *swapper) clean() error {
	if err := s.step("clean"); err != nil {
		return err
	}
	if err := sweep(s.root, max(s.o.Workers, 1)); err != nil {
		return err
	}
	for _, name := range []string{nextDir, oldDir, journalFile + ".new"} {
		if err := s.root.RemoveAll(name); err != nil {
			return fmt.Errorf("cannot remove %s: %w", name, cause(err))
		}
	}
	return nil
}
