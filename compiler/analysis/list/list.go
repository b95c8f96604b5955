// Package list answers which logical clusters there are, where they are, what they bind
// and what they may take.
package list

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/printer"
	"k8s.io/apimachinery/pkg/labels"
)

// Filter says which logical clusters are listed. Its zero value says all.
type Filter struct {
	// Path is a pattern of package selection.
	Path string
	// Labels that match; nil means any.
	Labels labels.Selector
	// Cluster is the physical cluster, Class and State those of the document.
	Cluster, Class, State string
}

func (f *Filter) has(r *row) bool {
	switch {
	case f.Path != "" && !selection.Under(r.Key, f.Path),
		f.Labels != nil && !f.Labels.Matches(labels.Set(r.Labels)),
		f.Cluster != "" && r.Cluster != f.Cluster,
		f.Class != "" && r.Class != f.Class,
		f.State != "" && r.State != f.State:
		return false
	}
	return true
}

// List is the answer: a row for each logical cluster, by key.
type List []row

// row is a logical cluster as JSON.
type row struct {
	Key          string `json:"key"`
	Organization string `json:"organization"`
	Class        string `json:"class,omitempty"`
	Cluster      string `json:"cluster,omitempty"`
	Backing      string `json:"backing"`
	// Provisional: there are no pins, so it is where it would be placed.
	Provisional bool   `json:"provisional,omitempty"`
	State       string `json:"state"`
	// Removal is how far its deletion has come.
	Removal     *removal.Step     `json:"removal,omitempty"`
	Held        bool              `json:"held,omitempty"`
	AsPublished bool              `json:"asPublished,omitempty"`
	Namespaces  []string          `json:"namespaces"`
	APIs        map[string]string `json:"apis"`
	Labels      map[string]string `json:"labels"`
	Quota       map[string]string `json:"quota"`
	File        string            `json:"file"`
	Line        int               `json:"line"`
}

// Of lists the logical clusters that a filter has.
func Of(r *compiler.Result, f Filter) List {
	out := List{}
	rules := removal.RulesOf(&r.Tenancy.Settings.Settings)
	for _, lc := range r.Tenancy.LogicalClusters {
		one := rowOf(lc, r.Sites[lc.Key])
		if site := r.Sites[lc.Key]; site != nil && site.Phase != pins.Gone {
			one.Removal = rules.StepOf(&site.Site)
		}
		one.Provisional = r.From.Provisional
		one.Held = slices.Contains(r.Held, lc.Key)
		one.AsPublished = slices.Contains(r.AsPublished, lc.Key)
		if f.has(&one) {
			out = append(out, one)
		}
	}
	return out
}

func rowOf(lc *tenancy.LogicalCluster, site *pins.LogicalCluster) row {
	out := row{
		Key: lc.Key, Organization: lc.Org.Path, Backing: string(lc.Backing), State: string(lc.Declared()),
		Labels: lc.Labels, APIs: map[string]string{}, Quota: map[string]string{}, Namespaces: []string{}, File: lc.Pos.File, Line: lc.Pos.Line,
	}
	if lc.Class != nil {
		out.Class = lc.Class.Name
	}
	for _, b := range lc.APIs {
		out.APIs[b.Version.Set.Name] = b.Version.Name
	}
	for name, q := range lc.Quota.All() {
		out.Quota[name] = q.String()
	}
	if site != nil && site.Phase != pins.Gone {
		out.Cluster = site.Cluster
		for _, n := range site.Namespaces {
			out.Namespaces = append(out.Namespaces, n.Physical)
		}
		slices.Sort(out.Namespaces)
	}
	return out
}

// WriteJSON writes an array with all that is known of each.
func (l List) WriteJSON(w io.Writer) error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", data)
	return err
}

// WriteYAML writes what WriteJSON writes, in YAML.
func (l List) WriteYAML(w io.Writer) error {
	return printer.YAML(w, l)
}

// WriteTable writes a row for each.
func (l List) WriteTable(w io.Writer) error {
	t := printer.NewTable(w, "LOGICAL CLUSTER", "CLASS", "CLUSTER", "STATE", "APIS", "NAMESPACES")
	for _, r := range l {
		var apis []string
		for _, set := range slices.Sorted(maps.Keys(r.APIs)) {
			apis = append(apis, set+"@"+r.APIs[set])
		}
		state := r.State
		if r.Provisional {
			state += ", provisional"
		}
		if r.Removal != nil {
			state += ", " + r.Removal.String()
		}
		if r.Held {
			state += ", held"
		}
		if r.AsPublished {
			state += ", as published"
		}
		t.Row(r.Key, printer.OrDash(r.Class), printer.OrDash(r.Cluster), state,
			printer.OrDash(strings.Join(apis, ",")), printer.OrDash(strings.Join(r.Namespaces, ",")))
	}
	return t.End()
}
