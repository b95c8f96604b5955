package diag

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var catalogue = []Entry{
	{"TEN0201", Error, "A name does not exist", "Nothing is called that. References are by name, see `tenantry vet`; a*b and <c> are text.\n\nFor example:\n\n  class: \"standard\"\n\n- one\n- two_three\n"},
	{"TEN0202", Warning, "A label is [free]", "Short."},
	{"TEN0801", Note, "A file is left alone", "It is not ours."},
}

func TestExplain(t *testing.T) {
	want := `TEN0201 (error): A name does not exist

Nothing is called that. References are
by name, see ` + "`tenantry vet`" + `; a*b and <c>
are text.

For example:

  class: "standard"

- one
- two_three
`
	var b bytes.Buffer
	if err := catalogue[0].Write(&b, 40); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := Code("TEN9999").Entry().Write(&b, 0); err != nil || b.String() != "TEN9999 (error)\n" {
		t.Errorf("an unregistered code: %q, %v", b.String(), err)
	}
	if err := catalogue[0].Write(brokenPipe{}, 0); err == nil {
		t.Error("a write error is lost")
	}
}

// entryProblems lists what is wrong with a catalogue.
func entryProblems(entries []Entry) (problems []string) {
	code := regexp.MustCompile(`^TEN(0[1-9]|1[0-2])\d{2}$`)
	for i, e := range entries {
		bad := func(what string) { problems = append(problems, fmt.Sprintf("%s: %s", e.Code, what)) }
		if !code.MatchString(string(e.Code)) {
			bad("no code of a pass")
		}
		if i > 0 && entries[i-1].Code == e.Code {
			bad("given twice")
		}
		if i > 0 && entries[i-1].Code > e.Code {
			bad("out of order")
		}
		if e.Severity.rank() < 0 {
			bad("no severity")
		}
		if e.Title == "" || strings.HasSuffix(e.Title, ".") || oneLine(e.Title) != e.Title {
			bad("not a title of one line without a full stop")
		}
		if len(e.Explain) < 60 {
			bad("explanation is too short")
		}
		if strings.Count(e.Explain, "`")%2 != 0 {
			bad("a backquote without its other")
		}
		for l := range strings.SplitSeq(e.Explain, "\n") {
			if !plain(strings.ReplaceAll(l, "\t", " ")) && oneLine(l) != l {
				bad("a control character")
			}
		}
	}
	return problems
}

func TestEntries(t *testing.T) {
	for _, p := range entryProblems(Entries()) {
		t.Error(p)
	}
	for _, e := range Entries() {
		if e.Code.Entry() != e {
			t.Errorf("%s finds another entry", e.Code)
		}
	}
}

func TestEntryProblemsAreFound(t *testing.T) {
	long := strings.Repeat("Because. ", 9)
	bad := []Entry{
		{"TEN0102", Error, "Fine", long},
		{"TEN0102", "fatal", "Ends here.", "Short."},
		{"TEN0101", Note, "", long + "`"},
		{"TEN123", Note, "Fine", long + "\x1b"},
		{"TEN9901", Note, "Fine", long},
	}
	want := []string{
		"TEN0102: given twice", "TEN0102: no severity", "TEN0102: not a title of one line without a full stop", "TEN0102: explanation is too short",
		"TEN0101: out of order", "TEN0101: not a title of one line without a full stop", "TEN0101: a backquote without its other",
		"TEN123: no code of a pass", "TEN123: a control character", "TEN9901: no code of a pass",
	}
	if diff := cmp.Diff(want, entryProblems(bad)); diff != "" {
		t.Error(diff)
	}
}
