// Package namespace builds a logical cluster out of namespaces: the backings
// "namespace", and "dedicated", which is the same on a physical cluster of its
// own.
//
// Each physical namespace is a Namespace with what bounds it: Pod Security, a
// ResourceQuota, a LimitRange, a NetworkPolicy and the access of its tenants as
// RoleBindings. Everything here is owned by the platform. Its names begin with
// "tenantry-", which the admission policies of package admission keep tenants
// from using.
//
// GitOps engines are told never to prune what holds data or bounds a tenant,
// until the removal of the logical cluster is confirmed. These objects are
// therefore always rendered under the same names, empty where they bound
// nothing: one that was left out would stay as it last was. Access is the
// opposite. A RoleBinding that is no longer rendered must go, or nothing could
// ever be revoked. What implicit documents give goes with them as well, unless it
// may hold data or tenants have a part in it.
package namespace

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/manifest"
)

// Names of what stands in each namespace.
const (
	quotaName  = desired.ReservedPrefix + "quota"
	limitsName = desired.ReservedPrefix + "containers"
	policyName = desired.ReservedPrefix + "default"
)

// Lower returns the objects of a logical cluster on its physical cluster,
// namespace by namespace, and the ServiceAccount that deploys its source last.
// The maps of the result share parts: none may be changed.
func (b Backing) Lower(s *desired.State, engines target.Engines) []manifest.Map {
	l := newLowering(s, engines)
	out := make([]manifest.Map, 0, b.Size(s))
	for i := range s.Namespaces {
		n := &s.Namespaces[i]
		network := l.network
		if n.Retired {
			if l.closed == nil {
				l.closed = networkPolicy(s, "closed")
			}
			network = l.closed
		}
		out = append(out,
			l.namespace(n),
			l.object("v1", "ResourceQuota", quotaName, n.Physical, l.kept, hard(n.Hard)),
			l.object("v1", "LimitRange", limitsName, n.Physical, l.kept, l.limits),
			l.object("networking.k8s.io/v1", "NetworkPolicy", policyName, n.Physical, l.kept, network))
		if n.Retired {
			continue
		}
		for _, b := range l.bindings {
			out = append(out, l.object(rbacVersion, "RoleBinding", b.name, n.Physical, l.prunable, b.body))
		}
		out = l.implicit(out, n)
	}
	if s.Source != nil {
		out = append(out, l.object("v1", "ServiceAccount", desired.DeployerName(s.Key), s.Deployers, l.prunable,
			manifest.Map{field("automountServiceAccountToken", false)}))
	}
	return out
}

// Size returns how many objects Lower returns.
func (Backing) Size(s *desired.State) int {
	bindings, n := len(s.Grants), 0
	if s.Source != nil {
		bindings++
		n++
	}
	for i := range s.Namespaces {
		n += 4
		if !s.Namespaces[i].Retired {
			n += bindings + given(s, s.Namespaces[i].Name)
		}
	}
	return n
}

// lowering holds what the objects of one logical cluster have in common.
type lowering struct {
	state           *desired.State
	engines         target.Engines
	labels          manifest.Map
	kept, prunable  manifest.Map // annotations
	namespaceLabels manifest.Map
	namespaceMarks  manifest.Map
	limits          manifest.Map
	network         manifest.Map
	closed          manifest.Map // once a namespace is retired
	bindings        []binding
}

func newLowering(s *desired.State, engines target.Engines) *lowering {
	l := &lowering{
		state:    s,
		engines:  engines,
		labels:   s.ObjectLabels(),
		limits:   limits(s.Containers),
		network:  networkPolicy(s, s.Network),
		bindings: bindings(s),
	}
	if s.Phase == pins.Confirmed {
		l.prunable = manifest.Map{field(desired.AnnotationDeletion, desired.DeletionConfirmed)}
		l.kept = l.prunable
	} else {
		l.kept = marks(engines.Protection())
	}
	l.namespaceLabels = namespaceLabels(s, l.labels)
	l.namespaceMarks = append(manifest.Map{field(desired.AnnotationLogicalCluster, s.Key)}, l.kept...)
	return l
}

// object puts an object together; the fields of body follow its metadata.
func (l *lowering) object(apiVersion, kind, name, namespace string, annotations, body manifest.Map) manifest.Map {
	metadata := append(make(manifest.Map, 0, 4), field("name", name), field("namespace", namespace), field("labels", l.labels))
	if len(annotations) > 0 {
		metadata = append(metadata, field("annotations", annotations))
	}
	out := append(make(manifest.Map, 0, 3+len(body)),
		field("apiVersion", apiVersion), field("kind", kind), field("metadata", metadata))
	return append(out, body...)
}

func (l *lowering) namespace(n *desired.Namespace) manifest.Map {
	marks := l.namespaceMarks
	if names := l.implicitNames(n); names != "" {
		marks = append(slices.Clip(marks), field(desired.AnnotationImplicitObjects, names))
	}
	return manifest.Map{
		field("apiVersion", "v1"),
		field("kind", "Namespace"),
		field("metadata", manifest.Map{
			field("name", n.Physical),
			field("labels", l.namespaceLabels),
			field("annotations", marks),
		}),
	}
}

// marks returns marks as fields of metadata.
func marks(list []target.Mark) manifest.Map {
	out := make(manifest.Map, len(list))
	for i, m := range list {
		out[i] = field(m.Key, m.Value)
	}
	return out
}

func namespaceLabels(s *desired.State, common manifest.Map) manifest.Map {
	out := make(manifest.Map, 0, len(common)+len(s.Labels)+8)
	out = append(out, common...)
	out = append(out, field(desired.LabelGate, s.Gate))
	if s.Frozen {
		out = append(out, field(desired.LabelState, desired.StateFrozen))
	}
	for _, id := range s.Policies {
		out = append(out, field(desired.PrefixPolicy+id, "true"))
	}
	for _, id := range s.Transforms {
		out = append(out, field(desired.PrefixTransform+id, "true"))
	}
	out = append(out, desired.PodSecurityLabels(s.PodSecurity, s.Minor)...)
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		out = append(out, field(desired.PrefixTeam+key, s.Labels[key]))
	}
	return out
}

func field(key string, value manifest.Value) manifest.Field {
	return manifest.Field{Key: key, Value: value}
}
