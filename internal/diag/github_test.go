package diag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGitHub(t *testing.T) {
	r := sample()
	r.Diagnostics = append(r.Diagnostics, Diagnostic{Code: "TEN9004", Severity: Note, Message: "100%", Position: Position{"a,b:c%.cue", 1, 0}})
	want := `::warning title=TEN9002::no price book
::notice file=a%2Cb%3Ac%25.cue,line=1,title=TEN9004::100%25
::error file=gone.cue,line=3,title=TEN9003::conflicting values:%0A  24%0A  16
::error file=orgs/acme/payments/prod.cue,line=4,col=15,title=TEN9001::quota cpu 24 is above the ceiling of 16%0Ain logicalClusters "acme/payments/prod"%0Asee orgs/acme/org.cue:2:16: the ceiling stands here%0Ahelp: ask for 16
::notice title=Held back::2 logical clusters held at their last good document: acme/payments/dev, acme/payments/prod
`
	if diff := cmp.Diff(want, write(t, r, GitHub, WriteOptions{})); diff != "" {
		t.Error(diff)
	}
}

// unescape does what the runner does with a value.
func unescape(s string) string {
	for _, e := range [][2]string{{"%0D", "\r"}, {"%0A", "\n"}, {"%3A", ":"}, {"%2C", ","}, {"%25", "%"}} {
		s = strings.ReplaceAll(s, e[0], e[1])
	}
	return s
}

func FuzzGitHub(f *testing.F) {
	f.Add("TEN9001", "100%25 of a:b, c\r\n::error::x", "a,b:c.cue", "d")
	f.Fuzz(func(t *testing.T, code, message, file, document string) {
		for _, s := range []string{code, message, file, document} {
			if got := unescape(escapeProperty(s)); got != s {
				t.Errorf("property %q reads back as %q", s, got)
			}
			if got := escapeData(s); strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(got, "%0D", "\r"), "%0A", "\n"), "%25", "%") != s {
				t.Errorf("data %q is written as %q", s, got)
			}
		}
		out := write(t, Report{Diagnostics: []Diagnostic{{Code: Code(code), Severity: Error, Message: message, Document: document, Position: Position{file, 2, 3}}}}, GitHub, WriteOptions{})
		if strings.Count(out, "\n") != 1 || strings.Contains(out, "\r") || !strings.HasPrefix(out, "::error ") {
			t.Fatalf("not one command: %q", out)
		}
		properties, _, _ := strings.Cut(strings.TrimPrefix(out, "::error "), "::")
		read := map[string]string{}
		for p := range strings.SplitSeq(properties, ",") {
			key, value, _ := strings.Cut(p, "=")
			read[key] = unescape(value)
		}
		want := map[string]string{"title": oneLine(strings.TrimSpace(code + " " + Code(code).Entry().Title))}
		if file != "" {
			want["file"], want["line"], want["col"] = file, "2", "3"
		}
		if diff := cmp.Diff(want, read); diff != "" {
			t.Error(diff)
		}
	})
}
