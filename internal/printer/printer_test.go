package printer_test

import (
	"bytes"
	"testing"

	"github.com/tenantry/tenantry/internal/printer"
)

func TestTable(t *testing.T) {
	var b bytes.Buffer
	table := printer.NewTable(&b, "NAME", "COUNT")
	table.Row("a", 1)
	table.Row("longer", 12)
	table.Row("total")
	if err := table.End(); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "NAME     COUNT\na        1\nlonger   12\ntotal\n"; got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := printer.JSON(&b, map[string]any{"list": printer.List[string](nil), "text": "a<b"}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "{\n  \"list\": [],\n  \"text\": \"a<b\"\n}\n"; got != want {
		t.Errorf("printed %s, want %s", got, want)
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{printer.Count(1, "file"), "1 file"},
		{printer.Count(0, "file"), "0 files"},
		{printer.OrDash(""), "-"},
		{printer.OrDash("a"), "a"},
		{printer.Some([]string{"a", "b"}, 2), "a, b"},
		{printer.Some([]string{"a", "b", "c"}, 2), "a, b and 1 more"},
		{printer.Plural(1, "file is", "files are"), "1 file is"},
		{printer.Plural(2, "file is", "files are"), "2 files are"},
		{printer.And(nil), ""},
		{printer.And([]string{"a"}), "a"},
		{printer.And([]string{"a", "b", "c"}), "a, b and c"},
		{printer.Or(nil), ""},
		{printer.Or([]string{"a"}), "a"},
		{printer.Or([]string{"a", "b", "c"}), "a, b or c"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
