package admit

import (
	"slices"

	"github.com/tenantry/tenantry/internal/diag"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
)

// subresource is what of objects is written apart from the rest.
type subresource struct {
	name      string
	operation admission.Operation
	// of are the resources of Kubernetes' own that have it; nil: those that say so.
	of []string
	// kind is that of what is sent, where it is another than the object's own, and body
	// what kubectl sends for an object of a name.
	kind kubeschema.GroupVersionKind
	body func(name string) runtime.Object
}

var subresources = []subresource{
	{name: "status", operation: admission.Update},
	{name: "scale", operation: admission.Update, of: []string{"deployments.apps", "replicasets.apps", "statefulsets.apps", "replicationcontrollers"}},
	{name: "resize", operation: admission.Update, of: []string{"pods"}},
	{name: "ephemeralcontainers", operation: admission.Update, of: []string{"pods"}},
	{name: "eviction", operation: admission.Create, of: []string{"pods"}, kind: policyv1.SchemeGroupVersion.WithKind("Eviction"), body: func(name string) runtime.Object {
		return &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}},
	{name: "token", operation: admission.Create, of: []string{"serviceaccounts"}, kind: authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"), body: func(name string) runtime.Object {
		hour := int64(3600)
		return &authenticationv1.TokenRequest{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &hour}}
	}},
	{name: "exec", operation: admission.Connect, of: []string{"pods"}, kind: corev1.SchemeGroupVersion.WithKind("PodExecOptions"), body: func(string) runtime.Object {
		return &corev1.PodExecOptions{Stdout: true, Stderr: true, Command: []string{"sh"}}
	}},
	{name: "attach", operation: admission.Connect, of: []string{"pods"}, kind: corev1.SchemeGroupVersion.WithKind("PodAttachOptions"), body: func(string) runtime.Object {
		return &corev1.PodAttachOptions{Stdout: true, Stderr: true}
	}},
	{name: "portforward", operation: admission.Connect, of: []string{"pods"}, kind: corev1.SchemeGroupVersion.WithKind("PodPortForwardOptions"), body: func(string) runtime.Object {
		return &corev1.PodPortForwardOptions{}
	}},
	{name: "proxy", operation: admission.Connect, of: []string{"pods"}, kind: corev1.SchemeGroupVersion.WithKind("PodProxyOptions"), body: func(string) runtime.Object {
		return &corev1.PodProxyOptions{}
	}},
	{name: "proxy", operation: admission.Connect, of: []string{"services"}, kind: corev1.SchemeGroupVersion.WithKind("ServiceProxyOptions"), body: func(string) runtime.Object {
		return &corev1.ServiceProxyOptions{}
	}},
}

// Subresources are the names of all that are written apart.
func Subresources() []string {
	var out []string
	for _, s := range subresources {
		if !slices.Contains(out, s.name) {
			out = append(out, s.name)
		}
	}
	return out
}

// OperationOn returns what can be done with a subresource; ok is false where there is
// none of that name.
func OperationOn(name string) (operation admission.Operation, ok bool) {
	i := slices.IndexFunc(subresources, func(s subresource) bool { return s.name == name })
	if i < 0 {
		return "", false
	}
	return subresources[i].operation, true
}

// HasBody reports whether what is sent to a subresource is another object than the
// one whose part it is.
func HasBody(name string) bool {
	return slices.ContainsFunc(subresources, func(s subresource) bool { return s.name == name && s.body != nil })
}

// part checks that the resource has the subresource that is written.
func (w *write) part() bool {
	if w.Subresource == "" {
		return true
	}
	gr := w.at.resource.GroupResource()
	for i := range subresources {
		s := &subresources[i]
		if s.name != w.Subresource || !w.at.has(s) {
			continue
		}
		if w.Operation != s.operation {
			w.say(diag.AdmitNotServed, "kind", "the subresource %s of %s knows %s only", s.name, gr, s.operation)
			return false
		}
		if s.body != nil {
			w.apart = s
		}
		return true
	}
	w.say(diag.AdmitNotServed, "kind", "there is no subresource %s of %s that can be written", w.Subresource, gr)
	return false
}

func (r *served) has(s *subresource) bool {
	if r.definition != nil {
		sub := r.version.Subresources
		return sub != nil && (s.name == "status" && sub.Status != nil || s.name == "scale" && sub.Scale != nil)
	}
	return s.of == nil || slices.Contains(s.of, r.resource.GroupResource().String())
}

// decodeBody reads what is sent to a subresource that has a kind of its own.
func (w *write) decodeBody() bool {
	if w.Body == nil {
		w.object = w.apart.body(w.name)
		w.object.GetObjectKind().SetGroupVersionKind(w.apart.kind)
		w.place(w.object)
		return true
	}
	if w.Body.Kind != w.apart.kind {
		d := w.say(diag.AdmitSchema, "", "%s takes a %s of %s, not a %s of %s", w.Subresource, w.apart.kind.Kind, w.apart.kind.GroupVersion(), w.Body.Kind.Kind, w.Body.Kind.GroupVersion())
		d.Position = w.Body.At("kind")
		return false
	}
	if w.object, _ = w.decodeOne(w.Body); w.object == nil {
		return false
	}
	// The API server takes the name in the path for the one that a token request lacks.
	if accessor, err := meta.Accessor(w.object); err == nil {
		if w.Subresource == "token" && accessor.GetName() == "" {
			accessor.SetName(w.name)
		}
		if accessor.GetName() != w.name {
			d := w.say(diag.AdmitSchema, "", "the %s is for %q", w.apart.kind.Kind, accessor.GetName())
			d.Position = w.Body.At("metadata.name")
			return false
		}
	}
	return true
}

// verbs are those that RBAC is asked for.
func (w *write) verbs() []string {
	if w.Operation != admission.Connect {
		return []string{verbs[w.Operation]}
	}
	// kubectl upgrades a GET to a websocket. Since 1.35 that takes the right to create as
	// well, or whoever may only read could run commands.
	const createSince = 35
	if w.Subresource != "proxy" && w.platform.Minor >= createSince {
		return []string{"get", "create"}
	}
	return []string{"get"}
}
