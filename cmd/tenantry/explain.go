package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/explain"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

func newExplain() *cobra.Command {
	var list bool
	var file, path, object, output string
	var q repoQuery
	c := &cobra.Command{
		Use:   "explain (CODE | LOGICAL-CLUSTER [FIELD])",
		Short: "Tell where a value comes from, or more about a diagnostic",
		Long: `explain CODE tells what a diagnostic code means, why it matters and what to do.

explain LOGICAL-CLUSTER tells where each effective value of a logical cluster
comes from: its own document, its class, an organization above it, the schema's
default, or what earlier builds decided (the pins). Below a value stands what else
had a say in it and was overridden. Policies follow in the order in which they
stand, each with its module, its parameters and what exempts from it. FIELD narrows it: "quota" stands for all that
is below it, as in "quota.cpu", "access.payments-devs", "apis" or "placement".

explain -f FILE tells from what a field of a rendered object was made: name the
field with --path, and the object with --object where the file holds several that
have the field.`,
		Example: `  tenantry explain TEN0123
  tenantry explain --list
  tenantry explain acme/payments/prod
  tenantry explain acme/payments/prod quota.cpu
  tenantry explain -f rendered/clusters/eu-1/tenants/c0001/acme.payments.prod.yaml \
    --path '.spec.hard["requests.cpu"]'`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case list, file != "":
				return cobra.NoArgs(c, args)
			case len(args) > 0 && isKey(args[0]):
				return cobra.MaximumNArgs(2)(c, args)
			}
			return cobra.ExactArgs(1)(c, args)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, e := range diag.Entries() {
				out = append(out, fmt.Sprintf("%s\t%s", e.Code, e.Title))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("-o is text or json, not %q", output)
			}
			if file == "" && (path != "" || object != "") {
				return fmt.Errorf("--path and --object go with -f")
			}
			switch {
			case list:
				return listCodes(c.OutOrStdout())
			case file != "":
				return explainFile(c, &q, file, path, object, output)
			case isKey(args[0]):
				return explainLogicalCluster(c, &q, args, output)
			}
			return explainCode(c.OutOrStdout(), args[0])
		},
	}
	q.register(c)
	f := c.Flags()
	f.BoolVar(&list, "list", false, "list all codes")
	f.StringVarP(&file, "file", "f", "", "a rendered file, or - for standard input")
	f.StringVar(&path, "path", "", `the field of a rendered object: .spec.hard["requests.cpu"]; by default all fields`)
	f.StringVar(&object, "object", "", "the rendered object, as KIND/NAME or KIND/NAMESPACE/NAME")
	f.StringVarP(&output, "output", "o", "text", "format: text or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// isKey tells the key of a logical cluster, which has its organization in front,
// from a code.
func isKey(arg string) bool { return strings.Contains(arg, "/") }

func listCodes(w io.Writer) error {
	for _, e := range diag.Entries() {
		fmt.Fprintf(w, "%s  %-7s  %s\n", e.Code, e.Severity, e.Title)
	}
	return nil
}

func explainCode(w io.Writer, name string) error {
	var codes []string
	for _, e := range diag.Entries() {
		if string(e.Code) == strings.ToUpper(name) {
			return e.Write(w, terminalWidth(w))
		}
		codes = append(codes, string(e.Code))
	}
	err := fmt.Errorf("there is no diagnostic %q", name)
	if hint := diag.DidYouMean(strings.ToUpper(name), codes); hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// valuesOf are all values of a logical cluster.
func valuesOf(r *compiler.Result, lc *tenancy.LogicalCluster) []tenancy.Value {
	return append(explain.LogicalCluster(r.Tenancy, lc, r.Sites[lc.Key], r.Former[lc.Key]), explain.Policies(r.Policies.Of(lc))...)
}

func explainLogicalCluster(c *cobra.Command, q *repoQuery, args []string, output string) error {
	r, err := q.compile(c)
	if err != nil {
		return err
	}
	lc := r.Tenancy.LogicalCluster(args[0])
	if lc == nil {
		_, err := selected(r, args[0])
		if err == nil {
			err = fmt.Errorf("%s is no logical cluster; name one that is below it", args[0])
		}
		return err
	}
	values := valuesOf(r, lc)
	if len(args) > 1 {
		all := values
		if values = explain.Select(values, args[1]); len(values) == 0 {
			var names []string
			for _, v := range all {
				names = append(names, v.Field)
			}
			err := fmt.Errorf("%s has no %s", lc.Key, args[1])
			if hint := diag.DidYouMean(args[1], names); hint != "" {
				err = fmt.Errorf("%w; %s", err, hint)
			}
			return err
		}
	}
	if output == "json" {
		err = writeJSON(c.OutOrStdout(), struct {
			LogicalCluster string           `json:"logicalCluster"`
			Held           bool             `json:"held,omitempty"`
			Suspended      bool             `json:"suspended,omitempty"`
			Values         []explainedValue `json:"values"`
		}{lc.Key, lc.Held, lc.Suspended, explained(values)})
	} else {
		err = writeExplained(c.OutOrStdout(), lc, values)
	}
	if err != nil {
		return err
	}
	return findings(r.Diagnostics)
}

func writeExplained(w io.Writer, lc *tenancy.LogicalCluster, values []tenancy.Value) error {
	fmt.Fprintf(w, "%s, %s\n", lc.Key, lc.Pos)
	switch {
	case lc.Suspended:
		fmt.Fprintln(w, "It is suspended: its document is in error, and tenants have no access.")
	case lc.Held:
		fmt.Fprintln(w, "It is held: its document is in error, and the last good one stands in for it.")
	}
	fmt.Fprintln(w)
	return writeValues(w, values, "")
}

// writeValues prints a line for each value, and below it one for each further
// step.
func writeValues(w io.Writer, values []tenancy.Value, indent string) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, v := range values {
		for i, s := range v.Steps {
			name, text := "", "  "+s.Text
			if i == 0 {
				name, text = v.Field, v.Text
			}
			from := origin(s.Origin)
			switch {
			case s.Effect == tenancy.Refers, s.Effect == tenancy.Sets && s.Text == v.Text:
			case s.Effect == tenancy.Sets:
				from += ": " + s.Text
			case i == 0 && s.Effect == tenancy.Refused:
				text, from = "none", from+": "+s.Text+" is refused"
			default:
				from += ", " + string(s.Effect)
			}
			fmt.Fprintf(t, "%s%s\t%s\t%s\n", indent, name, orDash(strings.TrimRight(text, " ")), from)
		}
	}
	return t.Flush()
}

func origin(o tenancy.Origin) string {
	from := map[string]string{
		"default":             "the schema's default",
		explain.FromPins:      "decided by an earlier build",
		explain.FromPlacement: "decided by this run",
	}[o.From]
	if from == "" {
		from = o.From
	}
	if o.Pos.IsZero() {
		return from
	}
	return from + ", " + o.Pos.String()
}

// explainedValue is a value as JSON.
type explainedValue struct {
	Field string          `json:"field"`
	Value string          `json:"value"`
	Steps []explainedStep `json:"steps"`
}

type explainedStep struct {
	From   string         `json:"from"`
	Value  string         `json:"value"`
	Effect tenancy.Effect `json:"effect"`
	At     *diag.Position `json:"at,omitempty"`
}

func explained(values []tenancy.Value) []explainedValue {
	out := []explainedValue{}
	for _, v := range values {
		e := explainedValue{v.Field, v.Text, []explainedStep{}}
		for _, s := range v.Steps {
			step := explainedStep{From: s.From, Value: s.Text, Effect: s.Effect}
			if !s.Pos.IsZero() {
				step.At = &s.Pos
			}
			e.Steps = append(e.Steps, step)
		}
		out = append(out, e)
	}
	return out
}

// explainedField is a field of a rendered object as JSON.
type explainedField struct {
	Kind           string           `json:"kind"`
	Name           string           `json:"name"`
	Namespace      string           `json:"namespace,omitempty"`
	Path           string           `json:"path"`
	Value          string           `json:"value"`
	Line           int              `json:"line"`
	LogicalCluster string           `json:"logicalCluster,omitempty"`
	Note           string           `json:"note,omitempty"`
	Values         []explainedValue `json:"values"`

	values []tenancy.Value
}

func explainFile(c *cobra.Command, q *repoQuery, file, path, object, output string) error {
	at, err := explain.ParsePath(path)
	if err != nil {
		return fmt.Errorf("--path: %w", err)
	}
	read := func() ([]byte, error) { return os.ReadFile(file) }
	if file == "-" {
		read = func() ([]byte, error) { return io.ReadAll(c.InOrStdin()) }
	}
	data, err := read()
	if err != nil {
		return err
	}
	objects, err := explain.ReadFile(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	r, err := q.compile(c)
	if err != nil {
		return err
	}
	var found []explainedField
	for i := range objects {
		o := &objects[i]
		if object != "" && object != o.Kind+"/"+o.Name && object != o.Kind+"/"+o.Namespace+"/"+o.Name {
			continue
		}
		leaves := o.Leaves(at)
		if len(leaves) == 0 {
			continue
		}
		fields, err := explainObject(r, o, leaves)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		found = append(found, fields...)
	}
	if len(found) == 0 {
		return fmt.Errorf("%s has no object %s with a field %s", file, orDash(object), orDash(path))
	}
	if output == "json" {
		err = writeJSON(c.OutOrStdout(), found)
	} else {
		err = writeFields(c.OutOrStdout(), found)
	}
	if err != nil {
		return err
	}
	return findings(r.Diagnostics)
}

func explainObject(r *compiler.Result, o *explain.Rendered, leaves []explain.Leaf) ([]explainedField, error) {
	base := explainedField{Kind: o.Kind, Name: o.Name, Namespace: o.Namespace}
	lc, object := o.Of(r.Tenancy, r.States)
	var values []tenancy.Value
	var patches []patch.Made
	if lc != nil {
		base.LogicalCluster = lc.Key
		values = valuesOf(r, lc)
		patches = o.Patches(r.Rendering(), lc)
	} else {
		users, rules := 0, 0
		values, users = explain.Platform(r.Tenancy, r.States, o.Name)
		if users == 0 {
			values, rules = explain.PolicyObject(r.Tenancy, r.States, r.Policies, o.Name)
		}
		switch {
		case rules > 0:
			base.Note = "a policy of the tenancy repo demands it, of " + plural(rules, "logical cluster")
			base.values = values
		case users > 0:
			base.Note = "it follows from the API sets that are bound; " + plural(users, "logical cluster") + " with these use it"
			base.values = values
		case o.Shared():
			base.Note = "every physical cluster has it, whatever the documents say"
		default:
			return nil, fmt.Errorf("%s %s belongs to nothing that the repo has now", o.Kind, o.Name)
		}
	}
	var out []explainedField
	for _, leaf := range leaves {
		f := base
		f.Path, f.Value, f.Line = explain.FormatPath(leaf.Path), leaf.Value, leaf.Line
		if lc != nil {
			patched := explain.OfPatch(r.Policies, r.Policies.Of(lc), patches, leaf.Path)
			reason, ok := object.Field(leaf.Path)
			switch {
			case len(patched) > 0:
				reason = explain.Reason{Note: "a policy sets it"}
			case !ok:
				reason.Note = "tenantry does not render it"
			}
			f.values = append(f.values, patched...)
			f.Note = reason.Note
			for _, name := range reason.Fields {
				f.values = append(f.values, explain.Select(values, name)...)
			}
			if at := leaf.Path; len(at) == 3 && at[0] == "metadata" && at[1] == "labels" {
				f.values = append(f.values, explain.OfLabel(r.Policies, lc, at[2])...)
			}
		}
		f.Values = explained(f.values)
		out = append(out, f)
	}
	return out, nil
}

func writeFields(w io.Writer, found []explainedField) error {
	last := ""
	for _, f := range found {
		title := f.Kind + " " + f.Name
		if f.Namespace != "" {
			title += " in " + f.Namespace
		}
		if f.LogicalCluster != "" {
			title += ", of " + f.LogicalCluster
		}
		if title != last {
			if last != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, title)
			last = title
		}
		fmt.Fprintf(w, "  %s: %s\n", f.Path, f.Value)
		if f.Note != "" {
			fmt.Fprintf(w, "    %s\n", f.Note)
		}
		if err := writeValues(w, f.values, "    "); err != nil {
			return err
		}
	}
	return nil
}
