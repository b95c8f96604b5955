package compiler_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/fixtures/generate"
	"github.com/tenantry/tenantry/internal/store"
)

// BenchmarkCompile shows where a build's time goes (-cpuprofile); `make bench`
// measures whole processes.
func BenchmarkCompile(b *testing.B) {
	r := newRepo(b, 10000)
	store, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("cold", func(b *testing.B) {
		for range b.N {
			if err := os.RemoveAll(r.out); err != nil {
				b.Fatal(err)
			}
			r.build()
		}
	})
	cached := func(o *compiler.Options) { o.Cache = store }
	b.Run("one file", func(b *testing.B) {
		r.build(cached)
		for i := range b.N {
			r.edit(generate.TeamFile(0), func(s string) string {
				return strings.Replace(s, "quota: {", "quota: {"+strings.Repeat(" ", i%7+1), 1)
			})
			r.build(cached)
		}
	})
	b.Run("nothing", func(b *testing.B) {
		r.build(cached)
		for range b.N {
			r.build(cached)
		}
	})
}
