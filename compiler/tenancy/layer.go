package tenancy

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// Layer is what one document contributes to inheritance: a class, an
// organization's defaults, or a logical cluster itself.
type Layer struct {
	From       string // "class standard"
	Declared   *schema.Inheritable
	Containers *schema.Containers // nil where those that are declared are not valid
	Selector   labels.Selector    // nil where the one that is declared can't be read
	Quota      Limits
	Weights    []Weight  // by name
	APIs       []Binding // by set name
	At         Positions
}

// Inherited is what layers come to, one upon the other.
type Inherited struct {
	Backing     schema.Backing
	Network     schema.Network
	PodSecurity schema.PodSecurity
	Containers  *schema.Containers
	Regions     []string
	Selector    labels.Selector
	Tolerations []schema.Toleration
	Quota       quota.Quota
	Weights     []Weight  // by name; the quota has none of them
	APIs        []Binding // by set name
	Origins     map[string]Origin
}

// SchemaDefaults are the lowest layer: what holds where nothing is declared.
func SchemaDefaults() *Inherited {
	d := schema.DefaultLogicalCluster()
	e := &Inherited{Backing: d.Backing, Network: d.Network, PodSecurity: d.PodSecurity, Containers: d.Containers}
	e.Origins = map[string]Origin{}
	for _, field := range []string{"backing", "network", "podSecurity", "containers"} {
		e.Origins[field] = Origin{From: "default"}
	}
	return e
}

// Over puts the layer upon what is below it. Neither is changed; but for the
// origins, the result shares what the layer leaves as it is.
func (l *Layer) Over(below *Inherited) *Inherited {
	e := new(Inherited)
	*e = l.ValuesOver(below)
	e.Origins = maps.Clone(below.Origins)
	for field, pos := range l.Set() {
		e.Origins[field] = Origin{From: l.From, Pos: pos}
	}
	return e
}

// ValuesOver is Over without the origins, which stay those of what is below.
func (l *Layer) ValuesOver(below *Inherited) Inherited {
	in := l.Declared
	e := *below
	if in.Backing != "" {
		e.Backing = in.Backing
	}
	if in.Network != "" {
		e.Network = in.Network
	}
	if in.PodSecurity != "" {
		e.PodSecurity = in.PodSecurity
	}
	if l.Containers != nil {
		e.Containers = l.Containers
	}
	if in.Regions != nil {
		e.Regions = in.Regions
	}
	if in.ClusterSelector != nil && l.Selector != nil {
		e.Selector = l.Selector
	}
	if in.Tolerations != nil {
		e.Tolerations = in.Tolerations
	}
	if len(l.Quota) > 0 || len(l.Weights) > 0 {
		e.Quota = MergeQuota(below.Quota, l)
		e.Weights = MergeWeights(below.Weights, l)
	}
	if len(l.APIs) > 0 {
		e.APIs = mergeBindings(below.APIs, l.APIs)
	}
	return e
}

// Set yields the fields that the layer sets, as origins name them, and where.
func (l *Layer) Set() iter.Seq2[string, diag.Position] {
	return func(yield func(string, diag.Position) bool) {
		in := l.Declared
		for _, f := range []struct {
			name string
			set  bool
		}{
			{"backing", in.Backing != ""}, {"network", in.Network != ""}, {"podSecurity", in.PodSecurity != ""},
			{"containers", l.Containers != nil}, {"regions", in.Regions != nil},
			{"clusterSelector", in.ClusterSelector != nil && l.Selector != nil}, {"tolerations", in.Tolerations != nil},
		} {
			if f.set && !yield(f.name, l.At(f.name)) {
				return
			}
		}
		for _, a := range l.Quota {
			if !yield("quota."+a.Resource, a.Pos()) {
				return
			}
		}
		for _, w := range l.Weights {
			if !yield("quota."+w.Name, l.At("quotaFromBudget", w.Key)) {
				return
			}
		}
		for _, b := range l.APIs {
			if !yield("apis."+b.Version.Set.Name, b.Pos) {
				return
			}
		}
	}
}

// MergeQuota puts the amounts of a layer upon a quota, which has none of what the
// layer divides from a budget.
func MergeQuota(far quota.Quota, l *Layer) quota.Quota {
	out := make(quota.Quota, 0, len(far)+len(l.Quota))
	for _, near := range l.Quota {
		for len(far) > 0 && far[0].Resource < near.Resource {
			out, far = append(out, far[0]), far[1:]
		}
		if len(far) > 0 && far[0].Resource == near.Resource {
			far = far[1:]
		}
		out = append(out, near.Amount)
	}
	out = append(out, far...)
	return slices.DeleteFunc(out, func(a quota.Amount) bool { return Weighted(l.Weights, a.Resource) })
}

// MergeWeights merges two lists by name; of one name, the nearer holds, and an
// amount that is nearer than a weight takes its place.
func MergeWeights(far []Weight, l *Layer) []Weight {
	out := slices.Clone(l.Weights)
	for _, w := range far {
		_, amount := l.Quota.Of(w.Name)
		if !amount && !Weighted(l.Weights, w.Name) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Weight) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// CompareBindings orders bindings by the name of their API set.
func CompareBindings(a, b Binding) int {
	return strings.Compare(a.Version.Set.Name, b.Version.Set.Name)
}

// mergeBindings merges two lists by set name; of one set, the nearer holds.
func mergeBindings(far, near []Binding) []Binding {
	return merge(far, near, CompareBindings)
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

// MergeLabels merges labels; of one key, the nearer holds.
func MergeLabels(far, near map[string]string) map[string]string {
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

// Origin is where an effective value came from.
type Origin struct {
	// From is "document", "class standard", "organization acme" or "default". Explain
	// also tells "pattern", of a directory above, from the rest of the document.
	From string
	Pos  diag.Position
}
