package status

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/compiler/analysis/live/drift"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/render/inventory"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// view is what stands on a cluster of the objects of logical clusters.
type view struct {
	*live.Target
	options  Options
	engines  target.Engines
	problems live.Problems
	// rendered are the objects of logical clusters.
	rendered map[live.ID]*live.Object
	bySite   map[*live.Site][]*live.Object

	stop func()

	mu      sync.Mutex
	silence error // why the cluster stopped to answer
	found   map[live.ID]bool
	drifted map[live.ID]string
	leaving map[string]bool // namespaces
	// strays are objects that are not rendered, by the label of their logical
	// cluster, and keys the exact keys of such labels, where a Namespace tells.
	strays map[string][]live.ID
	keys   map[string]string
	// suspects differ as far as can be seen without asking.
	suspects []*live.Object
}

func newView(t *live.Target, engines target.Engines, options Options) *view {
	v := &view{Target: t, engines: engines, options: options, rendered: map[live.ID]*live.Object{},
		bySite: map[*live.Site][]*live.Object{}, found: map[live.ID]bool{}, drifted: map[live.ID]string{},
		leaving: map[string]bool{}, strays: map[string][]live.ID{}, keys: map[string]string{}}
	for _, o := range t.Objects {
		if o.Site != nil {
			v.rendered[o.ID] = o
			v.bySite[o.Site] = append(v.bySite[o.Site], o)
		}
	}
	return v
}

// read lists the objects of logical clusters and compares each with what is
// rendered. What seems to differ is compared again as drift does it.
func (v *view) read(ctx context.Context) {
	ctx, v.stop = context.WithCancel(ctx)
	defer v.stop()
	wanted := map[kschema.GroupVersionKind]bool{}
	if len(v.Clusters) > 0 {
		for _, k := range live.TenantKinds {
			wanted[k] = true
		}
	}
	for _, o := range v.rendered {
		wanted[o.GroupVersionKind()] = true
	}
	var g errgroup.Group
	g.SetLimit(v.options.Workers)
	for kind := range wanted {
		g.Go(func() error {
			err := v.Live.List(ctx, kind, "", desired.LabelLogicalCluster, func(o *unstructured.Unstructured) { v.meet(kind, o) })
			v.failed(err)
			return nil
		})
	}
	_ = g.Wait() // no job fails
	v.suspectMissing()
	for _, o := range v.suspects {
		g.Go(func() error {
			if ctx.Err() == nil {
				v.confirm(ctx, o)
			}
			return nil
		})
	}
	_ = g.Wait()
}

// failed notes what could not be looked at. After a request that nobody answers,
// nothing more is asked.
func (v *view) failed(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case err == nil, v.silence != nil: // what was under way was cut off
	case live.Silent(err):
		v.silence = v.Live.Explain(err)
		v.stop()
	default:
		v.problems.Add(v.Live.Explain(err))
	}
}

// suspectMissing suspects what was not listed: somebody may have taken its label.
func (v *view) suspectMissing() {
	for id, o := range v.rendered {
		namespace := live.ID{Kind: "Namespace", Name: id.Namespace}
		if v.found[id] || !v.chosen(o) || v.rendered[namespace] != nil && !v.found[namespace] {
			continue
		}
		v.suspects = append(v.suspects, o)
	}
}

func (v *view) chosen(o *live.Object) bool { return v.options.Sites == nil || v.options.Sites[o.Site] }

// meet takes an object that stands.
func (v *view) meet(kind kschema.GroupVersionKind, u *unstructured.Unstructured) {
	id := live.ID{Group: kind.Group, Kind: kind.Kind, Namespace: u.GetNamespace(), Name: u.GetName()}
	label := u.GetLabels()[desired.LabelLogicalCluster]
	v.mu.Lock()
	defer v.mu.Unlock()
	if id.Kind == "Namespace" && u.GetDeletionTimestamp() != nil {
		v.leaving[id.Name] = true
	}
	switch key := u.GetAnnotations()[desired.AnnotationLogicalCluster]; {
	case id.Kind == "Namespace" && key != "":
		v.keys[label] = key
	case id.Kind == inventory.Kind:
		v.keys[label] = text(u, "spec", "key")
	}
	o := v.rendered[id]
	if o == nil {
		// What tenants have a part in does not carry the platform's label.
		if u.GetLabels()[desired.LabelManagedBy] == desired.ManagedBy {
			v.strays[label] = append(v.strays[label], id)
		}
		return
	}
	v.found[id] = true
	if v.chosen(o) && !within(o.Content().Object, u.Object) {
		v.suspects = append(v.suspects, o)
	}
}

// confirm compares an object that seems to differ, or to be missing.
func (v *view) confirm(ctx context.Context, o *live.Object) {
	f, err := drift.Object(ctx, v.Live, o, v.engines)
	denied := live.Denied(err) && v.found[o.ID]
	if err != nil && !denied {
		v.failed(err)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case denied:
		v.drifted[o.ID] = "seems to differ, but " + v.Live.Explain(err).Error() + ", which comparing takes"
	case f == nil: // another spelling of the same
		v.found[o.ID] = true
	case f.What == drift.Missing:
		delete(v.found, o.ID)
	case f.What == drift.Refused:
		v.found[o.ID], v.drifted[o.ID] = true, "differs, and would be refused: "+f.Message
	default:
		said := f.Fields[0].String()
		if more := len(f.Fields) - 1; more > 0 {
			said += fmt.Sprintf(", and %d more", more)
		}
		v.found[o.ID], v.drifted[o.ID] = true, said
	}
}

// within reports whether all that is wanted stands. Empty is the same as absent.
func within(want, have any) bool {
	switch want := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok && have != nil {
			return false
		}
		for k, v := range want {
			if !within(v, h[k]) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok && have != nil || len(h) != len(want) {
			return false
		}
		for i := range want {
			if !within(want[i], h[i]) {
				return false
			}
		}
		return true
	case nil:
		return true
	}
	return want == have
}

// objects says how the objects of a logical cluster stand.
func (v *view) objects(s *live.Site) *Objects {
	out := &Objects{}
	for _, o := range v.bySite[s] {
		if !onCluster(o) {
			continue
		}
		out.Rendered++
		if said, ok := v.drifted[o.ID]; ok {
			out.Drifted = append(out.Drifted, o.ID.String()+": "+said)
		} else if !v.found[o.ID] {
			out.Missing = append(out.Missing, o.ID.String())
			out.namespaceMissing = out.namespaceMissing || o.Kind == "Namespace"
		}
	}
	out.Unmanaged = names(v.strays[desired.LabelValue(s.Key)])
	for _, ns := range s.Namespaces {
		if v.leaving[ns] {
			out.leaving = ns
		}
	}
	return out
}

// onCluster reports whether an object is one of the physical cluster, rather than
// of the management cluster, which may be the same.
func onCluster(o *live.Object) bool { return strings.HasPrefix(o.File, "clusters/") }

// inventory says what is wrong with the objects of a logical cluster on the
// management cluster; empty if nothing is.
func (v *view) inventory(s *live.Site) string {
	for _, o := range v.bySite[s] {
		if onCluster(o) {
			continue
		}
		if said, ok := v.drifted[o.ID]; ok {
			return o.ID.String() + ": " + said
		} else if !v.found[o.ID] {
			return o.ID.String() + " is missing"
		}
	}
	if strays := v.strays[desired.LabelValue(s.Key)]; len(strays) > 0 {
		return listed(names(strays), 0, "not rendered")
	}
	return ""
}

func names(ids []live.ID) []string {
	slices.SortFunc(ids, live.ID.Compare)
	ids = slices.Compact(ids) // twice, where a list began anew
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

// unmanaged are logical clusters that stand and are not rendered.
func (v *view) unmanaged(o *live.Output) []LogicalCluster {
	rendered := map[string]bool{}
	for _, c := range o.Clusters {
		if v.Management || slices.Contains(v.Clusters, c) {
			for _, s := range c.Sites {
				rendered[desired.LabelValue(s.Key)] = true
			}
		}
	}
	cluster := v.Name
	if len(v.Clusters) == 1 {
		cluster = v.Clusters[0].Name
	}
	var out []LogicalCluster
	for _, label := range slices.Sorted(maps.Keys(v.strays)) {
		key := v.keys[label]
		if key == "" {
			key = strings.ReplaceAll(label, ".", "/")
		}
		if rendered[label] || v.options.Other == nil || !v.options.Other(key) {
			continue
		}
		strays := names(v.strays[label])
		out = append(out, LogicalCluster{Key: key, Cluster: cluster, State: Unmanaged, Reason: "it is not rendered: " + first(strays),
			Objects: &Objects{Unmanaged: strays}})
	}
	return out
}
