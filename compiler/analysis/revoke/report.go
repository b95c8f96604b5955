package revoke

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// Report is what a revocation takes away.
type Report struct {
	File    string `json:"file"`
	Key     string `json:"key"`
	Subject string `json:"subject"`
	From    string `json:"from,omitempty"`
	Since   string `json:"since,omitempty"`
	// Pending: its first day is still to come.
	Pending bool `json:"pending"`
	// Taken is the access that the subject had, and Kept what it has all the same.
	Taken []Access `json:"taken"`
	Kept  []Access `json:"kept"`
	// Groups have access there; a user who is a member keeps that.
	Groups []string `json:"groups,omitempty"`
	// Errors is the number of errors in the repo. They do not keep the revocation from
	// being built.
	Errors int `json:"errors"`
}

// Access is what gave a subject access to a logical cluster.
type Access struct {
	LogicalCluster string   `json:"logicalCluster"`
	Roles          []string `json:"roles"`
	Sources        []string `json:"sources"`
}

func newReport(q *Request, file, key string, subject tenancy.Subject, had, has grants, after *compiler.Result) *Report {
	r := &Report{File: file, Key: key, Subject: subject.String(), From: q.From, Since: q.Since, Taken: []Access{}, Kept: list(has.of(subject))}
	r.Pending = q.Since > after.AsOf
	for _, a := range list(had.of(subject)) {
		if !slices.ContainsFunc(r.Kept, func(k Access) bool { return k.LogicalCluster == a.LogicalCluster && slices.Equal(k.Sources, a.Sources) }) {
			r.Taken = append(r.Taken, a)
		}
	}
	if subject.Kind == "User" {
		r.Groups = has.groups()
	}
	for _, d := range after.Diagnostics {
		if d.Severity == diag.Error {
			r.Errors++
		}
	}
	return r
}

// list gathers entries by logical cluster, in their order.
func list(entries grants) []Access {
	out := []Access{}
	for _, e := range entries {
		if n := len(out); n == 0 || out[n-1].LogicalCluster != e.LogicalCluster {
			out = append(out, Access{LogicalCluster: e.LogicalCluster})
		}
		a := &out[len(out)-1]
		for _, s := range e.Sources {
			if !slices.Contains(a.Roles, s.Role) {
				a.Roles = append(a.Roles, s.Role)
			}
			if text := s.String(); !slices.Contains(a.Sources, text) {
				a.Sources = append(a.Sources, text)
			}
		}
	}
	return out
}

// Complete reports whether the subject has no access left, or will have none on the day.
func (r *Report) Complete() bool { return r.Pending || len(r.Kept) == 0 }

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error { return printer.JSON(w, r) }

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s written: it revokes the access of %s to %s", r.File, r.Subject, whatever(r.From))
	if r.Pending {
		fmt.Fprintf(&b, " from %s on", r.Since)
	}
	b.WriteString("\n")
	writeAccess(&b, "-", r.Taken)
	if len(r.Kept) > 0 && !r.Pending {
		b.WriteString("It keeps what directories above grant; revoke that there, with --in:\n")
		writeAccess(&b, "!", r.Kept)
	}
	if len(r.Groups) > 0 {
		fmt.Fprintf(&b, "A user keeps what groups grant: %s have access there.\n", printer.Some(r.Groups, 8))
	}
	if r.Errors > 0 {
		fmt.Fprintf(&b, "The repo has %s elsewhere; the revocation is built all the same.\n", printer.Count(r.Errors, "error"))
	}
	b.WriteString("Commit the file; it takes effect with the next build that is applied.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeAccess(b *strings.Builder, sign string, list []Access) {
	for _, a := range list {
		line := fmt.Sprintf("  %s %s  %s  %s", sign, a.LogicalCluster, strings.Join(a.Roles, ", "), strings.Join(a.Sources, "; "))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// grants are who has access to what.
type grants []access.Entry

// accessOf returns who has access to what lies below a path.
func accessOf(r *compiler.Result, from string) grants {
	a := access.New(r.Tenancy, r.States, r.Platforms)
	var out grants
	for _, lc := range r.Tenancy.LogicalClusters {
		if from == "" || schema.OrgPath(from).Contains(lc.Key) {
			out = append(out, a.In(lc.Key)...)
		}
	}
	return out
}

// of returns what one subject has.
func (g grants) of(s tenancy.Subject) (out grants) {
	revoked := []tenancy.Revoked{{Subject: s}}
	for _, e := range g {
		if tenancy.IsRevoked(revoked, e.Subject, "") {
			out = append(out, e)
		}
	}
	return out
}

// names lists the subjects.
func (g grants) names() []string {
	var out []string
	for _, e := range g {
		out = append(out, e.Subject.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// groups lists the groups that have access, which a user may be a member of.
func (g grants) groups() []string {
	return slices.DeleteFunc(g.names(), func(name string) bool { return !strings.HasPrefix(name, "group:") })
}

// granted reports whether documents grant the subject something below a path, which it has
// once that is placed.
func granted(t *tenancy.Tenancy, from string, s tenancy.Subject) bool {
	return slices.ContainsFunc(t.LogicalClusters, func(lc *tenancy.LogicalCluster) bool {
		return (from == "" || schema.OrgPath(from).Contains(lc.Key)) && slices.ContainsFunc(lc.Access, func(g tenancy.Grant) bool { return g.Subject == s })
	})
}
