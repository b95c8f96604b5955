package hold_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render"
)

// builder builds repositories, one after the other, in one directory.
type builder struct {
	t         testing.TB
	dir       string
	files     map[string]string
	evaluated load.Evaluated
	builds    int
}

// built is what a build made.
type built struct {
	// states are the logical clusters with all objects that they are rendered to, by key.
	states map[string]string
	// subjects are those that each logical cluster gives access, with their roles.
	subjects map[string]string
	// platforms are what each physical cluster needs once.
	platforms map[string]string
	// texts are the files of the pins, and pins what the next build reads from them.
	texts map[string]string
	pins  *pins.Pins
	// errors are what was found, and held the logical clusters in error.
	errors []diag.Diagnostic
	held   []string
}

func newBuilder(t testing.TB) *builder {
	return &builder{t: t, dir: t.TempDir(), files: map[string]string{}}
}

// write lets the directory have these files and no others.
func (b *builder) write(files map[string]string) {
	for path := range b.files {
		if _, ok := files[path]; !ok {
			if err := os.Remove(filepath.Join(b.dir, filepath.FromSlash(path))); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for path, text := range files {
		if was, ok := b.files[path]; !ok || was != text {
			testkit.WriteFile(b.t, filepath.Join(b.dir, filepath.FromSlash(path)), text)
		}
	}
	b.files = files
}

// build compiles files, going on from the pins of a former build if there is one.
func (b *builder) build(files map[string]string, former *built, adjust ...func(*compiler.Options)) *built {
	b.t.Helper()
	b.write(files)
	b.builds++
	o := compiler.Options{Dir: b.dir, AsOf: "2026-11-20", Build: "test", Workers: 2, Evaluated: &b.evaluated}
	if former != nil {
		o.Former = former.pins
	}
	for _, f := range adjust {
		f(&o)
	}
	result, err := compiler.Compile(b.t.Context(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return newBuilt(b.t, result)
}

func newBuilt(t testing.TB, r *compiler.Result) *built {
	out := &built{states: map[string]string{}, subjects: map[string]string{}, platforms: map[string]string{}, texts: map[string]string{}, held: r.Held}
	for i := range r.States {
		s := r.States[i]
		var text strings.Builder
		for _, object := range render.BuiltIn().Objects(&s) {
			text.Write(manifest.AppendJSON(nil, object))
			text.WriteByte('\n')
		}
		// The first is what differs, the second depends on all others, and the third are their own ancestors.
		s.Held, s.Cut, s.Patches = false, "", nil
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		out.states[s.Key] += s.Cluster + "\n" + string(data) + "\n" + text.String()
		for _, g := range s.Grants {
			out.subjects[s.Key] += fmt.Sprintf("%s=%s ", g.Subject, g.Role)
		}
	}
	for _, p := range r.Platforms {
		data, err := json.MarshalIndent([]any{p.Roles, p.Gates, p.Policies, p.Transforms, p.CRDs, p.Implicit}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out.platforms[p.Cluster] = string(data)
	}
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			out.errors = append(out.errors, d)
		}
	}
	fsys := fstest.MapFS{}
	for _, f := range r.Rendering().PinFiles() {
		data := f.AppendYAML(nil)
		out.texts[f.Path] = string(data)
		fsys[f.Path] = &fstest.MapFile{Data: data}
	}
	read, err := pins.Read(fsys, nil)
	if err != nil {
		t.Fatal(err)
	}
	out.pins = read
	return out
}

// clean fails the test if anything is in error.
func (b *built) clean(t testing.TB, what string) {
	t.Helper()
	for _, d := range b.errors {
		t.Errorf("%s: %s: %s %s: %s", what, d.Position, d.Code, d.Document, d.Message)
	}
}

// about returns the errors that name something of an organization; all for none.
func (b *built) about(org string) (out []string) {
	for _, d := range b.errors {
		text := fmt.Sprintf("%s: %s %s: %s", d.Position, d.Code, d.Document, d.Message)
		for _, r := range d.Related {
			text += fmt.Sprintf(" (%s)", r.Position)
		}
		if org == "" || strings.Contains(text, org+"/") || strings.Contains(text, org+".") || strings.Contains(text, `"`+org+`"`) {
			out = append(out, text)
		}
	}
	return out
}

// difference says how two texts of many lines differ.
func difference(want, got string) string {
	if want == got {
		return ""
	}
	if want == "" || got == "" {
		return fmt.Sprintf("want %.300q\ngot  %.300q", want, got)
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for _, line := range w {
		if !slices.Contains(g, line) {
			out = append(out, fmt.Sprintf("- %.250s", line))
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			out = append(out, fmt.Sprintf("+ %.250s", line))
		}
	}
	return fmt.Sprintf("%.3000s", strings.Join(out, "\n"))
}

// join returns the files of several maps as one.
func join[V any](all ...map[string]V) map[string]V {
	out := map[string]V{}
	for _, files := range all {
		maps.Copy(out, files)
	}
	return out
}
