package store

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestIsReleased(t *testing.T) {
	setting := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: modified}}
	}
	summed, local := &debug.Module{Path: "d", Version: "v1.0.0", Sum: "h1:x"}, &debug.Module{Path: "../d"}
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want bool
	}{
		"nothing is known":         {debug.BuildInfo{}, false},
		"a revision":               {debug.BuildInfo{Settings: setting("false"), Deps: []*debug.Module{summed}}, true},
		"a revision with changes":  {debug.BuildInfo{Settings: setting("true")}, false},
		"a module of a version":    {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3", Sum: "h1:y"}}, true},
		"a version without a sum":  {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, false},
		"a replaced dependency":    {debug.BuildInfo{Settings: setting("false"), Deps: []*debug.Module{{Path: "d", Replace: local}}}, false},
		"replaced by another one":  {debug.BuildInfo{Settings: setting("false"), Deps: []*debug.Module{{Path: "d", Replace: summed}}}, true},
		"a dependency of no state": {debug.BuildInfo{Settings: setting("false"), Deps: []*debug.Module{{Path: "d"}}}, false},
	} {
		if got := isReleased(&c.info); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Executables of other content have another identity, whatever their time and size.
func TestIdentify(t *testing.T) {
	id := func(name string) string {
		t.Helper()
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		id, err := identify(f)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for name, data := range map[string]string{a: "one", b: "two"} {
		if err := os.WriteFile(name, []byte(data), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if again := id(a); id(a) == id(b) || again != id(a) || !strings.HasPrefix(id(a), "executable ") {
		t.Errorf("%s and %s", id(a), id(b))
	}
	if Build() == "" || strings.HasPrefix(Build(), "unknown") {
		t.Errorf("this test is %q", Build())
	}
	if !goBuildID.MatchString("aaaaaaaaaaaaaaaaaaa_/bbbbbbbbbbbbbbbbbbb-/cccccccccccccccccccc/dddddddddddddddddddd") || goBuildID.MatchString("mine") {
		t.Error("the form of a build ID")
	}
	if id, err := buildID(bytes.NewReader([]byte("\x7fELF and nothing else"))); err == nil {
		t.Errorf("no ELF file has ID %q", id)
	}
}
