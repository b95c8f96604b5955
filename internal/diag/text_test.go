package diag

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// files serves sources of a report from a map.
func files(m map[string]string) func(string) ([]byte, bool) {
	return func(file string) ([]byte, bool) {
		s, ok := m[file]
		return []byte(s), ok
	}
}

func write(t *testing.T, r Report, f Format, o WriteOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, f, o); err != nil {
		t.Fatalf("Write %s: %v", f, err)
	}
	return b.String()
}

func sample() Report {
	return Report{
		Diagnostics: []Diagnostic{
			{
				Code: "TEN9001", Severity: Error, Document: `logicalClusters "acme/payments/prod"`,
				Message:    "quota cpu 24 is above the ceiling of 16",
				Position:   Position{"orgs/acme/payments/prod.cue", 4, 15},
				Related:    []Related{{Position{"orgs/acme/org.cue", 2, 16}, "the ceiling stands here"}},
				Suggestion: "ask for 16",
			},
			{Code: "TEN9002", Severity: Warning, Message: "no price book"},
			{Code: "TEN9003", Severity: Error, Message: "conflicting values:\n  24\n  16", Position: Position{File: "gone.cue", Line: 3}},
		},
		Sources: files(map[string]string{
			"orgs/acme/payments/prod.cue": "package tenancy\n\nlogicalClusters: \"acme/payments/prod\": {\n\tquota: {cpu: 24}\n}\n",
			"orgs/acme/org.cue":           "organizations: acme: {\r\n\tceiling: cpu: 16\r\n}\r\n",
		}),
		Held: []string{"acme/payments/prod", "acme/payments/dev"},
	}
}

func TestText(t *testing.T) {
	want := `warning TEN9002: no price book

error TEN9003: conflicting values:
  |   24
  |   16
  --> gone.cue:3

error TEN9001: quota cpu 24 is above the ceiling of 16
  in logicalClusters "acme/payments/prod"
  --> orgs/acme/payments/prod.cue:4:15
      4 |     quota: {cpu: 24}
        |                  ^
  --> orgs/acme/org.cue:2:16: the ceiling stands here
      2 |     ceiling: cpu: 16
        |                   ^
  help: ask for 16

2 errors, 1 warning; 2 logical clusters held at their last good document: acme/payments/dev, acme/payments/prod
`
	if diff := cmp.Diff(want, write(t, sample(), Text, WriteOptions{})); diff != "" {
		t.Error(diff)
	}
}

func TestTextColorOnlyAddsColor(t *testing.T) {
	plain, colored := write(t, sample(), Text, WriteOptions{}), write(t, sample(), Text, WriteOptions{Color: true})
	if plain == colored {
		t.Error("no colour")
	}
	if diff := cmp.Diff(plain, stripColor(colored)); diff != "" {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	var many []string
	for i := range 43 {
		many = append(many, fmt.Sprintf("o/%02d", i))
	}
	for _, c := range []struct {
		report Report
		want   string
	}{
		{Report{}, "no problems found"},
		{Report{Held: []string{"a/b", "a/b"}}, "no problems found; 1 logical cluster held at its last good document: a/b"},
		{Report{Held: many}, "no problems found; 43 logical clusters held at their last good document: o/00, o/01, o/02, o/03, o/04 and 38 more"},
		{Report{Diagnostics: []Diagnostic{{Severity: Error, Message: "a"}, {Severity: Note, Message: "b"}, {Severity: Note, Message: "c"}}}, "1 error, 2 notes"},
		{Report{Diagnostics: []Diagnostic{{Severity: "odd", Message: "a"}}}, "1 error"},
	} {
		lines := strings.Split(strings.TrimSuffix(write(t, c.report, Text, WriteOptions{}), "\n"), "\n")
		if got := lines[len(lines)-1]; got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestSourceLines(t *testing.T) {
	long := strings.Repeat("x", 300) + "HERE" + strings.Repeat("y", 300)
	for _, c := range []struct {
		name, source string
		line, column int
		want         string
	}{
		{"tabs", "\ta:\tb", 1, 5, "|    a:  b\n|        ^"},
		{"wide", "名前: x", 1, 9, "|名前: x\n|      ^"},
		{"combining", "e\u0301e\u0301 x", 1, 8, "|e\u0301e\u0301 x\n|   ^"},
		{"emoji", "🐳🐳x", 1, 9, "|🐳🐳x\n|    ^"},
		{"inside a character", "é=x", 1, 2, "|é=x\n|^"},
		{"escape sequence", "\x1b[2Jx", 1, 5, `|\x1b[2Jx` + "\n|       ^"},
		{"reversed text", "a\u202eb", 1, 5, `|a\u{202e}b` + "\n|         ^"},
		{"not UTF-8", "a\xffb", 1, 3, `|a\xffb` + "\n|     ^"},
		{"end of line", "abc\n", 1, 4, "|abc\n|   ^"},
		{"far beyond the end", "abc\n", 1, 90, "|abc\n|   ^"},
		{"no column", "abc\n", 1, 0, "|abc"},
		{"empty line", "\n\n", 2, 1, "|\n|^"},
		{"no such line", "abc", 7, 1, ""},
		{"long", long, 1, 301, "|…xxxxxxxxxHEREyyyyyyyyyyyyyy…\n|          ^"},
		{"long, at its start", long, 1, 1, "|" + strings.Repeat("x", 27) + "…\n|^"},
		{"long, at its end", long, 1, 604, "|…" + strings.Repeat("y", 27) + "\n|" + strings.Repeat(" ", 27) + "^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Report{
				Diagnostics: []Diagnostic{{Code: "TEN9001", Severity: Error, Message: "m", Position: Position{"f", c.line, c.column}}},
				Sources:     files(map[string]string{"f": c.source}),
			}
			var got []string
			for _, l := range strings.Split(write(t, r, Text, WriteOptions{Width: 40}), "\n") {
				if _, after, ok := strings.Cut(l, "|"); ok {
					got = append(got, "|"+strings.TrimPrefix(after, " "))
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Wherever the caret points, the character that the column names stands above it.
func TestCaretPointsAtItsCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", " ", "\t", "é", "名", "🐳", "e\u0301", "\x1b", "\xff", "\u202e", "ｶ", "ﬀ", "Ａ"}), 1, 400).Draw(t, "line")
		k := rapid.IntRange(0, len(pieces)-1).Draw(t, "piece")
		limit := rapid.IntRange(20, 120).Draw(t, "limit")
		line := strings.Join(pieces, "")
		column := len(strings.Join(pieces[:k], "")) + 1

		shown, caret := excerpt([]byte(line), column, limit)
		if w := displayWidth(shown); w > limit || caret >= limit {
			t.Fatalf("%d columns, caret at %d, limit %d: %q", w, caret, limit, shown)
		}
		above := ""
		for col, rest := 0, shown; rest != ""; {
			r, size := utf8.DecodeRuneInString(rest)
			if col == caret && columns(r) > 0 {
				above = rest
				break
			}
			col, rest = col+columns(r), rest[size:]
		}
		r, size := utf8.DecodeRuneInString(pieces[k])
		want := visible(r, size, pieces[k][0])
		if r == '\t' || r == ' ' {
			want = "" // blanks at the end of the line are not written
		}
		if !strings.HasPrefix(above, want) {
			t.Fatalf("caret at %d of %q: %q stands above it, want %q", caret, shown, above, want)
		}
	})
}

// A huge line is looked at only around the caret.
func TestHugeLine(t *testing.T) {
	line := []byte(strings.Repeat("0123456789", 1<<20))
	if n := testing.AllocsPerRun(1, func() { excerpt(line, len(line)/2, 100) }); n > 10_000 {
		t.Errorf("%v allocations", n)
	}
}

func TestOutputDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SampledFrom([]string{"", "a", "b"})
		ds := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Diagnostic {
			d := Diagnostic{
				Code: Code(words.Draw(t, "code")), Severity: rapid.SampledFrom([]Severity{Error, Warning, Note}).Draw(t, "severity"),
				Message: words.Draw(t, "message"), Suggestion: words.Draw(t, "suggestion"),
			}
			return d.See(Position{File: words.Draw(t, "file")}, "%s", words.Draw(t, "related"))
		}), 0, 8).Draw(t, "diagnostics")
		shuffled := rapid.Permutation(ds).Draw(t, "shuffled")
		for _, f := range Formats() {
			var a, b bytes.Buffer
			if err := errors.Join(Report{Diagnostics: ds}.Write(&a, f, WriteOptions{}), Report{Diagnostics: shuffled}.Write(&b, f, WriteOptions{})); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a.String(), b.String()); diff != "" {
				t.Fatal(f, diff)
			}
		}
	})
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestWriteErrors(t *testing.T) {
	for _, f := range Formats() {
		if err := sample().Write(brokenPipe{}, f, WriteOptions{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", f, err)
		}
		if got, err := ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
	}
	want := `unknown format "xml": must be one of text, json, sarif, github, gitlab`
	if _, err := ParseFormat("xml"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := sample().Write(new(bytes.Buffer), "xml", WriteOptions{}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func stripColor(s string) string {
	return strings.NewReplacer(colorError, "", colorWarning, "", colorNote, "", colorHelp, "", colorFaint, "", colorReset, "").Replace(s)
}

func FuzzText(f *testing.F) {
	f.Add("TEN9001", "doc", "message\n::stop-commands::x", "f.cue", "\ta: \x1b[31m1", "use b", 1, 3, 80, false)
	f.Add("", "\x9b2J", "\r\xff\u2028", "a\nb", strings.Repeat("\u202e名\t", 99), "\n", 1, 200, 1, true)
	f.Add("TEN9001", "", "", "f", "", "", 1, 0, -1, true)
	f.Fuzz(func(t *testing.T, code, document, message, file, source, suggestion string, line, column, width int, color bool) {
		d := Diagnostic{Code: Code(code), Severity: Severity(code), Document: document, Message: message, Position: Position{file, line, column}, Suggestion: suggestion}
		r := Report{
			Diagnostics: []Diagnostic{d.See(Position{file, column, line}, "%s", document)},
			Sources:     func(string) ([]byte, bool) { return []byte(source), true },
			Held:        []string{document},
		}
		got := write(t, r, Text, WriteOptions{Color: color, Width: width})
		if color {
			got = stripColor(got)
		}
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		for l := range strings.SplitSeq(got, "\n") {
			if i := strings.IndexFunc(l, func(r rune) bool { return !unicode.IsGraphic(r) }); i >= 0 {
				t.Fatalf("raw control character in %q", l)
			}
			if strings.HasPrefix(strings.TrimSpace(l), "::") {
				t.Fatalf("a workflow command: %q", l)
			}
		}
	})
}
