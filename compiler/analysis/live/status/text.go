package status

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tenantry/tenantry/render/engine/gitops"
	"sigs.k8s.io/yaml"
)

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteYAML writes the report as YAML.
func (r *Report) WriteYAML(w io.Writer) error {
	data, err := yaml.Marshal(r)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// WriteTable writes a line for each logical cluster, and for each cluster, part and
// team's source that is not as it should be.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	sources := slices.ContainsFunc(r.LogicalClusters, func(lc LogicalCluster) bool { return lc.Source != nil })
	line := func(key, cluster, state, source, reason string) {
		if sources {
			state += "\t" + source
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", key, cluster, state, reason)
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
	if err := t.Flush(); err != nil {
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
	noun := "logical clusters"
	if len(r.LogicalClusters) == 1 {
		noun = "logical cluster"
	}
	return fmt.Sprintf("%d %s: %s", len(r.LogicalClusters), noun, strings.Join(parts, ", "))
}
