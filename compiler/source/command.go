package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"time"
)

// gitCommand is the git binary, for the repositories that go-git can't read:
// SHA-256 objects, partial clones, borrowed objects, reftables.
type gitCommand struct {
	binary string
	root   string
}

// command prepares a call that the variables of the caller's environment can't
// lead to another repository, and that asks nobody anything.
func (g gitCommand) command(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, g.binary, append([]string{"-C", g.root}, args...)...)
	cmd.Env = gitEnvironment(os.Environ())
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	return cmd, &stderr
}

// gitEnvironment keeps of git's variables only those that say how to reach a
// remote, which a partial clone needs, and where the user's settings are.
func gitEnvironment(environ []string) []string {
	var env []string
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case !strings.HasPrefix(name, "GIT_"):
		case strings.HasPrefix(name, "GIT_SSH"), name == "GIT_ASKPASS", name == "GIT_EXEC_PATH",
			name == "GIT_CONFIG_GLOBAL", name == "GIT_CONFIG_SYSTEM", name == "GIT_CONFIG_NOSYSTEM":
		default:
			continue
		}
		env = append(env, v)
	}
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1")
}

// failure is the last line that git wrote, which says why it stopped.
func failure(err error, stderr *bytes.Buffer) error {
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if last := strings.TrimPrefix(lines[len(lines)-1], "fatal: "); last != "" {
		return errors.New(last)
	}
	return err
}

func (g gitCommand) output(ctx context.Context, args ...string) (string, error) {
	cmd, stderr := g.command(ctx, args...)
	out, err := cmd.Output()
	if err != nil {
		return "", failure(err, stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

func readWithCommand(ctx context.Context, git gitCommand, t target, o Options) (snapshot, error) {
	// Whether git works at all here comes first: the next call fails both for
	// an unknown name and for a repository that git refuses to touch.
	if _, err := git.output(ctx, "rev-parse", "--git-dir"); err != nil {
		return snapshot{}, err
	}
	commit, err := git.output(ctx, "rev-parse", "--verify", "--quiet", t.commit+"^{commit}")
	if err != nil {
		return snapshot{}, errNoRevision
	}
	tree := commit + ":" + t.dir
	if kind, err := git.output(ctx, "cat-file", "-t", tree); err != nil || kind != "tree" {
		if t.dir != "" {
			return snapshot{}, noDirectory(t)
		}
		return snapshot{}, err
	}
	l := newListing(o)
	if err := git.list(ctx, l, tree); err != nil {
		return snapshot{}, err
	}
	files, err := git.read(ctx, l)
	return snapshot{listing: l, files: files, commit: commit}, err
}

// list reads `git ls-tree`, whose records are "mode type object TAB path NUL".
func (g gitCommand) list(ctx context.Context, l *listing, tree string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd, stderr := g.command(ctx, "ls-tree", "-r", "-z", "--full-tree", tree)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = listRecords(l, bufio.NewReaderSize(out, 1<<16))
	if err != nil {
		stop()
		_ = cmd.Wait()
		if errors.Is(err, errEnough) {
			l.entries = nil
			return nil
		}
		return err
	}
	if err := cmd.Wait(); err != nil {
		return failure(err, stderr)
	}
	l.sort()
	return nil
}

func listRecords(l *listing, r *bufio.Reader) error {
	entered := map[string]bool{"": true}
	for {
		record, err := r.ReadString(0)
		if err == io.EOF && record == "" {
			return nil
		}
		if err != nil {
			return err
		}
		head, p, ok := strings.Cut(strings.TrimSuffix(record, "\x00"), "\t")
		fields := strings.Fields(head)
		if !ok || len(fields) != 3 {
			return fmt.Errorf("git ls-tree printed %q", record)
		}
		if err := l.visit(p); err != nil {
			return err
		}
		if !entersAll(l, entered, parentOf(p)) {
			continue
		}
		switch fields[0] {
		case "120000":
			l.link(p)
		case "160000":
			l.submodule(p)
		default:
			l.file(p, unknownSize, fields[2])
		}
	}
}

func parentOf(p string) string { return treePath(path.Dir(p)) }

// entersAll reports whether a walk would have come to a directory. Each
// directory is asked about once, as in a walk.
func entersAll(l *listing, entered map[string]bool, dir string) bool {
	known, ok := entered[dir]
	if !ok {
		known = entersAll(l, entered, parentOf(dir)) && l.enters(dir)
		entered[dir] = known
	}
	return known
}

// stream reads the content of all entries from `git cat-file --batch`, which
// answers each object ID with "object type size LF content LF".
func (g gitCommand) stream(ctx context.Context, l *listing) ([][]byte, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd, stderr := g.command(ctx, "cat-file", "--batch", "--buffer")
	var ids strings.Builder
	for _, e := range l.entries {
		ids.WriteString(e.object)
		ids.WriteByte('\n')
	}
	cmd.Stdin = strings.NewReader(ids.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	contents, err := readBatch(l, bufio.NewReaderSize(out, 1<<18))
	if err != nil || len(contents) < len(l.entries) {
		stop() // before the end of its output
		_ = cmd.Wait()
	} else if waitErr := cmd.Wait(); waitErr != nil {
		err = failure(waitErr, stderr)
	}
	return contents, err
}

func (g gitCommand) read(ctx context.Context, l *listing) ([]File, error) {
	contents, err := g.stream(ctx, l)
	if err != nil {
		return nil, err
	}
	files := make([]File, len(contents))
	err = parallel(ctx, len(contents), 0, func(_, i int) error {
		if contents[i] != nil {
			files[i] = l.accept(l.entries[i].path, contents[i])
		}
		return nil
	})
	return present(files), err
}

// readBatch returns the content of each entry, nil where it is left out; no
// content at all where the total's limit is reached.
func readBatch(l *listing, r *bufio.Reader) ([][]byte, error) {
	contents := make([][]byte, 0, len(l.entries))
	for _, e := range l.entries {
		head, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("git cat-file ended early: %w", err)
		}
		fields := strings.Fields(head)
		if len(fields) != 3 {
			return nil, fmt.Errorf("object %s of %s is missing", e.object, printable(e.path))
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git cat-file printed %q", head)
		}
		ok, more := l.admit(e.path, size)
		if !more {
			return nil, nil
		}
		var data []byte
		if ok {
			data = make([]byte, size)
			_, err = io.ReadFull(r, data)
		} else {
			_, err = io.CopyN(io.Discard, r, size)
		}
		if err == nil {
			_, err = r.ReadByte()
		}
		if err != nil {
			return nil, fmt.Errorf("git cat-file ended early: %w", err)
		}
		contents = append(contents, data)
	}
	return contents, nil
}
