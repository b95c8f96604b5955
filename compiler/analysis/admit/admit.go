// Package admit answers what the API server would say to a write in a logical
// cluster, without one.
//
// A Server stands for the API server of a physical cluster as far as one logical
// cluster's namespaces go. It is made of what would be rendered: the Namespaces
// with their labels, the roles and bindings, the limits and quotas, the definitions
// and the admission policies. A write passes what it passes there, in that order:
// RBAC, decoding, defaults, mutation, the schema, limits, Pod Security, admission
// policies, quota. Each answer names the place in the tenancy repo that it comes
// from.
//
// Where Kubernetes publishes its own code as a library it is what runs here: the
// decoder, the validation of custom resources, Pod Security, the matching and the
// expressions of admission policies, the check of quotas and that of RBAC against
// escalation. Defaults, LimitRange and the amounts that quotas count are a part of
// kube-apiserver itself, and written anew; the end-to-end tests hold them against
// one.
//
// Three things are not known here. Which other objects there are: quota judges what
// the object takes by itself, and a name that it refers to is taken to exist. What
// only kube-apiserver's validation of its own kinds refuses, such as a port above
// 65535. And admission webhooks.
package admit

import (
	"context"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
)

// Input is what was compiled.
type Input struct {
	Tenancy   *tenancy.Tenancy
	States    []desired.State
	Platforms []desired.Platform
	Policies  *policy.Policies
	// Targets are what the states are rendered for.
	Targets *render.Targets
}

// Server answers for one logical cluster. It is not for concurrent use.
type Server struct {
	lc        *tenancy.LogicalCluster
	targets   *render.Targets
	state     *desired.State
	platform  *desired.Platform
	compiled  *policy.Policies
	effective []policy.Effective
	// transforms are the policies that change what is written.
	transforms []*apiserver.Transform
	schemas    *object.Schemas
	values     map[string]tenancy.Value // of the logical cluster, by field

	namespaces map[string]*corev1.Namespace // by physical name
	quotas     map[string]*corev1.ResourceQuota
	limits     map[string]*corev1.LimitRange

	who     *access.Identity // nil: anybody whose role allows it
	entries []access.Entry   // of who

	resources *resources
	policies  *policies
	security  *podSecurity
	roles     map[roleRef][]rule // of the documents that are judged together
}

// Request is a write.
type Request struct {
	Operation admission.Operation
	// Object is what is written; on DELETE what is deleted.
	Object *Document
	// Old is what is updated.
	Old *Document
	// Subresource is empty or one of Subresources. The documents hold the whole object
	// all the same.
	Subresource string
	// Body is what is sent to a subresource with a kind of its own; nil for what kubectl
	// sends.
	Body *Document
	// Namespace is where an object without one goes to; empty: the first.
	Namespace string
}

// Answer is what the API server would answer.
type Answer struct {
	*Document
	Operation   admission.Operation
	Subresource string
	// Namespace is the physical one, empty where it belongs to the whole cluster.
	Namespace string
	// Findings are errors where the write is denied, warnings that the writer would
	// see, and notes of what would be audited: in the order in which the API server
	// comes to them. It stops at the first error; here the others follow.
	Findings []diag.Diagnostic
	// Object is what would be stored, nil where it does not come to that.
	Object map[string]any
}

// Admitted reports whether the API server would do it.
func (a *Answer) Admitted() bool { return !diag.HasErrors(a.Findings) }

// NewServer returns the server for a logical cluster, and for somebody's writes; who
// is nil for anybody whose role allows them. The error is for a logical cluster that
// stands nowhere.
func NewServer(in Input, key string, who *access.Identity) (*Server, error) {
	s := &Server{targets: in.Targets, lc: in.Tenancy.LogicalCluster(key), who: who, values: map[string]tenancy.Value{}, roles: map[roleRef][]rule{}}
	for i := range in.States {
		if one := &in.States[i]; one.Key == key && (s.state == nil || one.Phase == pins.Present) {
			s.state = one
		}
	}
	if s.lc == nil || s.state == nil {
		return nil, fmt.Errorf("%s stands on no physical cluster, so there is no API server to ask", key)
	}
	i := slices.IndexFunc(in.Platforms, func(p desired.Platform) bool { return p.Cluster == s.state.Cluster })
	s.platform = &in.Platforms[i]
	s.compiled, s.effective, s.transforms, s.schemas = in.Policies, in.Policies.Of(s.lc), in.Policies.Transforms(s.lc), in.Policies.Schemas()
	for _, v := range s.lc.Explain() {
		s.values[v.Field] = v
	}
	if who != nil {
		for _, e := range access.New(in.Tenancy, in.States, in.Platforms).As(key, *who) {
			if e.Cluster == s.state.Cluster {
				s.entries = append(s.entries, e)
			}
		}
	}
	s.resources = newResources(in.Tenancy, s.lc)
	if err := s.render(); err != nil {
		return nil, err
	}
	return s, nil
}

// Cluster is the physical cluster whose API server answers.
func (s *Server) Cluster() string { return s.state.Cluster }

// write is a request on its way.
type write struct {
	*Server
	Request
	answer *Answer
	at     *served
	name   string
	// namespace is nil for an object of the whole cluster.
	namespace *corev1.Namespace
	user      user.Info
	// object and old are typed where the kind is Kubernetes' own.
	object, old runtime.Object
	// scaled and unscaled are the custom resource whose scale is written.
	scaled, unscaled *unstructured.Unstructured
	// apart is the subresource, where it has a kind of its own. Then object is what is
	// sent to it, and nothing of that is stored.
	apart *subresource
	// ofController: it is what a controller makes of an object that is judged.
	ofController bool
}

// Admit answers to a request.
func (s *Server) Admit(ctx context.Context, r Request) *Answer {
	w := &write{Server: s, Request: r, answer: &Answer{Document: r.Object, Operation: r.Operation, Subresource: r.Subresource}, user: s.user()}
	if !w.find() {
		return w.answer
	}
	w.authorize()
	if w.namespace == nil && w.at.namespaced {
		return w.answer // it goes elsewhere
	}
	if w.decode() {
		w.admit(ctx)
	}
	return w.answer
}

// admit takes a decoded object through admission and validation.
func (w *write) admit(ctx context.Context) {
	if w.apart != nil {
		w.mutate(ctx)
		w.admissionPolicies(ctx)
		return
	}
	if w.object != nil {
		w.setDefaults()
		w.mutate(ctx)
		w.generateName()
		w.validate()
		w.escalation()
		w.checkLimits()
		w.podSecurity(ctx)
	}
	w.admissionPolicies(ctx)
	if w.object != nil {
		w.quota()
		w.answer.Object = plain(w.object)
		w.pods(ctx)
	}
}

// user is who writes, as the API server sees them.
func (s *Server) user() user.Info {
	if s.who == nil {
		return &user.DefaultInfo{Name: "tenant", Groups: []string{"system:authenticated"}}
	}
	groups := slices.Clone(s.who.Groups)
	if !slices.Contains(groups, "system:authenticated") {
		groups = append(groups, "system:authenticated")
	}
	return &user.DefaultInfo{Name: s.who.User, Groups: groups}
}

// attributes are the request as admission sees it.
func (w *write) attributes() admission.Attributes {
	namespace, kind := "", w.at.kind
	if w.namespace != nil {
		namespace = w.namespace.Name
	}
	if w.object != nil {
		kind = w.object.GetObjectKind().GroupVersionKind()
	}
	return admission.NewAttributesRecord(w.object, w.old, kind, namespace, w.name, w.at.resource, w.Subresource, w.Operation, options(w.Operation), false, w.user)
}

// say adds a finding. It stands at a field of the object, or at the object.
func (w *write) say(code diag.Code, field string, format string, args ...any) *diag.Diagnostic {
	d := diag.New(code, w.Request.Object.At(field), "%s: "+format, append([]any{w.title()}, args...)...)
	if w.ofController && d.Severity == diag.Error {
		d.Code, d.Severity = diag.AdmitPods, diag.AdmitPods.Entry().Severity
	}
	w.answer.Findings = append(w.answer.Findings, d)
	return &w.answer.Findings[len(w.answer.Findings)-1]
}

func (w *write) title() string {
	if w.ofController {
		return "pods of " + w.Request.Object.String() + " would be denied"
	}
	return w.Request.Object.String()
}

// from is where a value of the logical cluster was set.
func (s *Server) from(field string) (diag.Position, string) {
	for _, step := range s.values[field].Steps {
		if step.Effect == tenancy.Sets && !step.Pos.IsZero() {
			return step.Pos, step.From
		}
	}
	return diag.Position{}, ""
}

// plain returns an object as JSON has it.
func plain(o runtime.Object) map[string]any {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return u.Object
	}
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil
	}
	return out
}
