package implicit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

var (
	nameGen  = rapid.StringMatching(`[a-z0-9]([a-z0-9]|-[a-z0-9]){0,9}`)
	valueGen = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return float64(rapid.IntRange(-1<<50, 1<<50).Draw(t, "int"))
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return nil
		case 3:
			return []any{"a", rapid.StringMatching(`.{0,5}`).Draw(t, "item")}
		case 4:
			return map[string]any{rapid.StringMatching(`[a-zA-Z/.:#]{1,6}`).Draw(t, "key"): "reach:\n- x", "n": 0.25}
		}
		return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"yes", "012", "reach:", "\nreach:\n", "a: b", "- x", "{}", "# 1", "…", "\t"})).Draw(t, "text")
	})
	lockGen = rapid.Custom(func(t *rapid.T) *Lock {
		l := &Lock{Dir: "orgs/acme", Key: nameGen.Draw(t, "key")}
		l.File = LockFile(l.Dir, l.Key)
		l.Content.Merge = rapid.SampledFrom([]schema.Merge{schema.PlatformWins, schema.MergeFields, schema.TenantWins, schema.MergeError}).Draw(t, "merge")
		for range rapid.IntRange(0, 3).Draw(t, "objects") {
			l.Content.Objects = append(l.Content.Objects, map[string]any{
				"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]any{"name": nameGen.Draw(t, "name")}, "data": valueGen.Draw(t, "data")})
		}
		if rapid.Bool().Draw(t, "selects") {
			l.Content.Selector = &schema.Selector{MatchLabels: map[string]string{"env": nameGen.Draw(t, "env")}}
			l.Content.Classes = rapid.SliceOfNDistinct(nameGen, 1, 3, rapid.ID).Draw(t, "classes")
		}
		for _, name := range rapid.SliceOfNDistinct(nameGen, 0, 8, rapid.ID).Draw(t, "reach") {
			l.Reach = append(l.Reach, rapid.SampledFrom([]string{"acme/", "acme/payments/", "beta/"}).Draw(t, "org")+name)
		}
		return l
	})
)

func read(l *Lock, data []byte) *Lock {
	return Locks(sourcetest.Tree(map[string]string{l.File: string(data)}))[0]
}

// What was accepted comes back from the file, and is written as the same file.
func TestLockRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := lockGen.Draw(t, "lock")
		data := l.Encode()
		got := read(l, data)
		if got.Damage != "" {
			t.Fatalf("%s\n%s", got.Damage, data)
		}
		if d := cmp.Diff(string(l.JSON()), string(got.JSON())); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(sorted(l.Reach), sorted(got.Reach)); d != "" {
			t.Fatal(d)
		}
		if got.Dir != l.Dir || got.Key != l.Key || string(got.Encode()) != string(data) {
			t.Fatalf("%+v", got)
		}
	})
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// No single edit changes what is accepted without being noticed.
func TestLockNoticesEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := lockGen.Draw(t, "lock")
		data := l.Encode()
		at := rapid.IntRange(len(lockHeader), len(data)-1).Draw(t, "at")
		edited := slices.Clone(data)
		switch rapid.IntRange(0, 2).Draw(t, "edit") {
		case 0:
			edited[at] = byte(rapid.IntRange(' ', '~').Draw(t, "byte"))
		case 1:
			edited = slices.Delete(edited, at, at+1)
		case 2:
			edited = slices.Insert(edited, at, byte(rapid.IntRange(' ', '~').Draw(t, "byte")))
		}
		got := read(l, edited)
		if got.Damage == "" && (string(got.JSON()) != string(l.JSON()) || !slices.Equal(sorted(got.Reach), sorted(l.Reach))) {
			t.Fatalf("not noticed:\n%s\n%s", data, edited)
		}
	})
}

// A lock has a line for each organization and one for each logical cluster.
func TestLockReach(t *testing.T) {
	l := &Lock{Key: "motd", Reach: []string{"beta/prod", "acme/payments/test", "acme/payments/prod", "acme/prod"}}
	want := "reach:\n  acme: # 1\n  - acme/prod\n  acme/payments: # 2\n  - acme/payments/prod\n  - acme/payments/test\n  beta: # 1\n  - beta/prod\n"
	if got := string(l.Encode()); !strings.HasSuffix(got, want) {
		t.Errorf("%s", got)
	}
	if got := string((&Lock{Key: "motd"}).Encode()); !strings.HasSuffix(got, "reach: {}\n") {
		t.Errorf("%s", got)
	}
}

func TestLockOfAnother(t *testing.T) {
	l := &Lock{Key: "motd"}
	l.File = LockFile("", "other")
	if got := Locks(sourcetest.Tree(map[string]string{l.File: string(l.Encode())})); got[0].Damage != `it is the lock of "motd"` || got[0].Dir != "" || got[0].Key != "other" {
		t.Errorf("%+v", got[0])
	}
	for _, text := range []string{"", "a", "- a\n", "reach:\n", "apiVersion: tenantry.dev/v1alpha1\nkind: ImplicitLock\nimplicit: other\nmore: 1\n", "\x00", strings.Repeat("[", 10000)} {
		if got := Locks(sourcetest.Tree(map[string]string{"other.tenancy.lock": text})); got[0].Damage == "" {
			t.Errorf("%q passes", fmt.Sprintf("%.40s", text))
		}
	}
}
