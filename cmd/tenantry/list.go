package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/pins"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// listed is a logical cluster as list prints it.
type listed struct {
	Key          string            `json:"key"`
	Organization string            `json:"organization"`
	Class        string            `json:"class,omitempty"`
	Cluster      string            `json:"cluster,omitempty"`
	Backing      string            `json:"backing"`
	State        string            `json:"state"`
	Held         bool              `json:"held,omitempty"`
	Namespaces   []string          `json:"namespaces"`
	APIs         map[string]string `json:"apis"`
	Labels       map[string]string `json:"labels"`
	Quota        map[string]string `json:"quota"`
	File         string            `json:"file"`
	Line         int               `json:"line"`
}

func newList() *cobra.Command {
	var q repoQuery
	var output, selector, cluster, class, state string
	c := &cobra.Command{
		Use:   "list [PATH]",
		Short: "List logical clusters",
		Long: `list prints the logical clusters of the tenancy repo: where they stand, what
they bind and what they may take.

PATH narrows them: it is ` + patternHelp + `.`,
		Example: `  tenantry list
  tenantry list acme/payments -l env=prod
  tenantry list --on eu-1 -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if output != "table" && output != "json" && output != "yaml" {
				return fmt.Errorf("-o is table, json or yaml, not %q", output)
			}
			if states := []string{"", "active", "frozen", "deleted"}; !slices.Contains(states, state) {
				return fmt.Errorf("--state is active, frozen or deleted, not %q", state)
			}
			for _, pattern := range args {
				if err := checkPattern("PATH", pattern); err != nil {
					return err
				}
			}
			want, err := labels.Parse(selector)
			if err != nil {
				return fmt.Errorf("--selector: %w", err)
			}
			r, err := q.compile(c)
			if err != nil {
				return err
			}
			rows := rowsOf(r)
			rows = slices.DeleteFunc(rows, func(l listed) bool {
				return len(args) > 0 && !under(l.Key, args[0]) || !want.Matches(labels.Set(l.Labels)) ||
					cluster != "" && l.Cluster != cluster || class != "" && l.Class != class || state != "" && l.State != state
			})
			if err := writeRows(c.OutOrStdout(), output, rows); err != nil {
				return err
			}
			return findings(r.Diagnostics)
		},
	}
	q.register(c)
	f := c.Flags()
	f.StringVarP(&output, "output", "o", "table", "format: table, json or yaml")
	f.StringVarP(&selector, "selector", "l", "", "only those whose labels match, as kubectl writes it: env=prod,tier!=gold")
	f.StringVar(&cluster, "on", "", "only those on this physical cluster")
	f.StringVar(&class, "class", "", "only those of this class")
	f.StringVar(&state, "state", "", "only those in this state: active, frozen or deleted")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"active", "frozen", "deleted"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func rowsOf(r *compiler.Result) []listed {
	rows := make([]listed, 0, len(r.Tenancy.LogicalClusters))
	for _, lc := range r.Tenancy.LogicalClusters {
		row := listed{
			Key: lc.Key, Organization: lc.Org.Path, Backing: string(lc.Backing), State: string(lc.State), Held: slices.Contains(r.Held, lc.Key),
			Labels: lc.Labels, APIs: map[string]string{}, Quota: map[string]string{}, Namespaces: []string{}, File: lc.Pos.File, Line: lc.Pos.Line,
		}
		if lc.Class != nil {
			row.Class = lc.Class.Name
		}
		for _, b := range lc.APIs {
			row.APIs[b.Version.Set.Name] = b.Version.Name
		}
		for name, q := range lc.Quota.All() {
			row.Quota[name] = q.String()
		}
		if site := r.Sites[lc.Key]; site != nil && site.Phase != pins.Gone {
			row.Cluster = site.Cluster
			for _, n := range site.Namespaces {
				row.Namespaces = append(row.Namespaces, n.Physical)
			}
			slices.Sort(row.Namespaces)
		}
		rows = append(rows, row)
	}
	return rows
}

func writeRows(w io.Writer, format string, rows []listed) error {
	if format != "table" {
		data, err := json.MarshalIndent(rows, "", "  ")
		if err != nil {
			return err
		}
		if format == "yaml" {
			if data, err = yaml.JSONToYAML(data); err != nil {
				return err
			}
			_, err = w.Write(data)
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", data)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "LOGICAL CLUSTER\tCLASS\tCLUSTER\tSTATE\tAPIS\tNAMESPACES")
	for _, l := range rows {
		var apis []string
		for _, set := range slices.Sorted(maps.Keys(l.APIs)) {
			apis = append(apis, set+"@"+l.APIs[set])
		}
		state := l.State
		if l.Held {
			state += ", held"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Key, orDash(l.Class), orDash(l.Cluster), state, orDash(strings.Join(apis, ",")), orDash(strings.Join(l.Namespaces, ",")))
	}
	return t.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
