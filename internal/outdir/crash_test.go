//go:build unix

package outdir

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/testkit"
)

// childVar makes the test binary play another process: its value is what to do.
const childVar = "TENANTRY_OUTPUT_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childVar); mode != "" {
		if err := child(mode, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(mode, dir string) error {
	switch mode {
	case "exchange", "rename":
		// A byte a step lets the parent choose its moment on a slow machine too, and
		// the pause lets it hit the steps as often as the rest.
		o := Options{noExchange: mode == "rename", hook: func(string) error {
			_, err := os.Stdout.Write([]byte{'.'})
			time.Sleep(4 * time.Millisecond)
			return err
		}}
		for i := 1; ; i++ {
			if _, err := try(dir, big(i%2), o); err != nil {
				return err
			}
		}
	case "full":
		w, err := Begin(dir, Options{})
		if err != nil {
			return err
		}
		defer w.Abort()
		limit := syscall.Rlimit{Cur: 4096, Max: 4096}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		if err := w.Write("clusters/a.yaml", []byte(doc("small"))); err != nil {
			return err
		}
		if err := w.Write("clusters/b.yaml", []byte(doc(strings.Repeat("x", 8192)))); err == nil {
			return errors.New("a file beyond the limit was written")
		}
		_, err = w.Commit()
		return err
	case "read-only":
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
		_, err := Begin(dir, Options{})
		return err
	}
	return fmt.Errorf("no mode %q", mode)
}

// recoverOutput begins a build, which finishes one that was interrupted, and gives it up.
func recoverOutput(dir string) error {
	w, err := Begin(dir, Options{})
	if err == nil {
		w.Abort()
	}
	return err
}

func command(mode, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), childVar+"="+mode)
	return cmd
}

// big returns one of two trees of some hundred files that have half of their
// files in common, and a directory each that the other lacks.
func big(which int) tree {
	out := tree{"pins/acme.yaml": doc("same"), fmt.Sprintf("inventory/only-%d.json", which): `{"generator":"tenantry"}`}
	if which == 0 {
		out["gitops/flux/eu.yaml"] = doc("only here")
	}
	for i := range 600 {
		out[fmt.Sprintf("clusters/c%d/tenants/o%d/%d.yaml", i%4, i%50, i+i%3*which)] = doc(fmt.Sprint("content ", i%2*which))
	}
	return out
}

// TestKill kills builds after each number of steps, and some time later. Whatever the
// moment, what is there after recovery is one of the two trees, and what people added.
func TestKill(t *testing.T) {
	kills := 40
	if testing.Short() {
		kills = 8
	}
	foreign := tree{"clusters/c1/tenants/o1/NOTES": "mine", "clusters/empty/": "", "gitops/README": "mine", "top": "mine"}
	want := []tree{union(big(0), foreign), union(big(1), foreign)}
	journals, seen := 0, map[int]int{}
	// A kill loses nothing that the kernel has, and memory sees more kills in a second.
	dirs := map[string]string{"exchange": testkit.MemoryDir(t), "rename": testkit.MemoryDir(t)}
	for _, dir := range dirs {
		build(t, dir, big(0))
		put(t, dir, foreign)
	}
	for i := range kills {
		mode := []string{"exchange", "rename"}[i%2]
		dir := dirs[mode]
		cmd := command(mode, dir)
		var failure strings.Builder
		cmd.Stderr = &failure
		steps, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, steps, int64(i*20/kills)); err != nil {
			t.Fatalf("a build ended before it was killed: %v, %s", err, &failure)
		}
		time.Sleep(time.Duration(i%8) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // by the kill
		if _, err := os.Lstat(filepath.Join(dir, journalFile)); err == nil {
			journals++
		}
		if err := recoverOutput(dir); err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
		got := read(t, dir)
		which := slices.IndexFunc(want, func(w tree) bool { return maps.Equal(w, got) })
		if which < 0 {
			t.Fatalf("after kill %d (%s) the output is neither tree; compared with the second:\n%s", i, mode, cmp.Diff(want[1], got))
		}
		seen[which]++
	}
	t.Logf("%d kills left a journal; outcomes: %v", journals, seen)
	if journals == 0 || len(seen) < 2 {
		t.Error("the kills did not hit the moments that matter")
	}
}

// scenario is a former output and the build that is interrupted.
type scenario struct {
	former, foreign, next tree
	noExchange            bool
}

func scenarios() map[string]scenario {
	files := scenario{
		former:  tree{"clusters/a.yaml": doc("a"), "clusters/b.yaml": doc("b"), "gitops/x/g.yaml": doc("g"), "inventory/i.json": `{"generator":"tenantry"}`},
		foreign: tree{"clusters/mine": "mine", "gitops/empty/": ""},
		// clusters changes, gitops loses all but what is foreign, inventory goes, pins is new.
		next: tree{"clusters/a.yaml": doc("a"), "clusters/b.yaml": doc("b2"), "clusters/d/c.yaml": doc("c"), "pins/p.yaml": doc("p")},
	}
	renames := files
	renames.noExchange = true
	// A few files change or come, and no directory does: they are exchanged one by one.
	some := scenario{
		former:  files.former,
		foreign: files.foreign,
		next: tree{"clusters/a.yaml": doc("a"), "clusters/b.yaml": doc("b2"), "clusters/c.yaml": doc("c"), "gitops/x/g.yaml": doc("g2"),
			"inventory/i.json": `{"generator":"tenantry"}`},
	}
	someRenames := some
	someRenames.noExchange = true
	return map[string]scenario{"exchange": files, "rename": renames, "first build": {next: files.next},
		"some files": some, "some files, rename": someRenames}
}

func (s scenario) start(t *testing.T) string {
	dir := testkit.MemoryDir(t)
	build(t, dir, s.former)
	put(t, dir, s.foreign)
	return dir
}

// steps returns the names of the steps of the commit.
func (s scenario) steps(t *testing.T) []string {
	var steps []string
	_, err := try(s.start(t), s.next, Options{noExchange: s.noExchange, hook: func(step string) error {
		steps = append(steps, step)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	// The first is the one that tidies up when the build begins.
	if len(steps) < 6 || steps[0] != "clean" || steps[1] != "write journal" {
		t.Fatalf("steps are %q", steps)
	}
	return steps
}

var errFault = errors.New("injected fault")

// failFrom fails all steps from number first on, as if the process had ended
// there.
func failFrom(first int) func(string) error {
	n := -1
	return func(string) error {
		if n++; n >= first {
			return errFault
		}
		return nil
	}
}

// failAt fails the one step number at.
func failAt(at int) func(string) error {
	n := -1
	return func(string) error {
		if n++; n == at {
			return errFault
		}
		return nil
	}
}

func TestInterruptedAtEachStep(t *testing.T) {
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			for i, step := range s.steps(t)[1:] {
				dir := s.start(t)
				if _, err := try(dir, s.next, Options{noExchange: s.noExchange, hook: failFrom(i + 1)}); !errors.Is(err, errFault) {
					t.Fatalf("interrupted at %q: got %v", step, err)
				}
				want := union(s.next, s.foreign)
				if step == "write journal" {
					want = union(s.former, s.foreign)
				}
				if err := recoverOutput(dir); err != nil {
					t.Fatalf("interrupted at %q: %v", step, err)
				}
				if d := cmp.Diff(want, read(t, dir)); d != "" {
					t.Fatalf("interrupted at %q:\n%s", step, d)
				}
				expectTidy(t, dir)
				build(t, dir, s.former)
				expect(t, dir, union(s.former, s.foreign))
			}
		})
	}
}

func TestRecoveryInterruptedAtEachStep(t *testing.T) {
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			steps := s.steps(t)
			for i := 2; i < len(steps); i++ {
				for j := range len(steps) - i {
					dir := s.start(t)
					if _, err := try(dir, s.next, Options{noExchange: s.noExchange, hook: failFrom(i)}); err == nil {
						t.Fatalf("interrupted at %q without an error", steps[i])
					}
					w, err := Begin(dir, Options{noExchange: s.noExchange, hook: failFrom(j)})
					if err == nil {
						w.Abort()
						t.Fatalf("recovery was not interrupted at its step %d", j)
					}
					if err := recoverOutput(dir); err != nil {
						t.Fatal(err)
					}
					if d := cmp.Diff(union(s.next, s.foreign), read(t, dir)); d != "" {
						t.Fatalf("interrupted at %q, recovery at its step %d:\n%s", steps[i], j, d)
					}
				}
			}
		})
	}
}

// TestFailureAtEachStep lets single steps fail. The build takes back what it has
// exchanged, and the former output is whole at once, without recovery.
func TestFailureAtEachStep(t *testing.T) {
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			for i, step := range s.steps(t)[1:] {
				dir := s.start(t)
				if _, err := try(dir, s.next, Options{noExchange: s.noExchange, hook: failAt(i + 1)}); !errors.Is(err, errFault) {
					t.Fatalf("failure of %q: got %v", step, err)
				}
				want := union(s.former, s.foreign)
				if step == "remove journal" || step == "clean" {
					want = union(s.next, s.foreign)
				} else {
					expectTidy(t, dir)
				}
				if d := cmp.Diff(want, read(t, dir)); d != "" {
					t.Fatalf("failure of %q:\n%s", step, d)
				}
				if err := recoverOutput(dir); err != nil {
					t.Fatal(err)
				}
				expect(t, dir, want)
				build(t, dir, s.next)
				expect(t, dir, union(s.next, s.foreign))
			}
		})
	}
}

func TestReplacedByHandAfterAKill(t *testing.T) {
	s := scenarios()["exchange"]
	dir := s.start(t)
	if _, err := try(dir, s.next, Options{hook: failFrom(2)}); err == nil {
		t.Fatal("the build was not interrupted")
	}
	clusters := filepath.Join(dir, "clusters")
	if err := errors.Join(os.Rename(clusters, clusters+".bak"), os.Mkdir(clusters, 0o755)); err != nil {
		t.Fatal(err)
	}
	err := recoverOutput(dir)
	if err == nil || !strings.Contains(err.Error(), "replaced by hand") || !strings.Contains(err.Error(), "remove the directory .tenantry") {
		t.Errorf("got %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, stateDir)); err != nil {
		t.Fatal(err)
	}
	build(t, dir, s.next)
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	former := tree{"clusters/a.yaml": doc("a"), "clusters/c.yaml": doc("c")}
	build(t, dir, former)
	out, err := command("full", dir).CombinedOutput()
	if want := "cannot write clusters/b.yaml: file too large\n"; err == nil || string(out) != want {
		t.Errorf("got %v, %q, want %q", err, out, want)
	}
	expect(t, dir, former)
	expectTidy(t, dir)
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody who may only read")
	}
	top := t.TempDir()
	dir := filepath.Join(top, "rendered")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for d := top; d != filepath.Dir(d) && strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{"empty", "built", "interrupted"} {
		switch state {
		case "built":
			build(t, dir, tree{"pins/a.yaml": doc("a")})
		case "interrupted":
			if err := os.Mkdir(filepath.Join(dir, nextDir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		before := read(t, dir)
		out, err := command("read-only", dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "permission denied") || strings.Contains(string(out), "a command that reads") {
			t.Errorf("%s: got %v, %q", state, err, out)
		}
		expect(t, dir, before)
	}
}
