package tenancy

import (
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// Value is an effective value of a logical cluster, and what made it.
type Value struct {
	// Field as Origins names it: "network", "quota.requests.cpu", "access.group:devs".
	Field string
	Text  string
	// Steps are what made it, the one that decides first.
	Steps []Step
}

// Step is one place that had a say in a value.
type Step struct {
	Origin
	// Text is what stands there.
	Text string
	// Effect is what came of it.
	Effect Effect
}

// Effect is what a step does to a value.
type Effect string

// The effects.
const (
	Sets       Effect = "sets"
	Refers     Effect = "refers" // tells what a name stands for
	Overridden Effect = "overridden"
	Included   Effect = "included" // in a stronger role
	Refused    Effect = "refused"  // it does not count
	TakenAway  Effect = "revoked"
)

// Explain returns every value of the logical cluster with where it came from, in
// the order of the document's fields. It applies the same layers that resolving
// applied, and is worked out anew at each call: provenance is kept for nobody.
func (lc *LogicalCluster) Explain() []Value {
	x := &explanation{lc: lc, values: map[string]*Value{}}
	x.class()
	x.step("state", cmp.Or(string(lc.Spec.State), string(schema.Active)), x.documentOr(lc.Spec.State != "", "state"))
	x.inherited()
	x.leaving()
	x.labels()
	x.access()
	x.namespaces()
	x.source()
	return x.sorted()
}

type explanation struct {
	lc     *LogicalCluster
	values map[string]*Value
}

// step adds what has a say over what is there already.
func (x *explanation) step(field, text string, from Origin) {
	v := x.values[field]
	if v == nil {
		v = &Value{Field: field}
		x.values[field] = v
	}
	for i := range v.Steps {
		if v.Steps[i].Effect != Refused {
			v.Steps[i].Effect = Overridden
		}
	}
	v.Text = text
	v.Steps = slices.Insert(v.Steps, 0, Step{Origin: from, Text: text, Effect: Sets})
}

func (x *explanation) documentOr(set bool, path ...string) Origin {
	if set {
		return Origin{From: "document", Pos: x.lc.At(path...)}
	}
	return Origin{From: "default"}
}

func (x *explanation) class() {
	lc := x.lc
	for _, o := range slices.Backward(lc.Org.Ancestors()) {
		if d := o.Spec.Defaults; d != nil && d.Class != "" {
			x.step("class", d.Class, Origin{From: "organization " + o.Path, Pos: o.At("defaults", "class")})
			if o.DefaultClassFrom != o { // there is no such class
				x.refuse("class")
			}
		}
	}
	if lc.Spec.Class != "" {
		x.step("class", lc.Spec.Class, Origin{From: "document", Pos: lc.At("class")})
		if lc.Class.Missing {
			v := x.values["class"]
			v.Text, v.Steps[0].Effect = "", Refused
		}
	}
}

// refuse takes back the last step of a value.
func (x *explanation) refuse(field string) {
	v := x.values[field]
	v.Text = ""
	refused := v.Steps[0]
	refused.Effect = Refused
	v.Steps = append(v.Steps[1:], refused)
	if len(v.Steps) > 1 && v.Steps[0].Effect != Refused {
		v.Steps[0].Effect = Sets
		v.Text = v.Steps[0].Text
	}
}

// inherited puts the layers upon each other, as resolving did.
func (x *explanation) inherited() {
	lc := x.lc
	e := SchemaDefaults()
	for _, field := range []string{"backing", "network", "podSecurity"} {
		x.step(field, e.text(field), e.Origins[field])
	}
	x.containers(e.Containers, func(...string) Origin { return e.Origins["containers"] })
	put := func(l *Layer) {
		*e = l.ValuesOver(e)
		for field, pos := range l.Set() {
			if field == "containers" {
				x.containers(e.Containers, func(path ...string) Origin { return Origin{From: l.From, Pos: l.At(path...)} })
				continue
			}
			x.step(field, e.text(field), Origin{From: l.From, Pos: pos})
		}
	}
	for _, o := range slices.Backward(lc.Org.Ancestors()) {
		if o.Spec.Defaults != nil {
			put(&o.Layer)
		}
	}
	put(&lc.Class.Layer)
	for o, regions := range lc.Org.Offers.Narrowed(e.Regions) {
		e.Regions = regions
		x.step("regions", e.text("regions"), o.RegionsOrigin())
	}
	put(&lc.Own)
	if !slices.Equal(e.Regions, lc.Regions) { // it is held, and today's offers hold for it too
		for o, regions := range lc.Org.Offers.Narrowed(e.Regions) {
			e.Regions = regions
			x.step("regions", e.text("regions"), o.RegionsOrigin())
		}
	}
	x.divided()
	x.apis(e.APIs)
}

// divided puts what is divided from a budget before the weights that say how.
func (x *explanation) divided() {
	lc := x.lc
	for _, w := range lc.Weights {
		if v := x.values["quota."+w.Name]; v != nil {
			q, _ := lc.Quota.Of(w.Name)
			v.Steps[0].Effect = Refers
			v.Text = q.String()
			v.Steps = slices.Insert(v.Steps, 0, Step{Origin: Origin{From: "budget " + string(lc.Spec.Budget), Pos: lc.At("budget")}, Text: q.String(), Effect: Sets})
			for _, c := range lc.Caps {
				if c.Name == w.Name {
					v.Steps = slices.Insert(v.Steps, 1, Step{Origin: Origin{From: c.By, Pos: c.Pos}, Text: "it stops there", Effect: Refers})
				}
			}
		}
	}
}

// apis tells which versions channels are, and what is refused.
func (x *explanation) apis(asked []Binding) {
	for _, b := range asked {
		v := x.values["apis."+b.Version.Set.Name]
		if !slices.ContainsFunc(x.lc.APIs, func(have Binding) bool { return have.Version == b.Version }) {
			v.Text, v.Steps[0].Effect = "", Refused
			continue
		}
		v.Text = b.Version.String()
		if set := b.Version.Set; b.Requested != b.Version.Name {
			v.Steps = slices.Insert(v.Steps, 1, Step{
				Origin: Origin{From: "API set " + set.Name, Pos: set.At("channels", b.Requested)},
				Text:   "channel " + b.Requested + " is " + b.Version.Name, Effect: Refers,
			})
		}
	}
}

// containers adds the bounds of containers, which a layer sets all together: what
// it leaves out is no longer bounded.
func (x *explanation) containers(c *schema.Containers, at func(path ...string) Origin) {
	for _, part := range []struct {
		name string
		schema.Compute
	}{{"defaultRequest", c.DefaultRequest}, {"default", c.Default}, {"max", c.Max}, {"min", c.Min}} {
		for _, amount := range []struct {
			name  string
			value schema.Quantity
		}{{"cpu", part.CPU}, {"memory", part.Memory}} {
			field := "containers." + part.name + "." + amount.name
			if amount.value != "" || x.values[field] != nil {
				x.step(field, string(amount.value), at("containers", part.name, amount.name))
			}
		}
	}
}

// text writes one of the inherited values.
func (e *Inherited) text(field string) string {
	kind, name, _ := strings.Cut(field, ".")
	switch kind {
	case "backing":
		return string(e.Backing)
	case "network":
		return string(e.Network)
	case "podSecurity":
		return string(e.PodSecurity)
	case "regions":
		return strings.Join(e.Regions, ", ")
	case "clusterSelector":
		return e.Selector.String()
	case "tolerations":
		return compact(e.Tolerations)
	case "quota":
		for _, w := range e.Weights {
			if w.Name == name {
				return w.String()
			}
		}
		q, _ := e.Quota.Of(name)
		return q.String()
	case "apis":
		for _, b := range e.APIs {
			if b.Version.Set.Name == name {
				return b.Requested
			}
		}
	}
	return ""
}

// compact writes a structure in one line.
func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.NewReplacer(`"`, "", ":", ": ", ",", ", ").Replace(string(text))
}

// leaving is what a logical cluster that is to be deleted has instead.
func (x *explanation) leaving() {
	lc := x.lc
	if lc.State != schema.Deleted {
		return
	}
	x.step("podSecurity", string(lc.PodSecurity), x.goes())
	for field := range x.values {
		if name, ok := strings.CutPrefix(field, "quota."); ok {
			q, kept := lc.Quota.Of(name)
			switch {
			case !kept:
				delete(x.values, field)
			case x.values[field].Steps[0].From == "document":
				x.refuse(field)
				x.values[field].Text = q.String()
			}
		}
	}
}

func (x *explanation) goes() Origin {
	return Origin{From: "state deleted", Pos: x.lc.At("state")}
}

func (x *explanation) labels() {
	lc := x.lc
	add := func(labels map[string]string, from string, at func(...string) Origin) {
		for key, value := range labels {
			o := at("labels", key)
			o.From = from
			x.step("labels."+key, value, o)
		}
	}
	for _, o := range slices.Backward(lc.Org.Ancestors()) {
		add(o.Spec.Labels, "organization "+o.Path, func(p ...string) Origin { return Origin{Pos: o.At(p...)} })
	}
	add(lc.Class.Spec.Labels, "class "+lc.Class.Name, func(p ...string) Origin { return Origin{Pos: lc.Class.At(p...)} })
	add(lc.Spec.Labels, "document", func(p ...string) Origin { return Origin{Pos: lc.At(p...)} })
	for key, value := range lc.Spec.Labels {
		// A held document loses labels that it may not have.
		if have, ok := lc.Labels[key]; !ok || have != value {
			x.refuse("labels." + key)
		}
	}
}

func (x *explanation) access() {
	lc := x.lc
	for _, g := range slices.Backward(lc.Access) { // the strongest last
		from := "document"
		if g.Organization != "" {
			from = "organization " + g.Organization
		}
		field := "access." + g.Subject.String()
		x.step(field, string(g.Role), Origin{From: from, Pos: g.Pos})
		steps := x.values[field].Steps
		for i := range steps[1:] {
			steps[i+1].Effect = Included
		}
		if lc.Suspended {
			x.values[field].Text = "none, it is suspended"
			for i := range steps {
				steps[i].Effect = Refused
			}
		}
	}
	if len(lc.Revoked) > 0 {
		x.revoked(lc.Spec.Access, lc.Dir, Origin{From: "document"}, lc.At)
		for _, o := range lc.Org.Ancestors() {
			x.revoked(o.Spec.Access, o.Dir, Origin{From: "organization " + o.Path}, o.At)
		}
	}
}

// revoked adds the grants of one document that revocations take away.
func (x *explanation) revoked(access map[string]schema.Role, dir string, from Origin, at Positions) {
	for _, text := range slices.Sorted(maps.Keys(access)) {
		subject, problem := ParseSubject(text)
		if problem != "" || !IsRevoked(x.lc.Revoked, subject, dir) {
			continue
		}
		from.Pos = at("access", text)
		field := "access." + subject.String()
		if x.values[field] == nil {
			x.values[field] = &Value{Field: field, Text: "none, it is revoked"}
		}
		x.values[field].Steps = append(x.values[field].Steps, Step{Origin: from, Text: string(access[text]), Effect: TakenAway})
	}
}

// namespaces tells how the quota is divided.
func (x *explanation) namespaces() {
	lc := x.lc
	for i := range lc.Namespaces {
		n := &lc.Namespaces[i]
		declared := lc.Spec.Namespaces[n.Name]
		for _, a := range n.Quota {
			name, q := a.Resource, a.Quantity
			field := "namespaces." + n.Name + ".quota." + name
			total := Origin{From: "quota." + name}
			if lc.State == schema.Deleted {
				x.step(field, q.String(), x.goes())
				continue
			}
			if v := x.values["quota."+name]; v != nil {
				total.Pos = v.Steps[0].Pos
			}
			text := "all of it"
			if len(lc.Spec.Namespaces) > 1 {
				text = "its share"
				if declared.Share != nil {
					total.Pos = lc.At("namespaces", n.Name, "share")
				}
			}
			x.step(field, text, total)
			for key := range declared.Quota {
				if schema.ResourceName(key) == name {
					x.values[field].Steps = nil
					x.step(field, string(declared.Quota[key]), Origin{From: "document", Pos: lc.At("namespaces", n.Name, "quota", key)})
				}
			}
			x.values[field].Text = q.String()
		}
	}
}

func (x *explanation) source() {
	lc := x.lc
	s, spec := lc.Source, lc.Spec.Source
	if s == nil || spec == nil {
		return
	}
	for _, f := range []struct{ name, value, set string }{
		{"repo", s.Repo, spec.Repo}, {"path", s.Path, spec.Path}, {"branch", s.Branch, spec.Branch},
		{"role", string(s.Role), string(spec.Role)}, {"interval", s.Interval, spec.Interval}, {"namespace", s.Namespace, spec.Namespace},
	} {
		if f.value != "" {
			x.step("source."+f.name, f.value, x.documentOr(f.set != "", "source", f.name))
		}
	}
	if s.Private {
		x.step("source.private", "true", Origin{From: "document", Pos: lc.At("source", "private")})
	}
}

// fieldOrder is the order in which a document has its fields.
var fieldOrder = []string{"class", "state", "backing", "labels", "regions", "clusterSelector", "tolerations", "apis", "access",

	"quota", "namespaces", "containers", "network", "podSecurity", "source"}

func (x *explanation) sorted() []Value {
	out := make([]Value, 0, len(x.values))
	for _, v := range x.values {
		for i := range v.Steps {
			s := &v.Steps[i]
			if dir := path.Dir(s.Pos.File); s.From == "document" && !s.Pos.IsZero() && dir != x.lc.Dir && (dir == "." || document.Within(x.lc.Dir, dir)) {
				s.From = "pattern" // of a directory above, which is a part of the document
			}
		}
		out = append(out, *v)
	}
	rank := func(v Value) int {
		top, _, _ := strings.Cut(v.Field, ".")
		return slices.Index(fieldOrder, top)
	}
	slices.SortFunc(out, func(a, b Value) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Field, b.Field)) })
	return out
}
