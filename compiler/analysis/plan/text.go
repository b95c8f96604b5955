package plan

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/internal/diag"
)

// TextOptions say how a plan is written for people.
type TextOptions struct {
	// Detail shows every key, field and object; without it long lists are cut short,
	// and say so.
	Detail bool
	Color  bool
	// Width is that of the terminal in columns; 0 stands for 100.
	Width       int
	ToolVersion string
}

// WriteText writes the plan for a terminal: the summary first.
func (p *Plan) WriteText(w io.Writer, o TextOptions) error {
	out := bufio.NewWriter(w)
	t := &text{Writer: out, TextOptions: o}
	t.plan(p)
	if err := out.Flush(); err != nil {
		return err
	}
	if len(p.Findings) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nFINDINGS")
	return p.Report().Write(w, diag.Text, diag.WriteOptions{Color: o.Color, Width: o.Width, ToolVersion: o.ToolVersion})
}

type text struct {
	*bufio.Writer
	TextOptions
}

// few is how many items of a list are shown without --detail.
const few = 12

func (t *text) limit(n int) int {
	if t.Detail {
		return n
	}
	return min(n, few)
}

// styled is text of the writer's own, which may hold escape sequences.
type styled string

func (t *text) bold(s string) styled {
	s = diag.Visible(s)
	if t.Color {
		s = "\x1b[1m" + s + "\x1b[0m"
	}
	return styled(s)
}

// printf prints. What comes from the repo can't move the cursor nor hide.
func (t *text) printf(format string, args ...any) {
	for i, a := range args {
		switch a := a.(type) {
		case styled:
		case string:
			args[i] = diag.Visible(a)
		case fmt.Stringer:
			args[i] = diag.Visible(a.String())
		}
	}
	fmt.Fprintf(t.Writer, format, args...)
}

func (t *text) plan(p *Plan) {
	t.printf("tenantry plan   %s → %s   as of %s\n\n", p.Before.Name, p.After.Name, p.AsOf)
	for _, line := range p.Headlines() {
		t.printf("  %s\n", line)
	}
	t.logicalClusters(p)
	t.access(p)
	t.apis(p)
	t.policy(p)
	t.implicit(p)
	t.cost(p)
	t.capacity(p)
	t.objects(p)
	t.documents(p)
}

// Headlines are the summary of a plan, a sentence each.
func (p *Plan) Headlines() []string {
	if p.Empty() {
		lines := []string{"No changes: the change has no effect on the tenancy."}
		return append(lines, p.standing()...)
	}
	var out []string
	if counted := counts(p.Summary.LogicalClusters, actions); counted != "" {
		out = append(out, "logical clusters: "+counted)
	} else {
		out = append(out, "logical clusters: none differ")
	}
	if counted := counts(p.Summary.Access, []string{Gains, Loses, Alters}); counted != "" {
		out = append(out, fmt.Sprintf("access: %s, %d sensitive", counted, p.Summary.Sensitive))
	}
	if len(p.APIs) > 0 {
		out = append(out, "APIs: "+apiHeadline(p.APIs))
	}
	if p.Policy != nil {
		out = append(out, "policy: "+p.Policy.headline())
	}
	if len(p.Implicit) > 0 {
		out = append(out, "implicit: "+implicitHeadline(p.Implicit))
	}
	if p.Cost != nil {
		out = append(out, "worst case: "+p.Cost.headline())
	}
	if counted := counts(p.Summary.Objects, objectActions); counted != "" {
		out = append(out, "objects: "+counted)
	} else {
		out = append(out, "objects: none differ")
	}
	if s := p.Summary; s.Errors+s.Warnings > 0 {
		out = append(out, fmt.Sprintf("findings: %s, %s", plural(s.Errors, "error"), plural(s.Warnings, "warning")))
	}
	if p.Provisional {
		out = append(out, "placements and names are provisional: no published output was read")
	}
	return append(out, p.standing()...)
}

func (p *Plan) standing() []string {
	if p.Standing == 0 {
		return nil
	}
	return []string{plural(p.Standing, "error") + " that both sides have: see tenantry vet"}
}

func counts(m map[string]int, order []string) string {
	var parts []string
	for _, name := range order {
		if m[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", m[name], name))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// signs mark what happens at the beginning of a line.
var signs = map[string]string{
	Appears: "+", Changes: "~", Moves: ">", Renamed: "=", Deleted: "-", Goes: "-", Vanishes: "!", Released: "-", Restored: "+",
	Create: "+", Update: "~", Replace: "!", Delete: "-", Leave: "!",
	Added: "+", Changed: "~", Removed: "-",
	Grows: "~", Proposed: "?",
	Gains: "+", Loses: "-", Alters: "~",
}

func (t *text) heading(s string) { t.printf("\n%s\n", t.bold(s)) }

func (t *text) logicalClusters(p *Plan) {
	if len(p.LogicalClusters) == 0 {
		return
	}
	t.heading("LOGICAL CLUSTERS")
	for i := range p.LogicalClusters {
		l := &p.LogicalClusters[i]
		t.printf("%s %s   %s\n", signs[l.Action], t.bold(l.title()), l.what())
		for _, c := range l.Causes[:t.limit(len(l.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(l.Causes), "cause")
		if l.Data != "" {
			t.printf("    data        %s\n", l.Data)
		}
		t.fields(l.Fields)
		if len(l.Keys) > 1 {
			for _, key := range l.Keys[:t.limit(len(l.Keys))] {
				t.printf("    reaches     %s\n", key)
			}
			t.more(len(l.Keys), "logical cluster")
		}
	}
}

func (l *LogicalClusters) title() string {
	if len(l.Keys) == 1 {
		return l.Keys[0]
	}
	return fmt.Sprintf("%d logical clusters", len(l.Keys))
}

// what says what happens to a logical cluster.
func (l *LogicalClusters) what() string {
	what := l.Action
	if len(l.Keys) > 1 {
		what = strings.TrimSuffix(what, "s")
	}
	switch l.Action {
	case Appears:
		what += " on " + l.To
	case Moves:
		what += " from " + l.From + " to " + l.To
	case Vanishes:
		what = "vanishes without being marked deleted"
	case Deleted:
		what = "is marked deleted"
	case Released:
		what = "gives up the copy that its move left behind"
	case Restored:
		what = "is no longer on its way out"
	}
	if l.Formerly != "" {
		what += ", formerly " + l.Formerly
	}
	return what
}

// String names the place: "orgs/acme/org.cue:3 (organizations "acme")".
func (c Cause) String() string {
	out := diag.Position{File: c.File, Line: c.Line}.String()
	if c.Document != "" {
		out += " (" + c.Document + ")"
	}
	if c.Removed {
		out += ", before the change"
	}
	return strings.TrimSpace(out)
}

func (t *text) more(n int, noun string) {
	if hidden := n - t.limit(n); hidden > 0 {
		t.printf("    and %s: --detail shows all\n", plural(hidden, "more "+noun))
	}
}

func (t *text) fields(fields []Field) {
	for _, f := range fields[:t.limit(len(fields))] {
		t.printf("    %s\n", t.clip(f.String()))
	}
	t.more(len(fields), "field")
}

// clip cuts a line that does not fit, unless everything is to be shown.
func (t *text) clip(s string) string {
	const usual, least, margin = 100, 40, 4
	width := t.Width
	if width == 0 {
		width = usual
	}
	runes := []rune(s)
	if limit := max(width-margin, least); !t.Detail && len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

// String tells the field's change in a line: "quota.cpu: 8 → 16".
func (f Field) String() string {
	switch {
	case f.Before == nil:
		return fmt.Sprintf("+ %s: %s", f.Path, compact(f.After))
	case f.After == nil:
		return fmt.Sprintf("- %s: %s", f.Path, compact(f.Before))
	}
	return fmt.Sprintf("~ %s: %s → %s", f.Path, compact(f.Before), compact(f.After))
}

func (t *text) access(p *Plan) {
	if len(p.Access) == 0 {
		return
	}
	t.heading("ACCESS")
	for i := range p.Access[:t.limit(len(p.Access))] {
		a := &p.Access[i]
		t.printf("%s %s   %s", signs[a.Change], t.bold(a.Subject), a.what())
		if len(a.Sensitive) > 0 {
			t.printf("   ! %s", a.marks())
		}
		t.printf("\n")
		for _, c := range a.Causes[:t.limit(len(a.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(a.Causes), "cause")
		if t.Detail {
			for _, line := range permissions(a.Gained) {
				t.printf("    + %s\n", line)
			}
			for _, line := range permissions(a.Lost) {
				t.printf("    - %s\n", line)
			}
			if len(a.In) > 1 {
				for _, place := range a.In {
					t.printf("    in          %s\n", place)
				}
			}
		}
	}
	t.more(len(p.Access), "change")
}

func (t *text) apis(p *Plan) {
	if len(p.APIs) == 0 {
		return
	}
	t.heading("APIS")
	for i := range p.APIs[:t.limit(len(p.APIs))] {
		a := &p.APIs[i]
		t.printf("%s %s   %s\n", a.sign(), t.bold(a.title()), a.what())
		for _, c := range a.Causes[:t.limit(len(a.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(a.Causes), "cause")
		if a.Change != impact.Added || t.Detail {
			for j := range a.Changes[:t.limit(len(a.Changes))] {
				t.printf("    %s\n", t.clip(a.apiChange(&a.Changes[j])))
			}
			t.more(len(a.Changes), "difference")
		}
		if len(a.LogicalClusters) > 1 || t.Detail {
			for _, key := range a.LogicalClusters[:t.limit(len(a.LogicalClusters))] {
				t.printf("    reaches     %s\n", key)
			}
			t.more(len(a.LogicalClusters), "logical cluster")
		}
	}
	t.more(len(p.APIs), "API")
}

func (t *text) policy(p *Plan) {
	if p.Policy == nil {
		return
	}
	t.heading("POLICY")
	limits := p.Policy.Limits[:t.limit(len(p.Policy.Limits))]
	for i := range limits {
		l := &limits[i]
		t.printf("%s %s   %s\n", l.sign(), t.bold(l.title()), l.Change)
		for _, c := range l.Causes[:t.limit(len(l.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(l.Causes), "cause")
		for _, d := range l.Details[:t.limit(len(l.Details))] {
			t.printf("    %s %s\n", d.sign(), t.clip(d.String()))
			if t.Detail && len(d.LogicalClusters) > 1 {
				for _, key := range d.LogicalClusters {
					t.printf("      reaches   %s\n", key)
				}
			}
		}
		t.more(len(l.Details), "difference")
	}
	t.more(len(p.Policy.Limits), "limit")
	judgements := p.Policy.Judgements[:t.limit(len(p.Policy.Judgements))]
	for i := range judgements {
		j := &judgements[i]
		t.printf("%s %s\n", j.sign(), t.clip(j.line()))
		for _, c := range j.Causes[:t.limit(len(j.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(j.Causes), "cause")
	}
	t.more(len(p.Policy.Judgements), "judgement")
}

func (t *text) implicit(p *Plan) {
	if len(p.Implicit) == 0 {
		return
	}
	t.heading("IMPLICIT")
	for i := range p.Implicit[:t.limit(len(p.Implicit))] {
		d := &p.Implicit[i]
		t.printf("%s %s   %s\n", signs[d.Change], t.bold(d.Name), d.what())
		for _, c := range d.Causes[:t.limit(len(d.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(d.Causes), "cause")
		for _, o := range d.Organizations[:t.limit(len(d.Organizations))] {
			t.printf("    reaches     %s\n", o)
			if t.Detail {
				for _, key := range slices.Concat(o.Gain, o.Lose, o.Alter) {
					t.printf("      %s\n", key)
				}
			}
		}
		t.more(len(d.Organizations), "organization")
	}
	t.more(len(p.Implicit), "document")
}

func (t *text) cost(p *Plan) {
	k := p.Cost
	if k == nil {
		return
	}
	t.heading("COST, worst case a month")
	if k.PricesBefore != k.Prices {
		t.printf("  price book %s, before %s\n", cmp.Or(k.Prices, "none"), cmp.Or(k.PricesBefore, "none"))
	}
	rows := k.Rows[:t.limit(len(k.Rows))]
	keys, lines := 0, 0
	for i := range rows {
		keys, lines = max(keys, utf8.RuneCountInString(rows[i].Key)), max(lines, utf8.RuneCountInString(rows[i].line(k)))
	}
	for i := range rows {
		r := &rows[i]
		line := fmt.Sprintf("  %-*s  %-*s  %s", keys, r.Key, lines, r.line(k), r.bar())
		if r.Crosses != "" {
			line += " ! above its budget"
		}
		t.printf("%s\n", strings.TrimRight(line, " "))
	}
	t.more(len(k.Rows), "row")
	causes := k.Causes[:t.limit(len(k.Causes))]
	for i := range causes {
		x := &causes[i]
		t.printf("  %s\n", x.line(k))
		for _, c := range x.Causes[:t.limit(len(x.Causes))] {
			t.printf("    because of  %s\n", c)
		}
		t.more(len(x.Causes), "cause")
		if t.Detail && len(x.LogicalClusters) > 1 {
			for _, key := range x.LogicalClusters {
				t.printf("    reaches     %s\n", key)
			}
		}
	}
	t.more(len(k.Causes), "reason")
}

func (t *text) capacity(p *Plan) {
	if len(p.Capacity) == 0 {
		return
	}
	t.heading("CAPACITY, sum of quotas")
	for _, c := range p.Capacity {
		t.printf("  %s\n", c)
	}
}

// String tells the amount in a line: "eu-1 cpu: 8 → 16 of 100".
func (c Capacity) String() string {
	out := fmt.Sprintf("%s %s: %s → %s of %s", c.Cluster, c.Amount, c.Before, c.After, c.Capacity)
	if c.Over {
		out += ", more than there is"
	}
	if c.Unbounded > 0 {
		out += fmt.Sprintf(", and %s without a bound", plural(c.Unbounded, "logical cluster"))
	}
	return out
}

func (t *text) objects(p *Plan) {
	if len(p.Objects) == 0 {
		return
	}
	t.heading("OBJECTS")
	for _, o := range p.Objects {
		t.printf("  %s: %s\n", t.bold(o.Cluster), counts(o.Counts, objectActions))
		for i := range o.Changes {
			c := &o.Changes[i]
			if !t.Detail && (c.Action == Create || c.Action == Update) {
				continue
			}
			t.printf("  %d. %s %s %s\n", c.Step, signs[c.Action], c.Action, c.title())
			if c.Entails != "" {
				t.printf("    %s\n", c.Entails)
			}
			t.fields(c.Fields)
			if len(c.Objects) > 1 {
				for _, object := range c.Objects[:t.limit(len(c.Objects))] {
					t.printf("    %s\n", object)
				}
				t.more(len(c.Objects), "object")
			}
		}
	}
	if !t.Detail {
		t.printf("  --detail shows what is created and updated, field by field\n")
	}
}

// title names the objects.
func (c *ObjectChange) title() string {
	if len(c.Objects) == 1 {
		return c.Kind + " " + c.Objects[0].String()
	}
	names := map[string]bool{}
	for _, o := range c.Objects {
		names[o.Name] = true
	}
	if len(names) == 1 {
		return fmt.Sprintf("%s %s in %d namespaces", c.Kind, slices.Collect(maps.Keys(names))[0], len(c.Objects))
	}
	return fmt.Sprintf("%d of kind %s", len(c.Objects), c.Kind)
}

func (t *text) documents(p *Plan) {
	if len(p.Documents) == 0 {
		return
	}
	t.heading("SOURCE")
	for i := range p.Documents[:t.limit(len(p.Documents))] {
		d := &p.Documents[i]
		t.printf("%s %s   %s   %s\n", signs[d.Change], d.title(), diag.Position{File: d.File, Line: d.Line}, d.effect())
		if d.MovedFrom != "" {
			t.printf("    was declared in %s\n", d.MovedFrom)
		}
		t.fields(d.Fields)
	}
	t.more(len(p.Documents), "document")
}

// effect says what follows from a document.
func (d *Document) effect() string {
	if d.Reach == 0 {
		return "no logical cluster differs because of it"
	}
	return "reaches " + plural(d.Reach, "logical cluster")
}
