package access

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/printer"
)

// WriteTable writes a row for each entry, and with detail the verbs on each resource.
func (out *Answer) WriteTable(w io.Writer, detail bool) error {
	t := printer.NewTable(w, "LOGICAL CLUSTER", "SUBJECT", "ROLE", "WRITES", "SENSITIVE", "FROM")
	for i := range out.entries {
		e := &out.entries[i]
		t.Row(e.place(), e.Subject, e.role(), e.Rights.writes(), printer.OrDash(printer.Join(out.access.Marks(e))), e.from())
	}
	if err := t.End(); err != nil {
		return err
	}
	for _, c := range out.closed {
		fmt.Fprintf(w, "%s is %s: nobody has access (%s in the repo)\n", c.LogicalCluster, c.Reason, printer.Count(c.Grants, "grant"))
	}
	if !detail {
		return nil
	}
	return out.writeDetail(w)
}

// writeDetail writes the verbs on each resource, once for all entries that share them.
func (out *Answer) writeDetail(w io.Writer) error {
	var order []*Rights
	places := map[*Rights][]string{}
	for i := range out.entries {
		e := &out.entries[i]
		if places[e.Rights] == nil {
			order = append(order, e.Rights)
		}
		if place := e.Subject.String() + " in " + e.place(); !slices.Contains(places[e.Rights], place) {
			places[e.Rights] = append(places[e.Rights], place)
		}
	}
	for _, r := range order {
		list := places[r]
		const most = 5
		if more := len(list) - most; more > 1 {
			list = append(list[:most:most], fmt.Sprintf("%d more", more))
		}
		fmt.Fprintf(w, "\n%s:\n", strings.Join(list, "; "))
		t := printer.NewTable(w)
		for i := range r.Permissions {
			p := &r.Permissions[i]
			t.Row("  "+resourceName(p.Group, p.Resource), p.verbs())
		}
		if err := t.End(); err != nil {
			return err
		}
	}
	return nil
}

// place is the logical cluster, and the physical one if it is a copy that was left there.
func (e *Entry) place() string {
	if e.Left {
		return e.LogicalCluster + " (left on " + e.Cluster + ")"
	}
	return e.LogicalCluster
}

// role is the strongest role of an entry, which includes the others.
func (e *Entry) role() string {
	if len(e.Sources) == 0 {
		return "-"
	}
	return e.Sources[0].Role
}

func (e *Entry) from() string {
	var out []string
	for _, s := range e.Sources {
		out = append(out, s.String())
	}
	return printer.OrDash(strings.Join(out, "; "))
}

// writes tells what becomes of the writes that roles grant.
func (r *Rights) writes() string {
	passes, denied := false, Refusal("")
	for i := range r.Permissions {
		p := &r.Permissions[i]
		denied = max(denied, p.By)
		passes = passes || p.Writes()
	}
	switch {
	case denied != "" && passes:
		return "in part denied: " + string(denied)
	case denied != "":
		return "denied: " + string(denied)
	case passes:
		return "yes"
	}
	return "no"
}

// resourceName is a resource as kubectl writes it: "deployments.apps/scale".
func resourceName(group, resource string) string {
	if group == "" {
		return resource
	}
	base, sub, ok := strings.Cut(resource, "/")
	if ok {
		sub = "/" + sub
	}
	return base + "." + group + sub
}

// verbs tells which verbs are granted, and on what conditions.
func (p *Permission) verbs() string {
	out := strings.Join(p.Verbs, ", ")
	if len(p.Denied) > 0 {
		out += fmt.Sprintf(" (denied, %s: %s)", p.By, strings.Join(p.Denied, ", "))
	}
	if len(p.Versions) > 0 {
		out += " (writes in " + strings.Join(p.Versions, ", ") + " only)"
	}
	if p.BoundOnly {
		out += " (writes to bound APIs only)"
	}
	return strings.TrimSpace(out)
}
