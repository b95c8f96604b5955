package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/testkit"
)

// BenchmarkOpen reads 20,000 files of 1 KB, each way.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	files := map[string]string{"cue.mod/module.cue": module}
	for i := range 20_000 {
		files[fmt.Sprintf("orgs/o%d/t%d/f%d.cue", i%20, i%400, i)] = fmt.Sprintf("package tenancy\nn: %d\n// %s\n", i, strings.Repeat("text ", 200))
	}
	testkit.WriteFiles(b, dir, files)
	testkit.Git(b, dir, "init", "-q")
	testkit.GitCommit(b, dir, "all")
	run := func(name string, o source.Options) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if tree, diags, err := source.Open(b.Context(), dir, o); err != nil || len(diags) > 0 || len(tree.Files()) != len(files) {
					b.Fatal(diags, err)
				}
			}
		})
	}
	run("disk", source.Options{})
	run("loose", source.Options{Revision: "HEAD"})
	testkit.Git(b, dir, "gc", "-q")
	run("packed", source.Options{Revision: "HEAD"})
}
