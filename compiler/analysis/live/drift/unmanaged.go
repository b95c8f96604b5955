package drift

import (
	"context"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/compiler/desired"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// made are kinds that controllers make and give the labels of what they make them
// for.
var made = map[string]bool{"Endpoints": true, "EndpointSlice": true, "Event": true}

// unmanaged looks for objects with Tenantry's label that are not rendered, among
// all kinds that the API server serves: what an implicit document once gave can
// be of any. Their metadata is enough.
func (c *comparison) unmanaged(ctx context.Context) {
	selector := desired.LabelManagedBy + "=" + desired.ManagedBy
	expected := map[kschema.GroupKind]bool{}
	for id := range c.rendered {
		expected[id.GroupKind()] = true
	}
	for _, kind := range slices.Concat(live.TenantKinds, live.PlatformKinds) {
		expected[kind.GroupKind()] = true
	}
	var g errgroup.Group
	g.SetLimit(c.options.Workers)
	for _, kind := range c.Live.Listable() {
		if made[kind.Kind.Kind] {
			continue
		}
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			err := c.Live.ListMetadata(ctx, kind, selector, func(o *metav1.PartialObjectMetadata) { c.meet(kind, o) })
			switch {
			case err == nil, apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err): // served by nobody, or not as it was said
			case expected[kind.Kind] || live.Silent(err):
				c.failed(err)
			default:
				c.notes.Add(c.Live.Explain(err))
			}
			return nil
		})
	}
	_ = g.Wait() // no job fails
}

// meet judges an object that carries the label.
func (c *comparison) meet(kind live.Listable, o *metav1.PartialObjectMetadata) {
	id := live.ID{Group: kind.Kind.Group, Kind: kind.Kind.Kind, Namespace: o.Namespace, Name: o.Name}
	if c.rendered[id] || metav1.GetControllerOf(o) != nil {
		return
	}
	key, chosen := c.owner(o)
	if !chosen {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met[id] { // twice, where a list began anew
		return
	}
	c.met[id] = true
	f := Finding{What: Unmanaged, APIVersion: kind.Resource.GroupVersion().String(), Kind: id.Kind, Namespace: id.Namespace, Name: id.Name,
		LogicalCluster: key, Message: "it carries Tenantry's label and is not rendered", id: id}
	if o.DeletionTimestamp != nil {
		f.Message = "it is not rendered, and is being deleted"
	}
	c.findings = append(c.findings, f)
}

// owner returns the logical cluster that an object names, and whether its objects
// are compared.
func (c *comparison) owner(o *metav1.PartialObjectMetadata) (key string, chosen bool) {
	label := o.Labels[desired.LabelLogicalCluster]
	if known, ok := c.known[label]; ok {
		return known.key, c.options.Sites == nil || known.chosen
	}
	key = o.Annotations[desired.AnnotationLogicalCluster]
	if key == "" {
		key = strings.ReplaceAll(label, ".", "/")
	}
	return key, c.options.Sites == nil || key != "" && c.options.Other != nil && c.options.Other(key)
}

// knownSite is a logical cluster by its label.
type knownSite struct {
	key string
	// chosen: its objects are compared.
	chosen bool
}

// know notes the logical clusters of some physical clusters.
func (c *comparison) know(clusters []*live.Cluster) {
	for _, cluster := range clusters {
		for _, s := range cluster.Sites {
			label := desired.LabelValue(s.Key)
			c.known[label] = knownSite{s.Key, c.known[label].chosen || c.options.Sites[s]}
		}
	}
}
