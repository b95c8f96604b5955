package instance

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

type props = apiextensionsv1.JSONSchemaProps

// Generator makes up objects. They tend to what is on the edge of two schemas:
// their bounds and what lies beside, their values, fields that are missing or
// null. Most of them are valid under the first schema, and none must be.
type Generator struct {
	rng *rand.Rand
	// Focus is the path of a place that objects are to have, as changes name it. Beside
	// it lists and maps are as short as they may be, and little is there that need not.
	Focus string
	// Nulls and Whole tell how often null and whole numbers with a fraction (2.0) stand
	// where other values could, from 0 to 1.
	Nulls, Whole float64
	// Sparse leaves out most of what is optional.
	Sparse bool
	// made counts the values of the object so far.
	made int
}

// NewGenerator returns a generator. Equal seeds make equal objects.
func NewGenerator(seed uint64) *Generator {
	return &Generator{rng: rand.New(rand.NewPCG(seed, 0x7e4a47)), Nulls: 0.08, Whole: 0.1}
}

// Object makes up an object for the schema old, with an eye on the schema new.
func (g *Generator) Object(old, new *props) map[string]any {
	g.made = 0
	object, ok := g.value(old, new, "", 0).(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	name := g.pick("a", "widget", "a-long-name-of-an-object")
	if g.Sparse || g.Focus != "" {
		name = "example"
	}
	if s, ok := old.Properties["metadata"]; ok {
		if n, ok := s.Properties["name"]; ok {
			if made, ok := g.value(&n, fieldOf(fieldOf(new, "metadata"), "name"), ".metadata.name", 2).(string); ok && made != "" {
				name = made
			}
		}
	}
	object["apiVersion"], object["kind"], object["metadata"] = "acme.example/v1", "Widget", map[string]any{"name": name}
	return object
}

// deepest is the depth beyond which nothing optional is made up, and largest the
// number of values in an object beyond which nothing is.
const deepest, largest = 12, 1500

// grows reports whether something optional may be made up at a depth.
func (g *Generator) grows(depth int) bool { return depth <= deepest && g.made < largest }

func (g *Generator) chance(p float64) bool { return g.rng.Float64() < p }

func (g *Generator) pick(values ...string) string { return values[g.rng.IntN(len(values))] }

// focused reports whether the path leads to the focus or to what it lies in.
func (g *Generator) focused(path string) bool { return g.Focus != "" && holds(path, g.Focus) }

// beside reports whether the path leads neither to the focus, nor to what it lies in,
// nor to what lies in it.
func (g *Generator) beside(path string) bool {
	return g.Focus != "" && !holds(path, g.Focus) && !holds(g.Focus, path)
}

// holds reports whether one path leads to what another one leads to, or to what that
// lies in.
func holds(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (g *Generator) value(s, other *props, path string, depth int) any {
	g.made++
	if other == nil {
		other = &props{}
	}
	if path != "" && (g.chance(g.Nulls) || s.Nullable && g.chance(0.15)) && !(g.focused(path) && g.Focus != path) {
		return nil
	}
	if v, ok := g.listed(s, other); ok {
		return v
	}
	s = g.narrowed(s)
	switch kind := g.kind(s); kind {
	case "integer", "number":
		return g.number(s, other, kind == "integer")
	case "boolean":
		return g.chance(0.5)
	case "string":
		return g.text(s, other)
	case "array":
		return g.list(s, other, path, depth)
	}
	return g.object(s, other, path, depth)
}

// narrowed returns the schema, often with one of its conditions in it: that may be the
// tighter one, so values are made up for both at once.
func (g *Generator) narrowed(s *props) *props {
	for _, list := range [][]props{s.AllOf, s.OneOf, s.AnyOf} {
		if len(list) > 0 && g.chance(0.6) {
			both := *s
			narrow(&both, &list[g.rng.IntN(len(list))])
			both.AllOf, both.OneOf, both.AnyOf = nil, nil, nil
			s = &both
		}
	}
	return s
}

// kind returns the type that a value of the schema is to have.
func (g *Generator) kind(s *props) string {
	switch {
	case s.XIntOrString:
		return g.pick("integer", "string")
	case s.Type == "":
		return g.pick("integer", "string", "boolean", "object", "array", "number")
	}
	return s.Type
}

// listed picks one of the values that a schema lists, or its default.
func (g *Generator) listed(s, other *props) (any, bool) {
	pool := s.Enum
	if len(pool) == 0 && g.chance(0.3) {
		pool = other.Enum
	}
	if len(pool) == 0 && g.chance(0.1) {
		for _, d := range []*apiextensionsv1.JSON{s.Default, other.Default} {
			if d != nil {
				pool = append(slices.Clip(pool), *d)
			}
		}
	}
	if len(pool) == 0 || g.chance(0.02) {
		return nil, false
	}
	return decode(pool[g.rng.IntN(len(pool))].Raw), true
}

// decode returns a value as the API server decodes it.
func decode(data []byte) any {
	var v any
	if err := kjson.Unmarshal(data, &v); err != nil {
		return nil
	}
	return v
}

// narrow adds the constraints of a condition to a schema that it does not have.
func narrow(s, c *props) {
	if s.Type == "" && c.Type != "" && !s.XIntOrString {
		s.Type = c.Type
	}
	if s.XIntOrString && c.Type != "" {
		s.Type, s.XIntOrString = c.Type, false
	}
	for _, p := range []struct{ to, from **float64 }{{&s.Minimum, &c.Minimum}, {&s.Maximum, &c.Maximum}, {&s.MultipleOf, &c.MultipleOf}} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	for _, p := range []struct{ to, from **int64 }{{&s.MinLength, &c.MinLength}, {&s.MaxLength, &c.MaxLength}, {&s.MinItems, &c.MinItems},
		{&s.MaxItems, &c.MaxItems}, {&s.MinProperties, &c.MinProperties}, {&s.MaxProperties, &c.MaxProperties}} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	if c.Pattern != "" {
		s.Pattern = c.Pattern
	}
	if len(c.Enum) > 0 {
		s.Enum = c.Enum
	}
	s.Required = append(slices.Clip(s.Required), c.Required...)
}

func (g *Generator) number(s, other *props, whole bool) any {
	candidates := slices.Concat([]float64{0, 1, -1, 2, 7, 100}, edges(s), edges(other))
	if s.Format == "int32" {
		candidates = append(candidates, math.MaxInt32, math.MinInt32)
	} else if g.chance(0.2) {
		candidates = append(candidates, math.MaxInt32+1, 1<<53-1, -(1 << 40), 1e9+1, 4e9)
	}
	x := candidates[g.rng.IntN(len(candidates))]
	if g.chance(0.3) && s.Minimum != nil && s.Maximum != nil && *s.Maximum > *s.Minimum {
		x = *s.Minimum + g.rng.Float64()*(*s.Maximum-*s.Minimum)
	}
	if m := s.MultipleOf; m != nil && g.chance(0.8) {
		x = math.Round(x / *m) * *m
	}
	if whole || g.chance(0.4) {
		x = math.Trunc(x)
	} else if g.chance(0.3) {
		x += g.pickFloat(0.5, -0.5, 0.25, 1e-9)
	}
	if x == math.Trunc(x) && math.Abs(x) < 1<<62 && !g.chance(g.Whole) {
		return int64(x)
	}
	return x
}

// edges returns the numbers at which a schema begins or ends to accept them, and
// some near those.
func edges(s *props) []float64 {
	var out []float64
	for _, b := range []*float64{s.Minimum, s.Maximum} {
		if b != nil {
			out = append(out, *b, *b, *b-1, *b+1, math.Trunc(*b), *b/2)
		}
	}
	if m := s.MultipleOf; m != nil {
		for _, k := range []float64{1, 2, 3, 5, -1, 7} {
			out = append(out, *m*k)
		}
	}
	for i := range s.Enum {
		switch v := decode(s.Enum[i].Raw).(type) {
		case int64:
			out = append(out, float64(v), float64(v)+1)
		case float64:
			out = append(out, v)
		}
	}
	return out
}

func (g *Generator) pickFloat(values ...float64) float64 { return values[g.rng.IntN(len(values))] }

func (g *Generator) text(s, other *props) string {
	if s.Format != "" && g.chance(0.9) {
		if samples := formats[strings.ReplaceAll(s.Format, "-", "")]; samples != nil {
			return g.pick(samples...)
		}
	}
	low, high := g.span(s.MinLength, s.MaxLength, other.MinLength, other.MaxLength, 6)
	if s.Pattern != "" {
		for range 8 {
			text, ok := g.matching(s.Pattern)
			if n := len([]rune(text)); ok && n >= low && n <= high {
				return text
			}
		}
	}
	n := low
	if high > low {
		n += g.rng.IntN(high - low + 1)
	}
	const alphabet = "abcxyzABC019-./ é"
	letters := []rune(alphabet)
	out := make([]rune, min(n, 5000))
	for i := range out {
		if g.chance(0.7) {
			out[i] = letters[g.rng.IntN(6)]
		} else {
			out[i] = letters[g.rng.IntN(len(letters))]
		}
	}
	return string(out)
}

// span returns bounds of a count, often an edge of one of the schemas.
func (g *Generator) span(min1, max1, min2, max2 *int64, usual int) (low, high int) {
	high = usual
	if min1 != nil {
		low = int(*min1)
		high = max(high, low)
	}
	if max1 != nil {
		high = int(min(*max1, int64(low+usual)))
		if g.chance(0.4) {
			high = int(min(*max1, 3000))
		}
	}
	if !g.chance(0.6) {
		return low, high
	}
	var edges []int
	for _, e := range []*int64{min1, max1, min2, max2} {
		if e != nil {
			for _, n := range []int64{*e - 1, *e, *e + 1} {
				if n >= int64(low) && (max1 == nil || n <= *max1) && n <= 3000 {
					edges = append(edges, int(n))
				}
			}
		}
	}
	if len(edges) == 0 {
		return low, high
	}
	n := edges[g.rng.IntN(len(edges))]
	return n, n
}

func (g *Generator) list(s, other *props, path string, depth int) []any {
	n, least, room := g.length(s, other, path, depth)
	item := &props{Type: "string"}
	if s.Items != nil && s.Items.Schema != nil {
		item = s.Items.Schema
	}
	var beside *props
	if other.Items != nil {
		beside = other.Items.Schema
	}
	distinct := s.XListType != nil && *s.XListType != "atomic"
	out := make([]any, 0, n)
	for len(out) < n && (len(out) < least || g.made < room) {
		// Lists with equal items, too; and most items of a long list are.
		if len(out) > 0 && g.chance(0.15) || !distinct && len(out) >= 5 {
			g.made += size(out[0])
			out = append(out, out[0])
			continue
		}
		out = append(out, g.value(item, beside, path+"[*]", depth+1))
	}
	return out
}

// length returns how many items a list is to have, how many it must have, and the
// number of values in the object beyond which it has no more than those.
func (g *Generator) length(s, other *props, path string, depth int) (n, least, room int) {
	low, high := g.span(s.MinItems, s.MaxItems, other.MinItems, other.MaxItems, 3)
	n = low
	if high > low && g.grows(depth+1) {
		n += g.rng.IntN(high - low + 1)
	}
	if depth > 3 {
		n = min(n, low+2)
	}
	least, room = atLeast(s.MinItems), largest
	switch {
	case g.focused(path + "[*]"):
		n = max(least, 1)
	case g.Focus == path:
		room = 20 * largest
	case g.beside(path):
		n = least
	case g.Focus != "":
		n = min(n, least+3)
	}
	return n, least, room
}

// atLeast returns the number that a bound asks for, within reason.
func atLeast(bound *int64) int {
	if bound == nil {
		return 0
	}
	return int(min(*bound, 3000))
}

func (g *Generator) object(s, other *props, path string, depth int) map[string]any {
	out := map[string]any{}
	g.properties(out, s, other, path, depth)
	if s.XEmbeddedResource {
		// Without these it would be refused, whatever else it has.
		out["apiVersion"], out["kind"] = "v1", "ConfigMap"
		if g.chance(0.5) {
			out["metadata"] = map[string]any{"name": "inner"}
		}
	}
	values := s.AdditionalProperties
	unknown := s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields
	if values != nil && (values.Schema != nil || values.Allows) || unknown && g.chance(0.5) {
		g.entries(out, s, other, path, depth)
	}
	return out
}

// properties adds declared properties to an object: the required ones, those that lead
// to the focus, and some of the others.
func (g *Generator) properties(out map[string]any, s, other *props, path string, depth int) {
	often := 0.65
	if s.MaxProperties != nil && *s.MaxProperties < int64(len(s.Properties)) {
		often = 0.35
	}
	if depth > 4 {
		often = 0.25
	}
	if g.Sparse {
		often = 0.02
	}
	for _, name := range sorted(s.Properties) {
		p := s.Properties[name]
		inside := evolution.PathOf(path, name)
		likely := often
		if g.beside(inside) {
			likely = min(often, 0.1)
		}
		if !slices.Contains(s.Required, name) && !g.focused(inside) && !(g.grows(depth) && g.chance(likely)) {
			continue
		}
		out[name] = g.value(&p, fieldOf(other, name), inside, depth+1)
	}
}

// entries adds entries of a map, or fields that the schema does not declare, to an object.
func (g *Generator) entries(out map[string]any, s, other *props, path string, depth int) {
	n := g.entryCount(len(out), s, other, path, depth)
	names := slices.Concat([]string{"a", "b", "key", "x.y/z", "c1", "d1", "e1"}, sorted(other.Properties))
	inside := path + ".*"
	if g.focused(inside) || g.Focus != "" && strings.HasPrefix(g.Focus, path+".") {
		n = max(n, 1)
		for _, name := range sorted(other.Properties) {
			if g.focused(evolution.PathOf(path, name)) {
				names = []string{name}
			}
		}
	}
	for range n {
		name := names[g.rng.IntN(len(names))]
		if _, ok := s.Properties[name]; ok {
			continue
		}
		values := s.AdditionalProperties
		if values == nil || values.Schema == nil {
			out[name] = g.anything(0)
			continue
		}
		beside := fieldOf(other, name)
		if other.AdditionalProperties != nil && other.AdditionalProperties.Schema != nil {
			beside = other.AdditionalProperties.Schema
		}
		out[name] = g.value(values.Schema, beside, inside, depth+1)
	}
}

// entryCount returns how many entries to add to an object that has some properties.
func (g *Generator) entryCount(have int, s, other *props, path string, depth int) int {
	low, high := g.span(s.MinProperties, s.MaxProperties, other.MinProperties, other.MaxProperties, 3)
	n := max(low-have, 0)
	if high > low && g.grows(depth+1) {
		n += g.rng.IntN(high - low + 1)
	}
	if g.beside(path) {
		n = max(atLeast(s.MinProperties)-have, 0)
	}
	return n
}

// anything makes up a value without a schema.
func (g *Generator) anything(depth int) any {
	switch g.rng.IntN(8) {
	case 0:
		return int64(g.rng.IntN(5))
	case 1:
		return 1.5
	case 2:
		return true
	case 3:
		if depth < 2 {
			return map[string]any{"a": g.anything(depth + 1)}
		}
	case 4:
		if depth < 2 {
			return []any{g.anything(depth + 1)}
		}
	}
	return g.pick("", "a", "unknown")
}

func fieldOf(s *props, name string) *props {
	if s == nil {
		return nil
	}
	if p, ok := s.Properties[name]; ok {
		return &p
	}
	if s.AdditionalProperties != nil {
		return s.AdditionalProperties.Schema
	}
	return nil
}

// formats are strings that have a format, or nearly.
var formats = map[string][]string{
	"date":         {"2026-11-21", "2026-02-30"},
	"datetime":     {"2026-11-21T10:00:00Z", "2026-11-21T10:00:00.5+01:00"},
	"duration":     {"1h", "10s", "1h30m"},
	"byte":         {"", "YQ==", "aGVsbG8="},
	"email":        {"team@acme.example"},
	"hostname":     {"acme.example", "a"},
	"ipv4":         {"10.0.0.1", "255.255.255.255"},
	"ipv6":         {"::1", "fe80::1"},
	"cidr":         {"10.0.0.0/8", "fe80::/10"},
	"mac":          {"00:00:5e:00:53:01"},
	"uri":          {"https://acme.example/a", "a:b"},
	"uuid":         {"9b2f1c34-5d0e-4a6b-8c7d-0123456789ab"},
	"uuid4":        {"9b2f1c34-5d0e-4a6b-8c7d-0123456789ab"},
	"password":     {"secret"},
	"k8sshortname": {"a", "a-b"},
	"k8slongname":  {"a.b", "a-b.c"},
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
