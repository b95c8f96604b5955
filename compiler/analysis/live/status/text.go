package status

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/render/engine/gitops"
)

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	return printer.JSON(w, r)
}

// WriteYAML writes the report as YAML.
func (r *Report) WriteYAML(w io.Writer) error {
	return printer.YAML(w, r)
}

// WriteTable writes a line for each logical cluster, and for each cluster, part and
// team's source that is not as it should be.
func (r *Report) WriteTable(w io.Writer) error {
	t := printer.NewTable(w)
	sources := slices.ContainsFunc(r.LogicalClusters, func(lc LogicalCluster) bool { return lc.Source != nil })
	line := func(key, cluster, state, source, reason string) {
		if sources {
			t.Row(key, cluster, state, source, reason)
			return
		}
		t.Row(key, cluster, state, reason)
	}
	line("LOGICAL CLUSTER", "CLUSTER", "STATE", "SOURCE", "REASON")
	for _, lc := range r.LogicalClusters {
		source := "-"
		if lc.Source != nil {
			source = strings.TrimSpace(string(lc.Source.State) + " " + gitops.ShortRevision(lc.Source.Revision))
		}
		reason := lc.Reason
		if lc.Removal != nil {
			reason = strings.TrimPrefix(reason+"; "+lc.Removal.String(), "; ")
		}
		line(lc.Key, lc.Cluster, string(lc.State), source, cmp.Or(reason, "-"))
	}
	if err := t.End(); err != nil {
		return err
	}
	var b strings.Builder
	for _, c := range r.Clusters {
		if c.Error != "" {
			fmt.Fprintf(&b, "%s: can't be asked: %s\n", c.Name, c.Error)
		}
		for _, p := range c.Problems {
			fmt.Fprintf(&b, "%s: %s\n", c.Name, p)
		}
		for _, p := range c.Parts {
			if p.State != Ready {
				fmt.Fprintf(&b, "%s: %s %s is %s: %s\n", c.Name, p.Kind, p.Name, p.State, p.Reason)
			}
		}
	}
	for _, lc := range r.LogicalClusters {
		if p := lc.Source; p != nil && p.State != Ready {
			fmt.Fprintf(&b, "%s: the team's own source is %s: %s %s: %s\n", lc.Key, p.State, p.Kind, p.Name, p.Reason)
		}
	}
	if b.Len() > 0 {
		fmt.Fprintf(w, "\n%s", b.String())
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Summary())
	return err
}

// Summary counts the logical clusters by state.
func (r *Report) Summary() string {
	var parts []string
	for _, s := range States {
		if n := r.Counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return "no logical clusters"
	}
	return printer.Count(len(r.LogicalClusters), "logical cluster") + ": " + strings.Join(parts, ", ")
}
