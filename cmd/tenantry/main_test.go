package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
)

const scripts = "../../fixtures/scripts"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tenantry": func() { os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the sessions in fixtures/scripts. TENANTRY_UPDATE=1 rewrites
// what they expect.
func TestScripts(t *testing.T) {
	base, err := filepath.Abs("../../fixtures/base")
	if err != nil {
		t.Fatal(err)
	}
	caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	goCache, goModules, _ := strings.Cut(strings.TrimSpace(string(caches)), "\n")
	checkout, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	here, dir := &process{}, scripts
	if !testkit.Updating() {
		dir = t.TempDir()
		here.variables = copyScripts(t, scripts+"/*.txtar", dir)
	}
	shared := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		UpdateScripts:       testkit.Updating(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TENANTRY_CACHE", cacheOf(t, e, dir, shared))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("CHECKOUT", checkout)
			e.Setenv("GOCACHE", goCache)
			e.Setenv("GOMODCACHE", goModules)
			for _, name := range []string{"GOFLAGS", "CGO_ENABLED"} { // so that the action compiles nothing anew
				e.Setenv(name, os.Getenv(name))
			}
			e.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(e.WorkDir, ".gitconfig"))
			here.set(e)
			return os.WriteFile(filepath.Join(e.WorkDir, ".gitconfig"), []byte("[user]\nname = Script\nemail = script@acme.example\n[init]\ndefaultBranch = main\n"), 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"tenancy": layTenancy(base), "exits": here.exits, inProcess: here.command, "replace": replace, "building": building, "step": runStep(t), "job": runJob(t), "precommit": preCommit(t)},
	})
}

// cacheOf returns the cache of a session: its own where the session is about caches, and
// else the one that all share, since most of them compile much the same repo.
func cacheOf(t *testing.T, e *testscript.Env, dir, shared string) string {
	name := strings.TrimPrefix(filepath.Base(e.WorkDir), "script-")
	if strings.Contains(testkit.ReadFile(t, filepath.Join(dir, name+".txtar")), "cache") {
		return filepath.Join(e.WorkDir, ".cache")
	}
	return shared
}

// exits is the script command `exits CODE PROGRAM ARGS...`: like exec, where the
// exit code is part of what the session shows.
func (p *process) exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGS...]")
	}
	code := 0
	if args[1] == inProcess {
		code = p.run(ts, args[2:])
	} else if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed := (*exec.ExitError)(nil)
		if !errors.As(err, &failed) {
			ts.Check(err)
		}
		code = failed.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("the exit code is %d", code)
	}
}

// replace is the script command `replace OLD NEW FILE`, an edit by hand.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%s has no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o644))
}

// building is the script command `building DIR`: until the end of the script,
// another build into DIR is running.
func building(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: building DIR")
	}
	w, err := outdir.Begin(ts.MkAbs(args[0]), outdir.Options{})
	ts.Check(err)
	ts.Defer(w.Abort)
}

// layTenancy is the script command `tenancy DIR`: a small tenancy repo in DIR,
// below what the script has put there already.
func layTenancy(base string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: tenancy DIR")
		}
		write := func(name string, data []byte) {
			target := filepath.Join(ts.MkAbs(args[0]), filepath.FromSlash(name))
			if _, err := os.Lstat(target); err == nil {
				return
			}
			ts.Check(os.MkdirAll(filepath.Dir(target), 0o755))
			ts.Check(os.WriteFile(target, data, 0o644))
		}
		for name, data := range schema.RepoFiles("acme.example/tenancy") {
			write(name, data)
		}
		ts.Check(filepath.WalkDir(base, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(base, p)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(p)
			write(filepath.ToSlash(name), data)
			return err
		}))
	}
}

// archives are the txtar files whose cases a test runs whole: the sessions here,
// the repos that the load pass reads, and those that the tenancy is judged by.
var archives = []string{
	scripts + "/*.txtar",
	"../../compiler/load/testdata/*.txtar",
	"../../compiler/tenancy/testdata/*/*.txtar",
}

// Every diagnostic code is expected by a script, and no script speaks of a code
// that does not exist.
func TestEveryCodeHasAScript(t *testing.T) {
	shown := map[string]bool{}
	code := regexp.MustCompile(`TEN[0-9]{4}`)
	for _, pattern := range archives {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no archives %s: %v", pattern, err)
		}
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range code.FindAllString(expected(archive), -1) {
				shown[c] = true
			}
		}
	}
	for _, e := range diag.Entries() {
		if !shown[string(e.Code)] {
			t.Errorf("%s (%s) is shown by no script", e.Code, e.Title)
		}
		delete(shown, string(e.Code))
	}
	delete(shown, "TEN9999") // the one that `explain` must not know
	for c := range shown {
		t.Errorf("%s is in a script and not in the catalogue", c)
	}
}

// expected is the part of an archive that is compared with what a run says: its
// file "want" or "findings", or the lines of a session that look at the output of a command
// which compiles.
func expected(a *txtar.Archive) string {
	for _, f := range a.Files {
		if f.Name == "want" || f.Name == "findings" {
			return string(f.Data)
		}
	}
	var b strings.Builder
	compiles := false
	for line := range strings.Lines(string(a.Comment)) {
		switch words := strings.Fields(line); {
		case strings.Contains(line, "tenantry "):
			compiles = !strings.Contains(line, "tenantry explain") && !strings.Contains(line, "tenantry __complete")
		case compiles && len(words) > 0 && (words[0] == "stdout" || words[0] == "stderr"):
			b.WriteString(line)
		}
	}
	return b.String()
}
