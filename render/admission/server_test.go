package admission_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/admission"
	"github.com/tenantry/tenantry/render/backing/namespace"
	registry "github.com/tenantry/tenantry/render/engine"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/util/compatibility"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/component-base/featuregate"
	"sigs.k8s.io/yaml"
)

// server is the API server's own admission plugin, over objects that stand in
// memory: it selects policies and bindings, compiles and evaluates as in a
// cluster.
type server struct {
	plugin  *validating.Plugin
	objects apiadmission.ObjectInterfaces
}

// lower returns the objects of a state, for any of the engines to apply.
func lower(s *desired.State) []manifest.Map {
	return namespace.Backing{}.Lower(s, registry.BuiltIn().Rows())
}

// decode reads what was rendered as kubectl's strict decoding does.
func decode[T any](t testing.TB, m manifest.Map) *T {
	t.Helper()
	out := new(T)
	if err := yaml.UnmarshalStrict(manifest.AppendYAML(nil, m, 0), out); err != nil {
		t.Fatalf("%v: %v", m.Get("metadata", "name"), err)
	}
	return out
}

// setDefaults fills in what the API server does on writing.
func setDefaults(m *admissionv1.MatchResources) {
	if m == nil {
		return
	}
	if m.NamespaceSelector == nil {
		m.NamespaceSelector = &metav1.LabelSelector{}
	}
	if m.ObjectSelector == nil {
		m.ObjectSelector = &metav1.LabelSelector{}
	}
}

// newServer stores the platform's policies and the Namespaces of the states.
// Those whose names are in terminating are on their way out.
func newServer(t testing.TB, p *desired.Platform, states []*desired.State, terminating ...string) *server {
	t.Helper()
	var stored []runtime.Object
	add := func(ns *corev1.Namespace) {
		ns.Labels["kubernetes.io/metadata.name"] = ns.Name // as the API server sets it
		for _, name := range terminating {
			if ns.Name == name {
				now := metav1.Now()
				ns.DeletionTimestamp = &now
			}
		}
		stored = append(stored, ns)
	}
	for _, m := range admission.Platform(p) {
		switch m.Get("kind") {
		case "Namespace":
			add(decode[corev1.Namespace](t, m))
		case "ValidatingAdmissionPolicy":
			policy := decode[admissionv1.ValidatingAdmissionPolicy](t, m)
			setDefaults(policy.Spec.MatchConstraints)
			stored = append(stored, policy)
		case "ValidatingAdmissionPolicyBinding":
			binding := decode[admissionv1.ValidatingAdmissionPolicyBinding](t, m)
			setDefaults(binding.Spec.MatchResources)
			stored = append(stored, binding)
		}
	}
	for _, s := range states {
		for _, m := range lower(s) {
			if m.Get("kind") == "Namespace" {
				add(decode[corev1.Namespace](t, m))
			}
		}
	}
	add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "foreign", Labels: map[string]string{}}})

	plugin, err := validating.NewPlugin(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	client := fake.NewClientset(stored...)
	factory := informers.NewSharedInformerFactory(client, 0)
	mapper := meta.NewDefaultRESTMapper(nil)
	initializer.New(client, dynamicfake.NewSimpleDynamicClient(scheme.Scheme), factory, rbac{},
		featuregate.NewFeatureGate(), compatibility.DefaultBuildEffectiveVersion(), ctx.Done(), mapper).Initialize(plugin)
	plugin.SetRESTMapper(mapper)
	if err := plugin.ValidateInitialization(); err != nil {
		t.Fatal(err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	if !plugin.WaitForReady() {
		t.Fatal("the admission plugin does not get ready")
	}
	return &server{plugin, apiadmission.NewObjectInterfacesFromScheme(scheme.Scheme)}
}

// The users of the tests.
const (
	tenant   = "alice"                                                  // everything, in its own namespaces
	engine   = "system:serviceaccount:flux-system:kustomize-controller" // cluster-admin
	operator = "system:serviceaccount:databases:operator"               // in settings.controllers
	garbage  = "system:serviceaccount:kube-system:generic-garbage-collector"
	replicas = "system:serviceaccount:kube-system:replicaset-controller"
	cleaner  = "system:serviceaccount:kube-system:namespace-controller"
	kubelet  = "system:node:worker-1"
)

// rbac decides as RBAC does for the users of the tests: a RoleBinding counts for
// requests that name its namespace, a ClusterRoleBinding for all.
type rbac struct{}

func (rbac) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	switch {
	case a.GetUser().GetName() == engine, a.GetUser().GetName() == tenant && a.GetNamespace() != "":
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func info(name string) user.Info {
	u := &user.DefaultInfo{Name: name, Groups: []string{"system:authenticated"}}
	if rest, ok := strings.CutPrefix(name, "system:serviceaccount:"); ok {
		ns, _, _ := strings.Cut(rest, ":")
		u.Groups = append(u.Groups, "system:serviceaccounts", "system:serviceaccounts:"+ns)
	}
	if strings.HasPrefix(name, "system:node:") {
		u.Groups = append(u.Groups, "system:nodes")
	}
	return u
}

// request is a write as the API server hands it to admission.
type request struct {
	as        string
	operation apiadmission.Operation
	// resource is "group/version/plural[/subresource]".
	resource, kind  string
	namespace, name string
	object, old     *unstructured.Unstructured
}

func (s *server) admit(r request) error {
	parts := strings.Split(r.resource, "/")
	gvr := schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[2]}
	sub := ""
	if len(parts) > 3 {
		sub = parts[3]
	}
	gvk := gvr.GroupVersion().WithKind(r.kind)
	if sub == "scale" {
		gvk = schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"}
	}
	value := func(u *unstructured.Unstructured) runtime.Object {
		if u == nil {
			return nil
		}
		u = u.DeepCopy()
		u.SetGroupVersionKind(gvk)
		return u
	}
	return s.plugin.Validate(context.Background(), apiadmission.NewAttributesRecord(value(r.object), value(r.old),
		gvk, r.namespace, r.name, gvr, sub, r.operation, nil, false, info(r.as)), s.objects)
}

// object makes an object of a name and "key=value" labels.
func object(name string, labels ...string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetName(name)
	m := map[string]string{}
	for _, l := range labels {
		k, v, _ := strings.Cut(l, "=")
		m[k] = v
	}
	if len(m) > 0 {
		u.SetLabels(m)
	}
	return u
}

func generated(prefix string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetGenerateName(prefix)
	return u
}

func annotated(u *unstructured.Unstructured, pairs ...string) *unstructured.Unstructured {
	u = u.DeepCopy()
	m := u.GetAnnotations()
	if m == nil {
		m = map[string]string{}
	}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		m[k] = v
	}
	u.SetAnnotations(m)
	return u
}
