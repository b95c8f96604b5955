package hold_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
)

// single are mistakes that somebody makes in one place of a file: the text that is replaced
// where it first is, and by what.
var single = map[string][2]string{
	"field":     {`(\n\t+)([a-z][A-Za-z]+): `, "${1}x${2}: "},
	"value":     {`: "([a-z][a-z0-9-]*)"`, `: "x${1}"`},
	"key":       {`(classes|apiSets|organizations|logicalClusters|physicalClusters): "?([a-z/0-9-]+)"?: `, `${1}: "x${2}": `},
	"number":    {`: ([0-9]+)\b`, `: "many"`},
	"channel":   {`channels: ([a-z]+): "`, `channels: ${1}: "x`},
	"syntax":    {`\n}\n`, "\n\n"},
	"reference": {`\["([a-z]+)"`, `["x${1}"`},
}

// TestOneMistakeIsOneError states that what only follows from a mistake is not reported: on a
// first build, where everything that depends on a document in error is left out, and later.
func TestOneMistakeIsOneError(t *testing.T) {
	t.Parallel()
	files := example(t, "simple")
	b := newBuilder(t)
	first := b.build(files, nil)
	first.clean(t, "the example")
	made, most := 0, map[int]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".cue") || strings.HasPrefix(name, "cue.mod/") || name == "tenancy.cue" {
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(single)) {
			re := regexp.MustCompile(single[kind][0])
			at := re.FindStringSubmatchIndex(files[name])
			if at == nil {
				continue
			}
			wrong := maps.Clone(files)
			wrong[name] = files[name][:at[0]] + string(re.ExpandString(nil, single[kind][1], files[name], at)) + files[name][at[1]:]
			for _, former := range []*built{nil, first} {
				r := b.build(wrong, former, func(o *compiler.Options) { o.Workers = 1 })
				made++
				most[len(r.errors)]++
				if len(r.errors) > 2 {
					t.Errorf("%s in %s (first build: %v): %d errors:\n%s", kind, name, former == nil, len(r.errors), lines(r.errors))
				}
			}
		}
	}
	t.Logf("%d mistakes, by the number of errors: %v", made, most)
}

func lines(all []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range all {
		b.WriteString("  " + string(d.Code) + " " + d.Document + ": " + d.Message + "\n")
	}
	return b.String()
}

// example returns the files of an example.
func example(t *testing.T, name string) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..", "examples", name, "repo")
	files := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if rel, _ := filepath.Rel(root, name); err == nil {
			files[filepath.ToSlash(rel)] = string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
