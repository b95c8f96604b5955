package admit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/internal/diag"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes/scheme"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// policies are the admission policies of a physical cluster with their bindings,
// matched by the API server's own matcher and judged by its validator.
type policies struct {
	matching   *matching.Matcher
	matcher    generic.PolicyMatcher
	schemas    *object.Schemas
	interfaces interfaces
	authorizer authorizer.Authorizer
	validating []*validatingPolicy
	mutating   []mutating.PolicyHook
}

type validatingPolicy struct {
	*admissionv1.ValidatingAdmissionPolicy
	bindings []*admissionv1.ValidatingAdmissionPolicyBinding
	minor    int
	judge    *apiserver.Judge // nil until it is needed
}

func newPolicies(namespaces map[string]*corev1.Namespace, authz authorizer.Authorizer, equivalent runtime.EquivalentResourceMapper, schemas *object.Schemas) *policies {
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, ns := range namespaces {
		_ = indexer.Add(ns) // it has a name
	}
	m := matching.NewMatcher(corelisters.NewNamespaceLister(indexer), nil)
	return &policies{
		matching:   m,
		matcher:    generic.NewPolicyMatcher(m),
		schemas:    schemas,
		interfaces: interfaces{ObjectInterfaces: admission.NewObjectInterfacesFromScheme(scheme.Scheme), equivalent: equivalent},
		authorizer: authz,
	}
}

func (p *policies) add(one *admissionv1.ValidatingAdmissionPolicy, minor int) error {
	if one.Spec.MatchConstraints == nil {
		return fmt.Errorf("policy %s matches nothing", one.Name)
	}
	complete(one.Spec.MatchConstraints)
	p.validating = append(p.validating, &validatingPolicy{ValidatingAdmissionPolicy: one, minor: minor})
	return nil
}

func (p *policies) bind(b *admissionv1.ValidatingAdmissionPolicyBinding) {
	complete(b.Spec.MatchResources)
	for _, one := range p.validating {
		if one.Name == b.Spec.PolicyName {
			one.bindings = append(one.bindings, b)
		}
	}
}

// complete fills in the API server's defaults.
func complete(m *admissionv1.MatchResources) {
	if m == nil {
		return
	}
	point(&m.NamespaceSelector, metav1.LabelSelector{})
	point(&m.ObjectSelector, metav1.LabelSelector{})
	point(&m.MatchPolicy, admissionv1.Equivalent)
	for _, rules := range [][]admissionv1.NamedRuleWithOperations{m.ResourceRules, m.ExcludeResourceRules} {
		for i := range rules {
			point(&rules[i].Scope, admissionv1.AllScopes)
		}
	}
}

// admissionPolicies asks all policies that match.
func (w *write) admissionPolicies(ctx context.Context) {
	a := w.attributes()
	for _, p := range w.policies.validating {
		matches, resource, kind, err := w.policies.matcher.DefinitionMatches(a, w.policies.interfaces, validating.NewValidatingAdmissionPolicyAccessor(p.ValidatingAdmissionPolicy))
		if err != nil {
			w.denied(p, nil, apiserver.Denial{Rule: -1, Message: err.Error()})
			continue
		}
		if !matches {
			continue
		}
		for _, b := range p.bindings {
			matches, err := w.policies.matcher.BindingMatches(a, w.policies.interfaces, validating.NewValidatingAdmissionPolicyBindingAccessor(b))
			if err != nil {
				w.denied(p, nil, apiserver.Denial{Rule: -1, Message: err.Error()})
				continue
			}
			if !matches {
				continue
			}
			for _, d := range w.judge(ctx, p, a, kind, resource) {
				w.denied(p, b, d)
			}
		}
	}
}

// denied says which rule of which policy is broken.
func (w *write) denied(p *validatingPolicy, b *admissionv1.ValidatingAdmissionPolicyBinding, d apiserver.Denial) {
	code := severity(b)
	id, ok := strings.CutPrefix(p.Name, desired.ReservedPrefix+"policy-")
	if !ok {
		w.guarded(p, d)
		return
	}
	if w.ofController && code != diag.AdmitDenied {
		return // nobody sees it
	}
	found := w.say(code, "", "%s", d.Message)
	for _, e := range w.effective {
		if e.Admission == nil || e.Admission.ID != id || e.Exemption != nil {
			continue
		}
		*found = found.See(e.Pos, "policy %s stands here", e.ID())
		if d.Rule >= 0 {
			*found = found.See(e.RuleAt(d.Rule), "it demands this")
		}
	}
}

// severity returns how a write is met that breaks a policy under a binding; nil is that
// of no binding, and denies.
func severity(b *admissionv1.ValidatingAdmissionPolicyBinding) diag.Code {
	switch {
	case b == nil, slices.Contains(b.Spec.ValidationActions, admissionv1.Deny):
		return diag.AdmitDenied
	case slices.Contains(b.Spec.ValidationActions, admissionv1.Warn):
		return diag.AdmitWarned
	}
	return diag.AdmitNoted
}

// guarded says what of a logical cluster one of the platform's own policies guards.
func (w *write) guarded(p *validatingPolicy, d apiserver.Denial) {
	found := w.say(diag.AdmitGuarded, "metadata", "%s", d.Message)
	switch {
	case p.Name == w.state.Gate:
		*found = found.See(w.lc.At("apis"), "these API sets are bound")
	case p.Name == desired.ReservedPrefix+"frozen":
		*found = found.See(w.lc.At("state"), "the state stands here")
	case p.Name == desired.ReservedPrefix+"implicit" && w.state.Implicit != nil:
		for _, o := range w.state.Implicit.Objects {
			if o.Kind == w.at.kind.Kind && o.Group == w.at.kind.Group && strings.Contains(d.Message, cmp.Or(w.name, "\x00")) {
				*found = found.See(o.Pos(), "the implicit resource stands here")
			}
		}
	}
}

// judge returns the rules of a policy that the write breaks.
func (w *write) judge(ctx context.Context, p *validatingPolicy, a admission.Attributes, kind kubeschema.GroupVersionKind, resource kubeschema.GroupVersionResource) []apiserver.Denial {
	failed := func(err error) []apiserver.Denial { return []apiserver.Denial{{Rule: -1, Message: err.Error()}} }
	if p.judge == nil {
		var err error
		if p.judge, err = (&apiserver.Admission{ID: p.Name, Spec: p.Spec}).Judge(p.minor); err != nil {
			return failed(err)
		}
	}
	versioned, err := w.versioned(a, kind)
	if err != nil {
		return failed(err)
	}
	var namespace *corev1.Namespace
	if w.at.namespaced {
		namespace = w.namespace
	}
	return p.judge.Broken(ctx, resource, versioned, namespace, w.policies.authorizer)
}

// versioned converts the objects to the version that a policy matched. All versions
// of a custom resource have one schema, or a webhook converts them, which is not at
// hand.
func (w *write) versioned(a admission.Attributes, kind kubeschema.GroupVersionKind) (*admission.VersionedAttributes, error) {
	if w.at.definition == nil || kind == a.GetKind() || kind == scaleKind {
		return admission.NewVersionedAttributes(a, kind, w.policies.interfaces)
	}
	if c := w.at.definition.Spec.Conversion; c != nil && c.Strategy == apiextensionsv1.WebhookConverter {
		return nil, fmt.Errorf("only the webhook of %s can convert it to %s", w.at.definition.Name, kind.Version)
	}
	convert := func(o runtime.Object) runtime.Object {
		if u, ok := o.(*unstructured.Unstructured); ok && u != nil {
			u = u.DeepCopy()
			u.SetGroupVersionKind(kind)
			return u
		}
		return o
	}
	return &admission.VersionedAttributes{Attributes: a, VersionedKind: kind, VersionedObject: convert(a.GetObject()), VersionedOldObject: convert(a.GetOldObject())}, nil
}

// options are those of an API request.
func options(o admission.Operation) runtime.Object {
	switch o {
	case admission.Create:
		return &metav1.CreateOptions{}
	case admission.Update:
		return &metav1.UpdateOptions{}
	case admission.Connect:
		return nil
	}
	return &metav1.DeleteOptions{}
}

// onlyCollected reports whether only what the garbage collector works with has
// changed.
func onlyCollected(before, after *metav1.ObjectMeta) bool {
	before, after = before.DeepCopy(), after.DeepCopy()
	for _, m := range []*metav1.ObjectMeta{before, after} {
		m.OwnerReferences, m.Finalizers, m.ManagedFields = nil, nil, nil
	}
	return equality.Semantic.DeepEqual(before, after)
}
