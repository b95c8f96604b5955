//go:build unix

package outdir

import (
	"fmt"
	"testing"
)

// BenchmarkBuild builds 10,000 files: all of them new, none changed, and one in
// a hundred changed.
func BenchmarkBuild(b *testing.B) {
	files := func(changed int) map[string][]byte {
		out := map[string][]byte{}
		for i := range 10000 {
			version := 0
			if i%100 == 0 {
				version = changed
			}
			out[fmt.Sprintf("clusters/c%d/tenants/o%d/%d.yaml", i%4, i%200, i)] = fmt.Appendf(nil, "%s%04000d", Header, version)
		}
		return out
	}
	run := func(b *testing.B, dir string, files map[string][]byte) {
		w, err := Begin(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for name, data := range files {
			if err := w.Write(name, data); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("new", func(b *testing.B) {
		f := files(0)
		for b.Loop() {
			run(b, b.TempDir(), f)
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		f, dir := files(0), b.TempDir()
		run(b, dir, f)
		for b.Loop() {
			run(b, dir, f)
		}
	})
	b.Run("one percent", func(b *testing.B) {
		dir := b.TempDir()
		versions := []map[string][]byte{files(1), files(2)}
		i := 0
		for b.Loop() {
			run(b, dir, versions[i%2])
			i++
		}
	})
}
