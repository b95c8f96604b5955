package impact

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/internal/diag"
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
	Change
	// Objects that are refused or altered, and Tried how many were looked at.
	Objects []Affected `json:"objects,omitempty"`
	Tried   int        `json:"objectsTried,omitempty"`
}

// Settle fills in the verdict.
func (i *Impact) Settle() {
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
			if o.Outcome == Refused {
				return true
			}
		}
	}
	return false
}

// Title says in a line what happens.
func (c *Change) Title() string {
	name := c.Set
	if c.Dir != "" {
		name += " in " + c.Dir
	}
	switch {
	case c.Kind == Added:
		return fmt.Sprintf("%s: version %s is new", name, c.To)
	case c.Kind == Removed:
		return fmt.Sprintf("%s: version %s is gone", name, c.From)
	case c.Kind == Edited:
		return fmt.Sprintf("%s: version %s is edited", name, c.From)
	case c.Kind == Moved && c.To == "":
		return fmt.Sprintf("%s: channel %s is gone", name, c.Channel)
	case c.Kind == Moved:
		return fmt.Sprintf("%s: channel %s moves from %s to %s", name, c.Channel, c.From, c.To)
	case c.Kind == Rebound && c.To == "":
		return fmt.Sprintf("%s: %s is asked for no more", name, c.From)
	case c.Kind == Rebound:
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
		if o.Outcome == Refused {
			refused++
		}
	}
	return fmt.Sprintf("%d objects tried: %d refused, %d altered", c.Tried, refused, len(c.Objects)-refused)
}

// unchanged tells what becomes of an update that leaves a refused object as it is.
func (o *Affected) unchanged() string {
	if o.Unchanged == Accepted {
		return "updates pass that leave this as it is"
	}
	return "no update passes that leaves this as it is"
}

func (o *Affected) name() string {
	name := o.Kind + " " + o.Name
	if o.Namespace != "" {
		name = o.Kind + " " + o.Namespace + "/" + o.Name
	}
	return name
}

func (r *Reason) text() string {
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
func (i *Impact) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(i)
}

// WriteText writes the impact for people.
func (i *Impact) WriteText(w io.Writer, color bool) error {
	b := bufio.NewWriter(w)
	if len(i.Changes) == 0 {
		fmt.Fprintln(b, "no API changes")
		return b.Flush()
	}
	for n := range i.Changes {
		c := &i.Changes[n]
		if n > 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "%s, %s\n\n", diag.Visible(c.Title()), i.reach(c))
		if err := c.WriteText(b, color); err != nil {
			return err
		}
		if len(c.Reached) > 0 {
			fmt.Fprintln(b)
			t := tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)
			fmt.Fprintln(t, "LOGICAL CLUSTER\tORGANIZATION\tCLUSTERS\tASKS FOR\tWHERE")
			for _, r := range c.Reached {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Key, r.Organization, cmp.Or(strings.Join(r.Clusters, ","), "-"), r.Requested, cmp.Or(r.Position.String(), "-"))
			}
			if err := t.Flush(); err != nil {
				return err
			}
		}
		if c.Tried > 0 {
			fmt.Fprintf(b, "\n%s\n", c.counts())
			for k := range c.Objects {
				o := &c.Objects[k]
				fmt.Fprintf(b, "  %-7s  %s", o.Outcome, diag.Visible(o.name()))
				if o.LogicalCluster != "" {
					fmt.Fprintf(b, " of %s", o.LogicalCluster)
				}
				fmt.Fprintln(b)
				for _, r := range o.Reasons {
					fmt.Fprintf(b, "           %s\n", diag.Visible(r.text()))
				}
				if o.Outcome == Refused {
					fmt.Fprintf(b, "           %s\n", o.unchanged())
				}
			}
		}
	}
	return b.Flush()
}

// WriteMarkdown writes the impact as a section for a pull request.
func (i *Impact) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	if len(i.Changes) == 0 {
		fmt.Fprintln(b, "No API changes.")
		return b.Flush()
	}
	for n := range i.Changes {
		c := &i.Changes[n]
		if n > 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "## %s\n\n%s.\n\n", evolution.Markdown(c.Title()), strings.ToUpper(i.reach(c)[:1])+i.reach(c)[1:])
		if err := c.WriteMarkdown(b); err != nil {
			return err
		}
		if len(c.Reached) > 0 {
			fmt.Fprintf(b, "\n| Logical cluster | Organization | Physical clusters | Asks for |\n| --- | --- | --- | --- |\n")
			for _, r := range c.Reached {
				fmt.Fprintf(b, "| %s | %s | %s | %s |\n", evolution.Markdown(r.Key), evolution.Markdown(r.Organization), evolution.Markdown(strings.Join(r.Clusters, ", ")), evolution.Markdown(r.Requested))
			}
		}
		if c.Tried > 0 {
			fmt.Fprintf(b, "\n%s.\n", c.counts())
			if len(c.Objects) > 0 {
				fmt.Fprintf(b, "\n| | Object | Logical cluster | Why |\n| --- | --- | --- | --- |\n")
			}
			for k := range c.Objects {
				o := &c.Objects[k]
				var reasons []string
				for _, r := range o.Reasons {
					reasons = append(reasons, evolution.Markdown(r.text()))
				}
				if o.Outcome == Refused {
					reasons = append(reasons, o.unchanged())
				}
				fmt.Fprintf(b, "| %s | %s | %s | %s |\n", o.Outcome, evolution.Markdown(o.name()), evolution.Markdown(o.LogicalCluster), strings.Join(reasons, "<br>"))
			}
		}
	}
	return b.Flush()
}
