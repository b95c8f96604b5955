package outdir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// openDir opens an output directory after refusing those that no build should
// write to. The directory must exist.
func openDir(dir string) (*os.Root, error) {
	dir = filepath.Clean(dir)
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot open the output directory %s: %w", dir, cause(err))
	case info.Mode().Type() == fs.ModeSymlink:
		return nil, fmt.Errorf("the output directory %s is a symbolic link: name the directory itself", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("the output directory %s is a file", dir)
	}
	if abs, err := filepath.Abs(dir); err == nil && filepath.Dir(abs) == abs || isDir(info, "/") {
		return nil, fmt.Errorf("the output directory %s is the root of the file system", dir)
	}
	if home, err := os.UserHomeDir(); err == nil && isDir(info, home) {
		return nil, fmt.Errorf("the output directory %s is the home directory: name a directory below it", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the output directory %s: %w", dir, cause(err))
	}
	if err := checkDir(root, info); err != nil {
		root.Close()
		return nil, fmt.Errorf("the output directory %s %w", dir, err)
	}
	return root, nil
}

func isDir(info fs.FileInfo, name string) bool {
	other, err := os.Stat(name)
	return err == nil && os.SameFile(info, other)
}

// checkDir refuses a directory with the tenancy's source in it, or with anything
// but directories where the compiler keeps its own.
func checkDir(root *os.Root, want fs.FileInfo) error {
	if opened, err := root.Stat("."); err != nil || !os.SameFile(opened, want) {
		return errors.New("was replaced while it was opened")
	}
	if _, err := root.Lstat("cue.mod"); err == nil {
		return errors.New("holds the tenancy itself (cue.mod): name a directory below it")
	}
	for _, name := range append([]string{stateDir}, Roots...) {
		info, err := root.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("cannot be read: %s: %w", name, cause(err))
		case info.Mode().Type() == fs.ModeSymlink:
			return fmt.Errorf("has a symbolic link named %s, which a build would write through: remove it", name)
		case !info.IsDir():
			return fmt.Errorf("has a file named %s, where a build needs a directory", name)
		}
	}
	for _, name := range []string{lockFile, journalFile, nextDir, oldDir} {
		if info, err := root.Lstat(name); err == nil && info.Mode().Type() == fs.ModeSymlink {
			return fmt.Errorf("has a symbolic link named %s: remove it", name)
		}
	}
	return nil
}

var errBusy = errors.New("another build is running")

// lock takes the lock of the output directory and holds it until unlock.
// It returns errBusy if another build has it.
func lock(root *os.Root) (*os.File, error) {
	f, err := root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the output directory: %w", cause(err))
	}
	if err := flock(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errBusy) {
			return nil, fmt.Errorf("cannot lock the output directory: %w", cause(err))
		}
		holder, _ := io.ReadAll(io.LimitReader(f, 20))
		if _, err := strconv.Atoi(string(holder)); err != nil {
			return nil, errBusy
		}
		return nil, fmt.Errorf("%w (process %s)", errBusy, holder)
	}
	// Only for the message above: a lock without the number is as good.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	}
	return f, nil
}

// makeStateDir creates the directory of the writer's own files, out of git's
// sight.
func makeStateDir(root *os.Root) error {
	if err := root.Mkdir(stateDir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return cause(err)
	}
	f, err := root.OpenFile(stateDir+"/.gitignore", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return cause(err)
	}
	_, err = f.WriteString("*\n")
	return errors.Join(err, f.Close())
}
