package apis

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// Impact is what changes, for whom, and what becomes of objects.
type Impact struct {
	// Verdict is the worst of the changes that reach somebody.
	Verdict evolution.Class `json:"verdict"`
	// Total is how many logical clusters there are.
	Total   int      `json:"total"`
	Changes []Judged `json:"changes"`
}

// Judged is a change with the objects that it does something to.
type Judged struct {
	impact.Change
	// Objects that are refused or altered, and Tried how many were looked at.
	Objects []impact.Affected `json:"objects,omitempty"`
	Tried   int               `json:"objectsTried,omitempty"`
}

// settle fills in the verdict.
func (i *Impact) settle() {
	i.Verdict = evolution.Compatible
	if i.Changes == nil {
		i.Changes = []Judged{} // readers may iterate without asking
	}
	for n := range i.Changes {
		c := &i.Changes[n]
		if c.Promise == schema.PromiseNone { // whoever promises nothing breaks all the same
			c.Report = evolution.NewReport(c.Changes, schema.PromiseBackward)
		}
		if len(c.Reached) > 0 {
			i.Verdict = i.Verdict.Worse(c.Verdict)
		}
	}
}

// Refused reports whether any object is refused.
func (i *Impact) Refused() bool {
	for _, c := range i.Changes {
		for _, o := range c.Objects {
			if o.Outcome == impact.Refused {
				return true
			}
		}
	}
	return false
}

// title says in a line what happens.
func (c *Judged) title() string {
	name := c.Set
	if c.Dir != "" {
		name += " in " + c.Dir
	}
	switch {
	case c.Kind == impact.Added:
		return fmt.Sprintf("%s: version %s is new", name, c.To)
	case c.Kind == impact.Removed:
		return fmt.Sprintf("%s: version %s is gone", name, c.From)
	case c.Kind == impact.Edited:
		return fmt.Sprintf("%s: version %s is edited", name, c.From)
	case c.Kind == impact.Moved && c.To == "":
		return fmt.Sprintf("%s: channel %s is gone", name, c.Channel)
	case c.Kind == impact.Moved:
		return fmt.Sprintf("%s: channel %s moves from %s to %s", name, c.Channel, c.From, c.To)
	case c.Kind == impact.Rebound && c.To == "":
		return fmt.Sprintf("%s: %s is asked for no more", name, c.From)
	case c.Kind == impact.Rebound:
		return fmt.Sprintf("%s: %s is asked for instead of %s", name, c.To, c.From)
	}
	return fmt.Sprintf("%s: from %s to %s", name, c.From, c.To)
}

// reach says how many logical clusters a change reaches.
func (i *Impact) reach(c *Judged) string {
	if len(c.Reached) == 0 {
		return "reaches no logical cluster"
	}
	return fmt.Sprintf("reaches %d of %d logical clusters", len(c.Reached), i.Total)
}

func (c *Judged) counts() string {
	if c.Tried == 0 {
		return ""
	}
	refused := 0
	for _, o := range c.Objects {
		if o.Outcome == impact.Refused {
			refused++
		}
	}
	return fmt.Sprintf("%d objects tried: %d refused, %d altered", c.Tried, refused, len(c.Objects)-refused)
}

// unchanged tells what becomes of an update that leaves a refused object as it is.
func unchanged(o *impact.Affected) string {
	if o.Unchanged == impact.Accepted {
		return "updates pass that leave this as it is"
	}
	return "no update passes that leaves this as it is"
}

func objectName(o *impact.Affected) string {
	name := o.Kind + " " + o.Name
	if o.Namespace != "" {
		name = o.Kind + " " + o.Namespace + "/" + o.Name
	}
	return name
}

func reasonText(r *impact.Reason) string {
	out := r.Message
	if r.Path != "" {
		out = r.Path + ": " + out
	}
	if r.Rule != "" {
		out += " [" + r.Rule + "]"
	}
	return out
}

// WriteJSON writes the impact as one object.
func (i *Impact) WriteJSON(w io.Writer) error { return printer.JSON(w, i) }

// WriteText writes the impact for people.
func (i *Impact) WriteText(w io.Writer, color bool) error {
	b := bufio.NewWriter(w)
	if len(i.Changes) == 0 {
		fmt.Fprintln(b, "no API changes")
	}
	for n := range i.Changes {
		c := &i.Changes[n]
		if n > 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "%s, %s\n\n", diag.Visible(c.title()), i.reach(c))
		if err := c.Report.WriteText(b, color); err != nil {
			return err
		}
		if err := c.writeReached(b); err != nil {
			return err
		}
		c.writeObjects(b)
	}
	return b.Flush()
}

func (c *Judged) writeReached(w io.Writer) error {
	if len(c.Reached) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t := printer.NewTable(w, "LOGICAL CLUSTER", "ORGANIZATION", "CLUSTERS", "ASKS FOR", "WHERE")
	for _, r := range c.Reached {
		t.Row(r.Key, r.Organization, printer.OrDash(strings.Join(r.Clusters, ",")), r.Requested, printer.OrDash(r.Position.String()))
	}
	return t.End()
}

func (c *Judged) writeObjects(w io.Writer) {
	if c.Tried == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", c.counts())
	for k := range c.Objects {
		o := &c.Objects[k]
		fmt.Fprintf(w, "  %-7s  %s", o.Outcome, diag.Visible(objectName(o)))
		if o.LogicalCluster != "" {
			fmt.Fprintf(w, " of %s", o.LogicalCluster)
		}
		fmt.Fprintln(w)
		for i := range o.Reasons {
			fmt.Fprintf(w, "           %s\n", diag.Visible(reasonText(&o.Reasons[i])))
		}
		if o.Outcome == impact.Refused {
			fmt.Fprintf(w, "           %s\n", unchanged(o))
		}
	}
}

// WriteMarkdown writes the impact as a section for a pull request.
func (i *Impact) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	if len(i.Changes) == 0 {
		fmt.Fprintln(b, "No API changes.")
	}
	for n := range i.Changes {
		c := &i.Changes[n]
		if n > 0 {
			fmt.Fprintln(b)
		}
		reach := i.reach(c)
		fmt.Fprintf(b, "## %s\n\n%s.\n\n", evolution.Markdown(c.title()), strings.ToUpper(reach[:1])+reach[1:])
		if err := c.Report.WriteMarkdown(b); err != nil {
			return err
		}
		c.markdownReached(b)
		c.markdownObjects(b)
	}
	return b.Flush()
}

func (c *Judged) markdownReached(w io.Writer) {
	if len(c.Reached) == 0 {
		return
	}
	fmt.Fprint(w, "\n| Logical cluster | Organization | Physical clusters | Asks for |\n| --- | --- | --- | --- |\n")
	for _, r := range c.Reached {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", evolution.Markdown(r.Key), evolution.Markdown(r.Organization), evolution.Markdown(strings.Join(r.Clusters, ", ")), evolution.Markdown(r.Requested))
	}
}

func (c *Judged) markdownObjects(w io.Writer) {
	if c.Tried == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s.\n", c.counts())
	if len(c.Objects) > 0 {
		fmt.Fprint(w, "\n| | Object | Logical cluster | Why |\n| --- | --- | --- | --- |\n")
	}
	for k := range c.Objects {
		o := &c.Objects[k]
		var reasons []string
		for i := range o.Reasons {
			reasons = append(reasons, evolution.Markdown(reasonText(&o.Reasons[i])))
		}
		if o.Outcome == impact.Refused {
			reasons = append(reasons, unchanged(o))
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", o.Outcome, evolution.Markdown(objectName(o)), evolution.Markdown(o.LogicalCluster), strings.Join(reasons, "<br>"))
	}
}
