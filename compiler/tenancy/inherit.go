package tenancy

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// layer is what one document contributes to inheritance: a class, an
// organization's defaults, or a logical cluster itself.
type layer struct {
	from       string // "class standard"
	values     *schema.Inheritable
	containers *schema.Containers
	selector   labels.Selector
	quota      []amount  // by name
	weights    []Weight  // by name
	apis       []Binding // by set name
	at         positions
}

// effective is what layers come to, one upon the other.
type effective struct {
	backing     schema.Backing
	network     schema.Network
	podSecurity schema.PodSecurity
	containers  *schema.Containers
	regions     []string
	selector    labels.Selector
	tolerations []schema.Toleration
	quota       Quota
	weights     []Weight  // by name; the quota has none of them
	apis        []Binding // by set name
	origins     map[string]Origin
}

// schemaDefaults are the lowest layer.
func schemaDefaults() *effective {
	d := schema.DefaultLogicalCluster()
	e := &effective{backing: d.Backing, network: d.Network, podSecurity: d.PodSecurity, containers: d.Containers}
	e.origins = map[string]Origin{}
	for _, field := range []string{"backing", "network", "podSecurity", "containers"} {
		e.origins[field] = Origin{From: "default"}
	}
	return e
}

// layer reads the inheritable fields of a document.
func (r *resolver) layer(in *schema.Inheritable, m *document.Meta, at positions, from string, out *findings) layer {
	l := layer{from: from, values: in, containers: in.Containers, at: at}
	if c := in.Containers; c != nil && !checkContainers(c, m, at, out) {
		l.containers = nil
	}
	if in.ClusterSelector != nil {
		l.selector = selector(in.ClusterSelector, m, func(path ...string) diag.Position {
			return at(append([]string{"clusterSelector"}, path...)...)
		}, out)
	}
	if len(in.Quota) > 0 {
		l.quota = amounts(in.Quota, m, func(path ...string) diag.Position {
			return at(append([]string{"quota"}, path...)...)
		}, out)
	}
	if len(in.QuotaFromBudget) > 0 {
		l.weights = weights(in.QuotaFromBudget, l.quota, m, at, out)
	}
	if len(in.APIs) > 0 {
		l.apis = make([]Binding, 0, len(in.APIs))
		for set, requested := range in.APIs {
			pos := at("apis", set)
			if v := r.bind(set, requested, m, pos, out); v != nil {
				l.apis = append(l.apis, Binding{Requested: requested, Version: v, Pos: pos})
			}
		}
		slices.SortFunc(l.apis, compareBindings)
	}
	return l
}

func compareBindings(a, b Binding) int {
	return strings.Compare(a.Version.Set.Name, b.Version.Set.Name)
}

// over puts the layer upon what is below it. Neither is changed; but for the
// origins, the result shares what the layer leaves as it is.
func (l *layer) over(below *effective) *effective {
	e := new(effective)
	*e = l.valuesOver(below)
	e.origins = maps.Clone(below.origins)
	for field, pos := range l.set() {
		e.origins[field] = Origin{From: l.from, Pos: pos}
	}
	return e
}

// valuesOver is over without the origins, which stay those of what is below.
func (l *layer) valuesOver(below *effective) effective {
	in := l.values
	e := *below
	if in.Backing != "" {
		e.backing = in.Backing
	}
	if in.Network != "" {
		e.network = in.Network
	}
	if in.PodSecurity != "" {
		e.podSecurity = in.PodSecurity
	}
	if l.containers != nil {
		e.containers = l.containers
	}
	if in.Regions != nil {
		e.regions = in.Regions
	}
	if in.ClusterSelector != nil && l.selector != nil {
		e.selector = l.selector
	}
	if in.Tolerations != nil {
		e.tolerations = in.Tolerations
	}
	if len(l.quota) > 0 || len(l.weights) > 0 {
		e.quota = mergeQuota(below.quota, l)
		e.weights = mergeWeights(below.weights, l)
	}
	if len(l.apis) > 0 {
		e.apis = mergeBindings(below.apis, l.apis)
	}
	return e
}

// set yields the fields that the layer sets, as origins name them, and where.
func (l *layer) set() iter.Seq2[string, diag.Position] {
	return func(yield func(string, diag.Position) bool) {
		in := l.values
		for _, f := range []struct {
			name string
			set  bool
		}{
			{"backing", in.Backing != ""}, {"network", in.Network != ""}, {"podSecurity", in.PodSecurity != ""},
			{"containers", l.containers != nil}, {"regions", in.Regions != nil},
			{"clusterSelector", in.ClusterSelector != nil && l.selector != nil}, {"tolerations", in.Tolerations != nil},
		} {
			if f.set && !yield(f.name, l.at(f.name)) {
				return
			}
		}
		for _, a := range l.quota {
			if !yield("quota."+a.name, a.pos()) {
				return
			}
		}
		for _, w := range l.weights {
			if !yield("quota."+w.Name, l.at("quotaFromBudget", w.Key)) {
				return
			}
		}
		for _, b := range l.apis {
			if !yield("apis."+b.Version.Set.Name, b.Pos) {
				return
			}
		}
	}
}

// mergeBindings merges two lists by set name; of one set, the nearer holds.
func mergeBindings(far, near []Binding) []Binding {
	return merge(far, near, compareBindings)
}

// merge merges two sorted lists; of what is equal, the nearer holds.
func merge[T any](far, near []T, compare func(a, b T) int) []T {
	out := make([]T, 0, len(far)+len(near))
	for len(far) > 0 && len(near) > 0 {
		switch order := compare(far[0], near[0]); {
		case order < 0:
			out, far = append(out, far[0]), far[1:]
		case order > 0:
			out, near = append(out, near[0]), near[1:]
		default:
			far = far[1:]
		}
	}
	return append(append(out, far...), near...)
}

// mergeLabels merges labels; of one key, the nearer holds.
func mergeLabels(far, near map[string]string) map[string]string {
	if len(near) == 0 {
		return far
	}
	if len(far) == 0 {
		return near
	}
	out := make(map[string]string, len(far)+len(near))
	maps.Copy(out, far)
	maps.Copy(out, near)
	return out
}

// Selector reads a selector, with Kubernetes' own semantics; at says where a
// field of it stands. Where it can't be read the findings say why.
func Selector(s *schema.Selector, m *document.Meta, at func(path ...string) diag.Position) (labels.Selector, []Finding) {
	var out findings
	return selector(s, m, at, &out), out
}

// selector reads a selector, with Kubernetes' own semantics. Nil selects
// everything and is also the answer where it can't be read.
func selector(s *schema.Selector, m *document.Meta, at positions, out *findings) labels.Selector {
	ls := &metav1.LabelSelector{MatchLabels: s.MatchLabels}
	bad := false
	for i, e := range s.MatchExpressions {
		requirement := metav1.LabelSelectorRequirement{Key: e.Key, Operator: metav1.LabelSelectorOperator(e.Operator), Values: e.Values}
		if _, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{requirement}}); err != nil {
			bad = true
			out.fault(m, diag.New(diag.SelectorInvalid, at("matchExpressions", fmt.Sprint(i)), "the requirement on %s can't be read: %s", e.Key, requirementProblem(e, err)),
				"the selector does not count")
		}
		ls.MatchExpressions = append(ls.MatchExpressions, requirement)
	}
	if bad {
		return nil
	}
	sel, err := metav1.LabelSelectorAsSelector(ls)
	if err != nil {
		out.fault(m, diag.New(diag.SelectorInvalid, at(), "the selector can't be read: %v", err), "the selector does not count")
		return nil
	}
	return sel
}

func requirementProblem(e schema.Requirement, err error) string {
	switch {
	case (e.Operator == "In" || e.Operator == "NotIn") && len(e.Values) == 0:
		return e.Operator + " needs values"
	case (e.Operator == "Exists" || e.Operator == "DoesNotExist") && len(e.Values) > 0:
		return e.Operator + " takes no values"
	}
	return err.Error()
}

// checkContainers reports whether the API server would accept the bounds: the
// least, the default request, the default limit and the most, each not above
// the next.
func checkContainers(c *schema.Containers, m *document.Meta, at positions, out *findings) bool {
	before := len(*out)
	for _, of := range []struct {
		name string
		get  func(schema.Compute) schema.Quantity
	}{
		{"cpu", func(c schema.Compute) schema.Quantity { return c.CPU }},
		{"memory", func(c schema.Compute) schema.Quantity { return c.Memory }},
	} {
		type bound struct {
			field string
			value resource.Quantity
		}
		var bounds []bound
		for _, b := range []struct {
			field string
			value schema.Compute
		}{{"min", c.Min}, {"defaultRequest", c.DefaultRequest}, {"default", c.Default}, {"max", c.Max}} {
			text := of.get(b.value)
			if text == "" {
				continue
			}
			pos := at("containers", b.field, of.name)
			q, problem := parseAmount(schema.ResourceName(of.name), string(text))
			if problem != "" {
				out.fault(m, diag.New(diag.AmountInvalid, pos, "containers.%s.%s: %s", b.field, of.name, problem), "these bounds fall away")
				continue
			}
			if n := len(bounds); n > 0 && bounds[n-1].value.Cmp(q) > 0 {
				last := bounds[n-1]
				out.fault(m, diag.New(diag.ContainerBounds, pos, "%s of %s is %s, below %s, which is %s", b.field, of.name, q.String(), last.field, last.value.String()).
					See(at("containers", last.field, of.name), "%s stands here", last.field), "these bounds fall away")
				continue
			}
			bounds = append(bounds, bound{b.field, q})
		}
	}
	return len(*out) == before
}
