package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tenantry/tenantry/internal/testkit"
)

// Starting a process of tenantry takes longer than most of what sessions have it do. The
// sessions run it in the process of the test instead, but where they give it input or a
// shell runs it, and where they are rewritten.

// inProcess is the script command that runs tenantry in the process of the test, by name.
const inProcess = "in-process"

// byShell are the sessions in which a shell runs tenantry.
var byShell = []string{"action.txtar", "gitlab.txtar", "pre-commit.txtar"}

var (
	startLine  = regexp.MustCompile(`(?m)^((?:! )?)exec tenantry\b`)
	exitsLine  = regexp.MustCompile(`(?m)^(exits \d+) tenantry\b`)
	inputLines = regexp.MustCompile(`(?m)^stdin .*\n.*$`)
	envLine    = regexp.MustCompile(`(?m)^env (\w+)=`)
)

// copyScripts copies sessions to a directory, with tenantry in process. It returns the
// names of the variables that they set.
func copyScripts(t *testing.T, pattern, dir string) (variables []string) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no sessions match %s: %v", pattern, err)
	}
	for _, name := range names {
		text := testkit.ReadFile(t, name)
		if !slices.Contains(byShell, filepath.Base(name)) {
			for _, m := range envLine.FindAllStringSubmatch(text, -1) {
				variables = append(variables, m[1])
			}
			text = runInProcess(text)
		}
		testkit.WriteFile(t, filepath.Join(dir, filepath.Base(name)), text)
	}
	return variables
}

// runInProcess changes the lines of a session that run tenantry without input.
func runInProcess(text string) string {
	change := func(s string) string {
		return exitsLine.ReplaceAllString(startLine.ReplaceAllString(s, "${1}"+inProcess), "${1} "+inProcess)
	}
	var b strings.Builder
	from := 0
	for _, at := range inputLines.FindAllStringIndex(text, -1) {
		b.WriteString(change(text[from:at[0]]) + text[at[0]:at[1]])
		from = at[1]
	}
	return b.String() + change(text[from:])
}

// process runs tenantry in the process of the test, once at a time: there is one working
// directory and one environment.
type process struct {
	mu sync.Mutex
	// variables are those that sessions may set.
	variables []string
}

// set adds the variables that every session has.
func (p *process) set(e *testscript.Env) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range e.Vars {
		if name, _, _ := strings.Cut(v, "="); !slices.Contains(p.variables, name) {
			p.variables = append(p.variables, name)
		}
	}
}

// run runs tenantry where a session is, and returns the exit code. Other sessions go on
// meanwhile, and find programs by the PATH of the process: that one stays.
func (p *process) run(ts *testscript.TestScript, args []string) int {
	stdout, stderr := ts.Stdout(), ts.Stderr()
	p.mu.Lock()
	defer p.mu.Unlock()
	dir, err := os.Getwd()
	ts.Check(err)
	before := environment()
	session := map[string]string{"PWD": ts.MkAbs(".")}
	for _, name := range p.variables {
		if value := ts.Getenv(name); value != "" {
			session[name] = value
		}
	}
	defer func() {
		ts.Check(os.Chdir(dir))
		setEnvironment(ts, before)
	}()
	setEnvironment(ts, session)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	return execute(context.Background(), args, stdout, stderr)
}

// environment returns the variables of the process.
func environment() map[string]string {
	out := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		out[name] = value
	}
	return out
}

// setEnvironment lets the process have these variables alone, but for PATH, which stays
// throughout.
func setEnvironment(ts *testscript.TestScript, variables map[string]string) {
	for name := range environment() {
		if _, ok := variables[name]; !ok && name != "PATH" {
			ts.Check(os.Unsetenv(name))
		}
	}
	for name, value := range variables {
		if name != "PATH" {
			ts.Check(os.Setenv(name, value))
		}
	}
}

// command is the script command that [inProcess] names.
func (p *process) command(ts *testscript.TestScript, neg bool, args []string) {
	if code := p.run(ts, args); (code != 0) != neg {
		ts.Fatalf("the exit code is %d", code)
	}
}
