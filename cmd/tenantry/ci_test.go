package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// compositeAction is action.yml as GitHub reads it.
type compositeAction struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Author      string `yaml:"author"`
	Branding    struct{ Icon, Color string }
	Inputs      map[string]struct {
		Description string
		Required    bool
		Default     string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	Name, ID, If, Shell, Run, Uses string
	Env, With                      map[string]string
}

func readYAML(t testing.TB, name string, into any) {
	t.Helper()
	f, err := os.Open(filepath.Join(repository, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// The action is what GitHub takes: a composite whose steps run or use something,
// with inputs and outputs that there are. No input is a part of a script's text.
func TestActionShape(t *testing.T) {
	var a compositeAction
	readYAML(t, "action.yml", &a)
	if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Errorf("the action lacks something: %+v", a)
	}
	for name, input := range a.Inputs {
		if input.Description == "" {
			t.Errorf("input %s is not described", name)
		}
		if input.Required == (input.Default != "") && name != "path" && name != "fail-on" && name != "repository" {
			t.Errorf("input %s is required: %v, and by default %q", name, input.Required, input.Default)
		}
	}
	ids, used := map[string]bool{}, map[string]bool{}
	known := func(where, text string) {
		for _, name := range regexp.MustCompile(`inputs\.([\w-]+)`).FindAllStringSubmatch(text, -1) {
			used[name[1]] = true
			if _, ok := a.Inputs[name[1]]; !ok {
				t.Errorf("%s: there is no input %s", where, name[1])
			}
		}
		for _, id := range regexp.MustCompile(`steps\.([\w-]+)\.`).FindAllStringSubmatch(text, -1) {
			if !ids[id[1]] {
				t.Errorf("%s: no step before it is called %s", where, id[1])
			}
		}
	}
	for _, s := range a.Runs.Steps {
		where := s.Name + s.Uses
		if (s.Run == "") == (s.Uses == "") || (s.Run != "") != (s.Shell == "bash") {
			t.Errorf("%s: a step either uses something, or runs something in bash", where)
		}
		if s.Uses != "" && !regexp.MustCompile(`^[\w-]+/[\w-]+@v\d+$`).MatchString(s.Uses) {
			t.Errorf("%s: no action with its version", where)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: an expression is a part of the script, so that what it holds is run", where)
		}
		known(where, s.If)
		for _, text := range slices.Concat(slices.Collect(maps.Values(s.Env)), slices.Collect(maps.Values(s.With))) {
			known(where, text)
		}
		if s.ID != "" {
			ids[s.ID] = true
		}
	}
	session, err := os.ReadFile(filepath.Join(scripts, "action.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range a.Runs.Steps {
		if run := regexp.MustCompile(`(?m)^(! )?step '?` + regexp.QuoteMeta(s.Name) + `'?( |$)`); s.Run != "" && !run.Match(session) {
			t.Errorf("%s: no test runs it", s.Name)
		}
	}
	for name, o := range a.Outputs {
		known("output "+name, o.Value)
	}
	for name := range a.Inputs {
		if !used[name] {
			t.Errorf("input %s is used by nothing", name)
		}
	}
}

// runStep is the script command `step NAME [INPUT=VALUE...]`: it runs a step of
// action.yml as GitHub does, with its inputs' defaults and those given. What
// earlier steps wrote to $GITHUB_OUTPUT are their outputs.
func runStep(t testing.TB) func(*testscript.TestScript, bool, []string) {
	var a compositeAction
	readYAML(t, "action.yml", &a)
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) == 0 {
			ts.Fatalf("usage: step NAME [INPUT=VALUE...]")
		}
		values := map[string]string{}
		for name, input := range a.Inputs {
			values["inputs."+name] = input.Default
		}
		for _, arg := range args[1:] {
			name, value, _ := strings.Cut(arg, "=")
			if _, ok := a.Inputs[name]; !ok && !strings.HasPrefix(name, "github.") {
				ts.Fatalf("there is no input %s", name)
			} else if ok {
				name = "inputs." + name
			}
			values[name] = value
		}
		if outputs, err := os.ReadFile(ts.Getenv("GITHUB_OUTPUT")); err == nil {
			for line := range strings.Lines(string(outputs)) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				for _, s := range a.Runs.Steps {
					if s.ID != "" {
						values["steps."+s.ID+".outputs."+name] = value
					}
				}
			}
		}
		i := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.Name == args[0] })
		if i < 0 {
			ts.Fatalf("action.yml has no step %q", args[0])
		}
		s := a.Runs.Steps[i]
		former := map[string]string{}
		for name, text := range s.Env {
			former[name] = ts.Getenv(name)
			ts.Setenv(name, expression.ReplaceAllStringFunc(text, func(e string) string { return values[expression.FindStringSubmatch(e)[1]] }))
		}
		err := runBash(ts, s.Run)
		for name, value := range former {
			ts.Setenv(name, value)
		}
		outcome(ts, neg, err)
	}
}

// runBash runs a script as runners do.
func runBash(ts *testscript.TestScript, script string) error {
	name := filepath.Join(ts.Getenv("WORK"), "step.sh")
	ts.Check(os.WriteFile(name, []byte(script), 0o644))
	return ts.Exec("bash", "--noprofile", "--norc", "-eo", "pipefail", name)
}

func outcome(ts *testscript.TestScript, neg bool, err error) {
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		ts.Fatalf("%v", err)
	}
	if (err != nil) != neg {
		ts.Fatalf("it ended with %v", err)
	}
}

// pipeline is docs/gitlab-ci.yml as GitLab reads it.
type pipeline struct {
	Variables map[string]string
	Hidden    job `yaml:".tenantry"`
	Plan      job `yaml:"tenantry-plan"`
	Publish   job `yaml:"tenantry-publish"`
}

type job struct {
	Extends       string
	Image         string
	Variables     map[string]string
	BeforeScript  []string `yaml:"before_script"`
	Script        []string
	ResourceGroup string `yaml:"resource_group"`
	Rules         []struct{ If string }
	Artifacts     struct {
		When     string
		ExposeAs string `yaml:"expose_as"`
		Paths    []string
		Reports  map[string]string
	}
}

// The GitLab template is what GitLab takes: jobs that run by rules, each with the
// history that the commands need, and reports that are among the files written.
func TestPipelineShape(t *testing.T) {
	var p pipeline
	readYAML(t, "docs/gitlab-ci.yml", &p)
	if p.Hidden.Variables["GIT_DEPTH"] != "0" || p.Hidden.Image == "" {
		t.Errorf("the jobs have neither history nor image: %+v", p.Hidden)
	}
	for name, j := range map[string]job{"tenantry-plan": p.Plan, "tenantry-publish": p.Publish} {
		if j.Extends != ".tenantry" || len(j.Script) == 0 || len(j.Rules) == 0 {
			t.Errorf("%s lacks something: %+v", name, j)
		}
		for _, used := range regexp.MustCompile(`\$\{?(TENANTRY_\w+)`).FindAllStringSubmatch(strings.Join(j.Script, "\n"), -1) {
			if _, ok := p.Variables[used[1]]; !ok && used[1] != "TENANTRY_TOKEN" {
				t.Errorf("%s: nothing sets %s", name, used[1])
			}
		}
	}
	if p.Publish.ResourceGroup == "" {
		t.Error("publications may run side by side")
	}
	for _, file := range append(p.Plan.Artifacts.Paths, p.Plan.Artifacts.Reports["codequality"]) {
		if !strings.Contains(p.Plan.Script[0], "="+file) {
			t.Errorf("no plan is written to %q", file)
		}
	}
}

// runJob is the script command `job NAME [VARIABLE=VALUE...]`: it runs the script of
// a job of docs/gitlab-ci.yml.
func runJob(t testing.TB) func(*testscript.TestScript, bool, []string) {
	var p pipeline
	readYAML(t, "docs/gitlab-ci.yml", &p)
	jobs := map[string]job{"tenantry-plan": p.Plan, "tenantry-publish": p.Publish}
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) == 0 || jobs[args[0]].Script == nil {
			ts.Fatalf("usage: job NAME [VARIABLE=VALUE...]")
		}
		for name, value := range p.Variables {
			ts.Setenv(name, value)
		}
		for _, arg := range args[1:] {
			name, value, _ := strings.Cut(arg, "=")
			ts.Setenv(name, value)
		}
		outcome(ts, neg, runBash(ts, strings.Join(jobs[args[0]].Script, "\n")))
	}
}

// preCommit is the script command `precommit ID`: it installs a hook of
// .pre-commit-hooks.yaml in the repository at hand. Like pre-commit it runs the
// hook's command if a file is committed that concerns it.
func preCommit(t testing.TB) func(*testscript.TestScript, bool, []string) {
	var hooks []struct {
		ID, Name, Description, Entry, Language, Files string
		PassFilenames                                 bool `yaml:"pass_filenames"`
	}
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	return func(ts *testscript.TestScript, neg bool, args []string) {
		for _, h := range hooks {
			if len(args) != 1 || h.ID != args[0] || neg {
				continue
			}
			if h.PassFilenames || h.Language != "golang" || h.Name == "" {
				ts.Fatalf("the hook is none that this knows: %+v", h)
			}
			script := "#!/bin/sh\nif git diff --cached --name-only | grep -qE '" + h.Files + "'; then\n\texec " + h.Entry + "\nfi\n"
			ts.Check(os.WriteFile(ts.MkAbs(".git/hooks/pre-commit"), []byte(script), 0o755))
			return
		}
		ts.Fatalf("usage: precommit ID")
	}
}

// What the page on CI shows uses inputs and variables that there are.
func TestPageOnCI(t *testing.T) {
	var a compositeAction
	var p pipeline
	readYAML(t, "action.yml", &a)
	readYAML(t, "docs/gitlab-ci.yml", &p)
	text, err := os.ReadFile(filepath.Join(repository, "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	uses := 0
	for _, block := range blocks {
		var shown struct {
			Jobs map[string]struct {
				Steps []actionStep
			}
			Variables map[string]string
		}
		if err := yaml.Unmarshal([]byte(block[1]), &shown); err != nil {
			t.Errorf("%v:\n%s", err, block[1])
		}
		for _, job := range shown.Jobs {
			for _, s := range job.Steps {
				if !strings.HasPrefix(s.Uses, "tenantry/tenantry@") {
					continue
				}
				uses++
				for name, input := range a.Inputs {
					if input.Required && s.With[name] == "" {
						t.Errorf("a step lacks %s:\n%s", name, block[1])
					}
				}
				for name := range s.With {
					if _, ok := a.Inputs[name]; !ok {
						t.Errorf("there is no input %s", name)
					}
				}
			}
		}
		for name := range shown.Variables {
			if _, ok := p.Variables[name]; !ok {
				t.Errorf("there is no variable %s", name)
			}
		}
	}
	if len(blocks) != 3 || uses != 2 {
		t.Errorf("the page has %d blocks and uses the action %d times", len(blocks), uses)
	}
	for name := range a.Inputs {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the page does not tell of input %s", name)
		}
	}
}
