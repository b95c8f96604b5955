package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// causesOf finds what in the source makes a logical cluster differ: of the
// documents that differ and that it follows from, the fields that speak of what
// differs; where none does, all of them.
func (c *documents) causesOf(before, after *tenancy.LogicalCluster, fields []change.Field, r reach) []change.Cause {
	about := map[string]bool{}
	for _, f := range fields {
		about[f.Elements[0]] = true
	}
	var near, far []change.Cause
	var reasons []*change.Document
	related := c.relatives(before, after)
	if after != nil { // what is new is so because of its own document
		if own := c.by[after.ID().Identity()]; own != nil && own.Change == change.Added {
			related = []*change.Document{own}
		}
	}
	for _, d := range related {
		fits := len(d.Fields) == 0
		for i := range d.Fields {
			if f := &d.Fields[i]; speaksOf(f.Elements, about) {
				fits = true
				near = append(near, f.Cause(d))
			}
		}
		switch {
		case !fits:
			far = append(far, d.Causes()...)
			continue
		case len(d.Fields) == 0:
			near = append(near, d.Causes()...)
		}
		reasons = append(reasons, d)
	}
	if len(near) == 0 {
		near, reasons = far, related
	}
	for _, d := range reasons {
		r.add(d, key(cmp.Or(after, before)))
	}
	return sortCauses(near)
}

func sortCauses(causes []change.Cause) []change.Cause {
	slices.SortFunc(causes, func(a, b change.Cause) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Document, b.Document))
	})
	return slices.Compact(causes)
}

// affected are the fields of logical clusters that depend on a field of a document,
// beside the one of its own name.
var affected = map[string][]string{
	"quota":      {"namespaces"},
	"namespaces": {"quota", "cluster"},
	"placement":  {"cluster", "left"},
	"versions":   {"apis", "roles", "gate"},
	"channels":   {"apis", "roles", "gate"},
	"formerly":   {"cluster", "labels"},
	"state":      {"phase", "frozen"},
	"subject":    {"access", "grants", "implicit"}, // of a revocation, like the next two
	"from":       {"access", "grants", "implicit"},
	"since":      {"access", "grants", "implicit"},
}

// speaksOf reports whether a field of a document has to do with one of the fields
// of logical clusters.
func speaksOf(path []string, about map[string]bool) bool {
	if len(path) == 0 {
		return true
	}
	differs := func(field string) bool { return about[field] }
	if slices.ContainsFunc(path, differs) || slices.ContainsFunc(affected[path[0]], differs) {
		return true
	}
	return path[0] == "defaults" && len(path) > 1 && speaksOf(path[1:], about)
}

// relatives are the documents that differ and that a logical cluster follows
// from: its own, those of its organizations, class, API sets and physical
// clusters, the settings, and what reaches its directory.
func (c *documents) relatives(before, after *tenancy.LogicalCluster) []*change.Document {
	var out []*change.Document
	add := func(m *document.Meta) {
		if d := c.by[m.ID().Identity()]; d != nil && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	side := func(r *compiler.Result, lc *tenancy.LogicalCluster) {
		if lc == nil {
			return
		}
		add(&lc.Meta)
		for _, o := range lc.Org.Ancestors() {
			add(&o.Meta)
		}
		add(&lc.Class.Meta)
		for _, b := range lc.APIs {
			add(&b.Version.Set.Meta)
		}
		if site := r.Sites[lc.Key]; site != nil {
			for _, s := range append([]pins.Site{site.Site}, site.Left...) {
				if pc := r.Tenancy.Cluster(s.Cluster); pc != nil {
					add(&pc.Meta)
				}
			}
		}
	}
	side(c.before, before)
	side(c.after, after)
	dir := ""
	if after != nil {
		dir = after.Dir
	} else if before != nil {
		dir = before.Dir
	}
	for _, d := range c.reaching {
		if d.Dir == "" || within(dir, d.Dir) {
			out = append(out, d)
		}
	}
	return out
}

// patchCauses are the places of what differs of the policies that change what is rendered
// for a logical cluster, under its keys before and after.
func (c *documents) patchCauses(before, after string, reached reach) (out []change.Cause) {
	add := func(m *document.Meta) {
		if d := c.by[m.ID().Identity()]; d != nil {
			out = append(out, d.Causes()...)
			reached.add(d, after)
		}
	}
	of := func(r *compiler.Result, key string) {
		lc := r.Tenancy.LogicalCluster(key)
		if lc == nil || !r.Policies.Patch() {
			return
		}
		for _, e := range r.Policies.Of(lc) {
			if e.Patches == nil {
				continue
			}
			add(&e.Meta)
			if e.Module != nil {
				add(&e.Module.Meta)
			}
			if e.Exemption != nil {
				add(&e.Exemption.Meta)
			}
		}
	}
	of(c.before, before)
	of(c.after, after)
	return sortCauses(out)
}
