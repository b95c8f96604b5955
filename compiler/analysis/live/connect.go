package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// Live is a cluster that answers.
type Live struct {
	Dynamic  dynamic.Interface
	Metadata metadata.Interface
	config   *rest.Config
	groups   []*restmapper.APIGroupResources
	mapper   meta.RESTMapper
}

// Target is a cluster with all that is to stand on it.
type Target struct {
	// Name is that of the physical cluster, or Management.
	Name string
	// Clusters are the physical clusters that it is. The management cluster may be
	// none, one, or more by mistake.
	Clusters []*Cluster
	// Management: it is the management cluster.
	Management bool
	// Objects of the output, in its order.
	Objects []*Object
	// Live is nil where the cluster can't be asked, and Err says why, or where nobody
	// wanted to.
	Live *Live
	Err  error
}

// LeftOut reports whether nobody asked for this cluster.
func (t *Target) LeftOut() bool { return errors.Is(t.Err, errLeftOut) }

// add makes a target a physical cluster as well. What is both in the bootstrap and
// among the cluster's objects, the engine takes over: the namespace of its own
// objects.
func (t *Target) add(c *Cluster) {
	rendered := make(map[ID]bool, len(c.Objects))
	for _, o := range c.Objects {
		rendered[o.ID] = true
	}
	t.Objects = slices.DeleteFunc(t.Objects, func(o *Object) bool { return rendered[o.ID] })
	t.Clusters = append(t.Clusters, c)
	t.Objects = append(t.Objects, c.Objects...)
}

// Connect reaches the management cluster and those physical clusters that want
// returns true for, some at a time. A cluster that does not answer is a target
// with an error; the management cluster is the first. The error is for
// credentials that are given for no cluster, and for when no cluster answers.
func Connect(ctx context.Context, o *Output, a Access, want func(*Cluster) bool, workers int) ([]*Target, error) {
	if err := a.check(o); err != nil {
		return nil, err
	}
	management := &Target{Name: Management, Management: true, Objects: slices.Clone(o.Management)}
	targets := []*Target{management}
	for _, c := range o.Clusters {
		if _, given := a.Physical[c.Name]; c.Reach.Here && !given {
			management.add(c)
			continue
		}
		if !want(c) {
			continue
		}
		targets = append(targets, &Target{Name: c.Name, Clusters: []*Cluster{c}, Objects: c.Objects})
	}
	var config *rest.Config
	if config, management.Err = a.management(); management.Err == nil {
		management.Live, management.Err = a.connect(ctx, config)
	}
	var g errgroup.Group
	g.SetLimit(workers)
	for _, t := range targets[1:] {
		if a.ManagementOnly {
			break
		}
		g.Go(func() error {
			config, err := a.physical(ctx, t.Clusters[0], o.Engines, management.Live)
			if err == nil {
				t.Live, err = a.connect(ctx, config)
			}
			t.Err = err
			return nil
		})
	}
	_ = g.Wait() // the errors stand in the targets
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return targets, answered(targets)
}

// answered says why none of the clusters answered.
func answered(targets []*Target) error {
	var errs []error
	for _, t := range targets {
		if t.Live != nil {
			return nil
		}
		if !t.LeftOut() {
			errs = append(errs, fmt.Errorf("%s: %w", t.Name, t.Err))
		}
	}
	if !targets[0].LeftOut() { // the others are reached by way of it
		errs = errs[:1]
	}
	return errors.Join(errs...)
}

// check refuses kubeconfigs of clusters that the output does not have.
func (a *Access) check(o *Output) error {
	var names []string
	for _, c := range o.Clusters {
		names = append(names, c.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Physical)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("--kubeconfig %s=%s: %s has no physical cluster %s; it has %s", name, a.Physical[name], o.Name, name, strings.Join(names, ", "))
		}
	}
	return nil
}

func (a *Access) connect(ctx context.Context, config *rest.Config) (*Live, error) {
	config.Timeout, config.UserAgent = a.Timeout, a.UserAgent
	config.QPS = -1 // the API server has fairness of its own
	config.WarningHandler = rest.NoWarnings{}
	l := &Live{config: config}
	if err := expiry(config); err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	if l.Dynamic, err = dynamic.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	if l.Metadata, err = metadata.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	d, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return nil, err
	}
	// The context bounds the whole; discovery itself takes none.
	done := make(chan error, 1)
	go func() {
		var err error
		l.groups, err = restmapper.GetAPIGroupResources(d)
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, l.Explain(err)
	}
	l.mapper = restmapper.NewDiscoveryRESTMapper(l.groups)
	return l, nil
}

// Resource returns the resource of a kind, as the API server serves it.
// UnservedError says that it does not.
func (l *Live) Resource(gvk kschema.GroupVersionKind) (resource kschema.GroupVersionResource, namespaced bool, err error) {
	m, err := l.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return resource, false, UnservedError{gvk}
	}
	if err != nil {
		return resource, false, err
	}
	return m.Resource, m.Scope.Name() == meta.RESTScopeNameNamespace, nil
}

// Of returns the client for an object.
func (l *Live) Of(o *Object) (dynamic.ResourceInterface, error) {
	resource, namespaced, err := l.Resource(o.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if namespaced {
		return l.Dynamic.Resource(resource).Namespace(o.Namespace), nil
	}
	return l.Dynamic.Resource(resource), nil
}

// UnservedError says that an API server does not serve a kind.
type UnservedError struct{ Kind kschema.GroupVersionKind }

func (e UnservedError) Error() string {
	api := e.Kind.GroupVersion().String()
	return fmt.Sprintf("it does not serve %s (%s): the CustomResourceDefinition is missing", e.Kind.Kind, api)
}

// Problems gathers why parts of a cluster could not be looked at, each once.
type Problems struct {
	mu   sync.Mutex
	seen map[string]bool
	all  []string
}

// Add adds an error that has been explained.
func (p *Problems) Add(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text := err.Error(); !p.seen[text] {
		if p.seen == nil {
			p.seen = map[string]bool{}
		}
		p.seen[text] = true
		p.all = append(p.all, text)
	}
}

// All returns them sorted.
func (p *Problems) All() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.all))
}

// Denied reports whether RBAC refuses a request, rather than an admission policy.
func Denied(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "cannot ")
}
