// Package revoke writes revocations into a tenancy repo, and tells what they take away.
package revoke

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/schema"
)

// File is the file of a directory that revocations are written to.
const File = "revocations.cue"

// Request is what is asked for.
type Request struct {
	// Dir is the tenancy repo.
	Dir string
	// Subject loses access, as documents name it.
	Subject string
	// From is an organization or a logical cluster; empty for all organizations.
	From string
	// In is the organization in whose directory the revocation is to be, empty for the one
	// that From belongs to.
	In string
	// Since is the first day on which it holds.
	Since  string
	Reason string
	// Anyway writes it although the subject has no access.
	Anyway bool
	// Compile compiles the repo as it is on disk.
	Compile func() (*compiler.Result, error)
}

// A Refusal is why a request is not carried out.
type Refusal struct{ Message string }

// Error implements error.
func (r *Refusal) Error() string { return r.Message }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// Revoke writes the revocation, and returns what it takes away. The error is a *Refusal if
// the repo is left as it was since the request is not one that can be carried out.
func (q *Request) Revoke() (*Report, error) {
	subject, problem := tenancy.ParseSubject(q.Subject)
	if problem != "" {
		return nil, fmt.Errorf("%q cannot have access: %s", q.Subject, problem)
	}
	before, err := q.Compile()
	if err != nil {
		return nil, err
	}
	if q.From != "" && !before.Tenancy.Known(q.From) {
		return nil, refuse("there is no organization or logical cluster %s%s", q.From, diag.Hint(q.From, known(before.Tenancy)))
	}
	had := accessOf(before, q.From)
	if !q.Anyway && len(had.of(subject)) == 0 && !granted(before.Tenancy, q.From, subject) {
		return nil, refuse("%s has no access to %s%s\nUse --yes to revoke it all the same.", subject, whatever(q.From), diag.Hint(subject.String(), had.names()))
	}
	dirs, err := q.directories(before.Tenancy)
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		report, err := q.write(dir, subject, had)
		if report != nil || err != nil {
			return report, err
		}
	}
	return nil, refuse("the revocation cannot be read in any of %s: mend what is wrong there first", strings.Join(dirs, ", "))
}

// known lists what a revocation can name.
func known(t *tenancy.Tenancy) []string {
	var out []string
	for _, o := range t.Organizations {
		out = append(out, o.Path)
	}
	for _, lc := range t.LogicalClusters {
		out = append(out, lc.Key)
	}
	return out
}

// whatever names from for people.
func whatever(from string) string { return cmp.Or(from, "any logical cluster") }

// directories lists where the revocation may be written, the best first: in the directory of
// the organization, else, where that one can't be evaluated, in one above.
func (q *Request) directories(t *tenancy.Tenancy) ([]string, error) {
	if q.In != "" {
		o := t.Organization(q.In)
		if o == nil || o.Missing == o {
			return nil, refuse("there is no organization %s%s", q.In, diag.Hint(q.In, known(t)))
		}
		if reach := tenancy.Reach(o.Dir); !schema.OrgPath(reach).Contains(q.From) {
			return nil, refuse("what is in %s takes no access from %s, which is not below it", o.Dir, whatever(q.From))
		}
		return []string{o.Dir}, nil
	}
	var out []string
	for path := range schema.OrgPath(q.From).Up() {
		if o := t.Organization(string(path)); o != nil && o.Missing != o {
			out = append(out, o.Dir)
		}
	}
	return append(slices.Compact(out), "."), nil
}

// write adds the revocation to the file of a directory, and takes it out again if it does
// not come into force there: then the report is nil.
func (q *Request) write(dir string, subject tenancy.Subject, had grants) (*Report, error) {
	file := path.Join(dir, File)
	name := filepath.Join(q.Dir, filepath.FromSlash(file))
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	existed := err == nil
	back := func() error {
		if existed {
			return outdir.WriteFile(name, old)
		}
		return os.Remove(name)
	}
	key, text, err := q.document(old, subject)
	if err != nil {
		return nil, err
	}
	if err := outdir.WriteFile(name, text); err != nil {
		return nil, err
	}
	after, err := q.Compile()
	if err != nil {
		return nil, errors.Join(err, back())
	}
	inForce := func(x *tenancy.Revocation) bool {
		return x.Key == key && x.Pos.File == file && !x.Held
	}
	if !slices.ContainsFunc(after.Tenancy.Revocations, inForce) {
		return nil, back()
	}
	return newReport(q, file, key, subject, had, accessOf(after, q.From), after), nil
}

// document returns the text of a file with the revocation added, and its key.
func (q *Request) document(old []byte, subject tenancy.Subject) (key string, text []byte, err error) {
	for n := 1; ; n++ {
		key = name(subject, q.From, n)
		if !bytes.Contains(old, []byte(`"`+key+`"`)) {
			break
		}
	}
	fields := []any{ast.NewIdent("subject"), ast.NewString(q.Subject)}
	for _, f := range []struct{ name, value string }{{"from", q.From}, {"since", q.Since}, {"reason", q.Reason}} {
		if f.value != "" {
			fields = append(fields, ast.NewIdent(f.name), ast.NewString(f.value))
		}
	}
	made, err := format.Node(ast.NewStruct(ast.NewIdent("revocations"), ast.NewStruct(ast.NewString(key), ast.NewStruct(fields...))).Elts[0])
	if err != nil {
		return "", nil, err
	}
	if len(old) == 0 {
		old = []byte("package tenancy\n")
	}
	return key, slices.Concat(bytes.TrimRight(old, "\n"), []byte("\n\n"), bytes.TrimRight(made, "\n"), []byte("\n")), nil
}

// name makes the key of a revocation: the nth of a subject.
func name(subject tenancy.Subject, from string, n int) string {
	var b strings.Builder
	dash := true // at the beginning there is none
	for _, c := range strings.ToLower(subject.Name + "-" + from) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
			dash = false
		} else if !dash {
			b.WriteByte('-')
			dash = true
		}
	}
	const most = 36
	out := cmp.Or(strings.TrimRight(b.String()[:min(most, b.Len())], "-"), "revoked")
	if n > 1 {
		out += fmt.Sprintf("-%d", n)
	}
	return out
}
