package limits

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
)

// origin is the document that says a value, and where in it.
type origin struct {
	// meta is nil for what the schema says where no document does.
	meta *document.Meta
	path []string
	// org and class are set where meta is an organization's or a class's.
	org   *tenancy.Organization
	class *tenancy.Class
}

// layer is one document that a logical cluster's values come from.
type layer struct {
	origin
	*schema.Inheritable
}

func (l *layer) at(path ...string) origin {
	o := l.origin
	o.path = append(slices.Clone(o.path), path...)
	return o
}

// effective puts together what a logical cluster comes to, in the form of a document, with
// where each part comes from. Values are as the documents have them.
type effective struct {
	lc      *tenancy.LogicalCluster
	reads   load.Reads
	fields  map[string]any
	origins map[string]origin
}

// gather returns the fields that are read, and where they come from: "network",
// "quota.cpu", "access.devs".
func gather(lc *tenancy.LogicalCluster, reads load.Reads) *effective {
	e := &effective{lc: lc, reads: reads, fields: map[string]any{}, origins: map[string]origin{}}
	e.own()
	e.inherited()
	if reads.Reads("class") {
		e.set("class", lc.Class.Name, e.chooser())
	}
	if reads.Reads("labels") {
		e.labels()
	}
	if reads.Reads("access") {
		e.access()
	}
	return e
}

// everything reads all fields.
type everything struct{}

func (everything) Reads(string) bool { return true }

func (everything) ReadsKey(string) bool { return true }

func (e *effective) set(field string, value any, from origin) {
	if e.reads.Reads(field) {
		e.fields[field], e.origins[field] = value, from
	}
}

// put sets one entry of a field that is a map.
func (e *effective) put(field, key string, value any, from origin) {
	if !e.reads.ReadsKey(key) {
		return
	}
	m, _ := e.fields[field].(map[string]any)
	if m == nil {
		m = map[string]any{}
		e.fields[field] = m
	}
	m[key], e.origins[field+"."+key] = value, from
}

func (e *effective) document() origin { return origin{meta: &e.lc.Meta} }

// own are the fields that nothing inherits.
func (e *effective) own() {
	spec := e.lc.Spec
	for _, f := range []struct {
		name  string
		value any
		set   bool
	}{
		{"namespaces", spec.Namespaces, spec.Namespaces != nil}, {"budget", spec.Budget, spec.Budget != ""},
		{"placement", spec.Placement, spec.Placement != nil}, {"source", spec.Source, spec.Source != nil},
		{"state", spec.State, spec.State != ""}, {"formerly", spec.Formerly, spec.Formerly != nil},
	} {
		if f.set {
			from := e.document()
			from.path = []string{f.name}
			e.set(f.name, f.value, from)
		}
	}
}

// layers are the documents that values are inherited from, the farthest first, the logical
// cluster's own last.
func (e *effective) layers() []layer {
	var out []layer
	for _, o := range slices.Backward(e.lc.Org.Ancestors()) {
		if o.Spec.Defaults != nil {
			out = append(out, layer{origin{meta: &o.Meta, path: []string{"defaults"}, org: o}, &o.Spec.Defaults.Inheritable})
		}
	}
	return append(out,
		layer{origin{meta: &e.lc.Class.Meta, class: e.lc.Class}, &e.lc.Class.Spec.Inheritable},
		layer{e.document(), &e.lc.Spec.Inheritable})
}

// inherited are the fields that are inherited one by one, from the schema's defaults on.
func (e *effective) inherited() {
	d := tenancy.SchemaDefaults()
	e.set("backing", d.Backing, origin{})
	e.set("network", d.Network, origin{})
	e.set("podSecurity", d.PodSecurity, origin{})
	e.set("containers", d.Containers, origin{})
	for _, l := range e.layers() {
		for _, f := range []struct {
			name  string
			value any
			set   bool
		}{
			{"backing", l.Backing, l.Backing != ""}, {"network", l.Network, l.Network != ""}, {"podSecurity", l.PodSecurity, l.PodSecurity != ""},
			{"containers", l.Containers, l.Containers != nil}, {"regions", l.Regions, l.Regions != nil},
			{"clusterSelector", l.ClusterSelector, l.ClusterSelector != nil}, {"tolerations", l.Tolerations, l.Tolerations != nil},
		} {
			if f.set {
				e.set(f.name, f.value, l.at(f.name))
			}
		}
		if e.reads.Reads("quota") || e.reads.Reads("quotaFromBudget") {
			e.quota(&l)
		}
		if e.reads.Reads("apis") {
			for set, version := range l.APIs {
				e.put("apis", set, version, l.at("apis", set))
			}
		}
	}
}

// quota puts the amounts and weights of one layer over those below: of one key, the nearest
// amount or weight holds.
func (e *effective) quota(l *layer) {
	drop := func(field, key string) {
		if m, ok := e.fields[field].(map[string]any); ok {
			delete(m, key)
		}
	}
	for key, amount := range l.Quota {
		drop("quotaFromBudget", key)
		e.put("quota", key, amount, l.at("quota", key))
	}
	for key, share := range l.QuotaFromBudget {
		drop("quota", key)
		e.put("quotaFromBudget", key, share, l.at("quotaFromBudget", key))
	}
}

// chooser is what names the class.
func (e *effective) chooser() origin {
	if o := e.lc.Org.DefaultClassFrom; e.lc.Spec.Class == "" && o != nil {
		return origin{meta: &o.Meta, path: []string{"defaults", "class"}, org: o}
	}
	from := e.document()
	from.path = []string{"class"}
	return from
}

func (e *effective) labels() {
	add := func(labels map[string]string, from origin) {
		for key, value := range labels {
			one := from
			one.path = []string{"labels", key}
			e.put("labels", key, value, one)
		}
	}
	for _, o := range slices.Backward(e.lc.Org.Ancestors()) {
		add(o.Spec.Labels, origin{meta: &o.Meta, org: o})
	}
	add(e.lc.Class.Spec.Labels, origin{meta: &e.lc.Class.Meta, class: e.lc.Class})
	add(e.lc.Spec.Labels, e.document())
}

// access are the grants of the document and of the organizations above. Where two documents
// name one subject in the same way, the farther one's is named in another way, so that both
// are judged.
func (e *effective) access() {
	add := func(access map[string]schema.Role, from origin) {
		for text, role := range access {
			subject, problem := tenancy.ParseSubject(text)
			if problem != "" || tenancy.IsRevoked(e.lc.Revoked, subject, from.meta.Dir) {
				continue
			}
			one := from
			one.path = []string{"access", text}
			key := text
			if _, taken := e.origins["access."+key]; taken {
				if key = subject.String(); key == text {
					key = strings.TrimPrefix(text, "group:")
				}
			}
			if _, taken := e.origins["access."+key]; !taken {
				e.put("access", key, role, one)
			}
		}
	}
	add(e.lc.Spec.Access, e.document())
	for _, o := range e.lc.Org.Ancestors() {
		add(o.Spec.Access, origin{meta: &o.Meta, org: o})
	}
}

// origin returns where the value of a field comes from: that of its nearest part that is
// known, else the document itself.
func (e *effective) origin(path []string) origin {
	if len(path) > 1 {
		if o, ok := e.origins[path[0]+"."+path[1]]; ok {
			return o
		}
	}
	if len(path) > 0 {
		if o, ok := e.origins[path[0]]; ok {
			return o
		}
	}
	if len(path) == 1 { // a whole map: what is inherited of it, else the document's part
		for _, key := range sortedKeys(e.fields[path[0]]) {
			if o := e.origins[path[0]+"."+key]; o.meta != &e.lc.Meta {
				return o
			}
		}
	}
	return e.document()
}

func sortedKeys(v any) []string {
	m, _ := v.(map[string]any)
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// spellings are the ways to write the amounts that are not the document's own.
func (e *effective) spellings() map[string][]any {
	out := map[string][]any{}
	amounts, _ := e.fields["quota"].(map[string]any)
	for key, text := range amounts {
		if e.origins["quota."+key].meta == &e.lc.Meta {
			continue // CUE has judged it as it is written
		}
		name := schema.ResourceName(key)
		q, problem := quota.Parse(name, string(text.(schema.Quantity)))
		if problem != "" {
			continue
		}
		canonical := quota.Quantity(name, quota.Units(name, q))
		out[key] = []any{json.Number(canonical.AsDec().String()), canonical.String(), q.String()}
	}
	return out
}

// value is a value for people.
func (e *effective) value(path []string) string {
	var v any = e.fields
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			break
		}
		v = m[name]
	}
	switch v := v.(type) {
	case nil, map[string]any:
		return ""
	case schema.Quantity:
		return string(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
