package admission_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/admission"
	registry "github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

const gateName = "tenantry-apis-0123456789"

func platform() *desired.Platform {
	return &desired.Platform{
		Cluster: "eu-1", Minor: 36, Engine: "flux", Engines: registry.BuiltIn().Rows(), Deployers: "tenantry-system",
		Controllers: []string{operator, `it's\odd`},
		Roles: []desired.Role{{Name: "tenantry-view-0123456789", Level: "view", Rules: []desired.Rule{
			{Groups: []string{""}, Resources: []string{"pods", "pods/log"}, Verbs: []string{"get", "list", "watch"}}}}},
		Gates: []desired.Gate{{Name: gateName, Allowed: []desired.Allowed{
			{Group: "", Resource: "configmaps"},
			{Group: "", Resource: "pods"},
			{Group: "", Resource: "resourcequotas"}, // so that it is not the gate that refuses
			{Group: "apps", Resource: "deployments"},
			{Group: "db.acme.example", Resource: "databases", Versions: []string{"v1"}},
		}, Withheld: []desired.Withheld{{Group: "db.acme.example", Resource: "databases", Version: "v1",
			Fields: []string{".spec.ports[*]['x-y']", ".spec.tier", ".spec.users.*.role"}}}}},
	}
}

// database has the spec.
func database(spec map[string]any) *unstructured.Unstructured {
	u := object("x")
	u.Object["spec"] = spec
	return u
}

func state(key, physical string) *desired.State {
	return &desired.State{
		Key: key, Organization: schema.Key(key).Organization(), Cluster: "eu-1", Backing: "namespace",
		Network: "logical-cluster", DNS: &desired.DNS{Namespace: "kube-system", Labels: []desired.Label{{Key: "k8s-app", Value: "kube-dns"}}},
		PodSecurity: "baseline", Minor: 36, Containers: &desired.Containers{}, Gate: gateName, Deployers: "tenantry-system", Engine: "flux",
		Namespaces: []desired.Namespace{{Name: "main", Physical: physical, Hard: quota.Quota{{Resource: "requests.cpu", Quantity: resource.MustParse("1")}}}},
	}
}

func fixture(t testing.TB) *server {
	frozen := state("acme/ice", "acme-ice")
	frozen.Frozen = true
	confirmed := state("acme/done", "acme-done")
	confirmed.Phase = pins.Confirmed
	return newServer(t, platform(), []*desired.State{
		state("acme/prod", "acme-prod"), state("acme/gone", "acme-gone"), frozen, confirmed,
	}, "acme-gone")
}

// live returns a Namespace as it was rendered and stands in the cluster.
func live(logicalCluster string) map[string]string {
	return map[string]string{"tenantry.dev/logical-cluster": logicalCluster, "tenantry.dev/api-gate": gateName}
}

func TestAdmission(t *testing.T) {
	s := fixture(t)
	const (
		create, update, remove = apiadmission.Create, apiadmission.Update, apiadmission.Delete
		managed                = "app.kubernetes.io/managed-by=tenantry"
		quotas, networks       = "/v1/resourcequotas", "networking.k8s.io/v1/networkpolicies"
		spaces                 = "/v1/namespaces"
	)
	quota := object("tenantry-quota", managed)
	ns := object("acme-prod")
	ns.SetLabels(live("acme.prod"))
	ns = annotated(ns, "tenantry.dev/logical-cluster=acme/prod")
	relabelled := func(key, value string) (out request) {
		n := ns.DeepCopy()
		l := n.GetLabels()
		if value == "" {
			delete(l, key)
		} else {
			l[key] = value
		}
		n.SetLabels(l)
		return request{operation: update, resource: spaces, kind: "Namespace", namespace: "acme-prod", name: "acme-prod", object: n, old: ns}
	}
	by := func(r request, as string) request { r.as = as; return r }
	sub := func(r request, sub string) request { r.resource += "/" + sub; return r }
	going := ns.DeepCopy()
	going.SetName("acme-gone")
	going.SetDeletionTimestamp(&metav1.Time{Time: time.Unix(0, 0)})
	foreign := object("foreign")
	adopted := annotated(object("foreign", "tenantry.dev/logical-cluster=acme.prod"), "tenantry.dev/logical-cluster=acme/prod")

	for _, c := range []struct {
		name string
		request
		refused string // a part of the message; empty: admitted
	}{
		// What the platform owns in a tenant's namespace.
		{"tenant patches the quota", request{tenant, update, quotas, "ResourceQuota", "acme-prod", "tenantry-quota", quota, quota}, "belongs to the platform"},
		{"tenant patches the quota's status", request{tenant, update, quotas + "/status", "ResourceQuota", "acme-prod", "tenantry-quota", quota, quota}, "belongs to the platform"},
		{"tenant deletes the quota", request{tenant, remove, quotas, "ResourceQuota", "acme-prod", "tenantry-quota", nil, quota}, "belongs to the platform"},
		{"tenant deletes a collection with the quota", request{tenant, remove, quotas, "ResourceQuota", "acme-prod", "", nil, quota}, "belongs to the platform"},
		{"the cluster's controller counts in the quota's status", request{"system:serviceaccount:kube-system:resourcequota-controller", update, quotas + "/status", "ResourceQuota", "acme-prod", "tenantry-quota", quota, quota}, ""},
		{"engine updates the quota", request{engine, update, quotas, "ResourceQuota", "acme-prod", "tenantry-quota", quota, quota}, ""},
		{"engine deletes the quota", request{engine, remove, quotas, "ResourceQuota", "acme-prod", "tenantry-quota", nil, quota}, ""},
		{"an exempt operator is not the platform", request{operator, update, quotas, "ResourceQuota", "acme-prod", "tenantry-quota", quota, quota}, "belongs to the platform"},
		{"tenant takes the mark off", request{tenant, update, "/v1/configmaps", "ConfigMap", "acme-prod", "x", object("x"), object("x", managed)}, "belongs to the platform"},
		{"tenant puts the mark on", request{tenant, update, "/v1/configmaps", "ConfigMap", "acme-prod", "x", object("x", managed), object("x")}, "belongs to the platform"},
		{"tenant makes a marked object", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-prod", "x", object("x", managed), nil}, "reserved for the platform"},
		{"tenant takes a reserved name", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-prod", "tenantry-x", object("tenantry-x"), nil}, "reserved for the platform"},
		{"tenant takes a reserved name that is made up", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-prod", "", generated("tenantry-"), nil}, "reserved for the platform"},
		{"tenant makes its own", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-prod", "x", object("x", "app.kubernetes.io/managed-by=Helm"), nil}, ""},
		{"tenant makes its own by a made-up name", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-prod", "", generated("x-"), nil}, ""},
		{"tenant deletes its own", request{tenant, remove, "/v1/configmaps", "ConfigMap", "acme-prod", "x", nil, object("x")}, ""},
		{"reserved names elsewhere are nobody's business", request{tenant, create, networks, "NetworkPolicy", "foreign", "tenantry-x", object("tenantry-x"), nil}, ""},
		{"tenant changes a deployer", request{tenant, update, "/v1/serviceaccounts", "ServiceAccount", "tenantry-system", "lc-acme.prod", object("lc-acme.prod", managed), object("lc-acme.prod", managed)}, "belongs to the platform"},
		{"source-controller writes its status beside the deployers", request{"system:serviceaccount:flux-system:source-controller", update, "source.toolkit.fluxcd.io/v1/gitrepositories/status", "GitRepository", "tenantry-system", "tenantry-eu-1", object("tenantry-eu-1", managed), object("tenantry-eu-1", managed)}, ""},
		{"namespace controller empties a namespace", request{cleaner, remove, quotas, "ResourceQuota", "acme-gone", "tenantry-quota", nil, quota}, ""},
		{"anybody may delete in a namespace that goes", request{tenant, remove, quotas, "ResourceQuota", "acme-gone", "tenantry-quota", nil, quota}, ""},
		{"but not change", request{tenant, update, quotas, "ResourceQuota", "acme-gone", "tenantry-quota", quota, quota}, "belongs to the platform"},

		// APIs.
		{"NetworkPolicy by a tenant that did not bind it", request{tenant, create, networks, "NetworkPolicy", "acme-prod", "mine", object("mine"), nil}, "networkpolicies.v1.networking.k8s.io is not among the APIs"},
		{"update of an unbound kind", request{tenant, update, networks, "NetworkPolicy", "acme-prod", "mine", object("mine"), object("mine")}, "not among the APIs"},
		{"delete of an unbound kind", request{tenant, remove, networks, "NetworkPolicy", "acme-prod", "mine", nil, object("mine")}, "not among the APIs"},
		{"an unbound kind where no gate is", request{tenant, create, networks, "NetworkPolicy", "foreign", "mine", object("mine"), nil}, ""},
		{"an unbound kind in a namespace that goes", request{tenant, update, networks, "NetworkPolicy", "acme-gone", "mine", object("mine"), object("mine")}, ""},
		{"same name in another group", request{tenant, create, "batch/v1/deployments", "Deployment", "acme-prod", "x", object("x"), nil}, "not among the APIs"},
		{"bound kind", request{tenant, create, "apps/v1/deployments", "Deployment", "acme-prod", "x", object("x"), nil}, ""},
		{"scale of a bound kind", request{tenant, update, "apps/v1/deployments/scale", "", "acme-prod", "x", object("x"), object("x")}, ""},
		{"scale of an unbound kind", request{tenant, update, "apps/v1/statefulsets/scale", "", "acme-prod", "x", object("x"), object("x")}, "statefulsets.v1.apps is not among the APIs"},
		{"eviction", request{tenant, create, "/v1/pods/eviction", "Eviction", "acme-prod", "x", object("x"), nil}, ""},
		{"ReplicaSet controller makes what is not bound", request{replicas, create, "apps/v1/replicasets", "ReplicaSet", "acme-prod", "x", object("x"), nil}, ""},
		{"garbage collector patches in a version that is not bound", request{garbage, update, "db.acme.example/v2/databases", "Database", "acme-prod", "x", object("x"), object("x")}, ""},
		{"kubelet asks for a token", request{kubelet, create, "/v1/serviceaccounts/token", "TokenRequest", "acme-prod", "default", object("default"), nil}, ""},
		{"scheduler binds", request{"system:kube-scheduler", create, "/v1/pods/binding", "Binding", "acme-prod", "x", object("x"), nil}, ""},
		{"exempt operator", request{operator, create, "apps/v1/statefulsets", "StatefulSet", "acme-prod", "x", object("x"), nil}, ""},
		{"exempt operator of an odd name", request{`it's\odd`, create, "apps/v1/statefulsets", "StatefulSet", "acme-prod", "x", object("x"), nil}, ""},
		{"another service account", request{"system:serviceaccount:databases:other", create, "apps/v1/statefulsets", "StatefulSet", "acme-prod", "x", object("x"), nil}, "not among the APIs"},
		{"bound version", request{tenant, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", object("x"), nil}, ""},
		{"another version", request{tenant, create, "db.acme.example/v2/databases", "Database", "acme-prod", "x", object("x"), nil}, "databases.v2.db.acme.example is not among the APIs"},
		{"status in another version", request{tenant, update, "db.acme.example/v2/databases/status", "Database", "acme-prod", "x", object("x"), object("x")}, "not among the APIs"},
		{"scale in another version", request{tenant, update, "db.acme.example/v2/databases/scale", "", "acme-prod", "x", object("x"), object("x")}, "not among the APIs"},
		{"fields that are bound", request{tenant, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{
			"ports": []any{map[string]any{"port": int64(1)}, nil}, "users": map[string]any{"a": map[string]any{}, "b": nil}}), nil}, ""},
		{"null where fields could be", request{tenant, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{"ports": nil, "users": nil}), nil}, ""},
		{"a field of others", request{tenant, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{"tier": "gold"}), nil},
			".spec.tier of databases.v1.db.acme.example is not in the version of the API set"},
		{"a field of others in an item", request{tenant, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{
			"ports": []any{map[string]any{}, map[string]any{"x-y": "a"}}}), nil}, ".spec.ports[*]['x-y'] of databases"},
		{"a field of others in a map", request{tenant, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{
			"users": map[string]any{"a": map[string]any{"role": "b"}}}), nil}, ".spec.users.*.role of databases"},
		{"a field of others by update", request{tenant, update, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{"tier": "gold"}), object("x")}, ".spec.tier of databases"},
		{"a field of others that was there", request{tenant, update, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{"tier": "gold"}), database(map[string]any{"tier": "gold"})}, ""},
		{"deleting a field of others", request{tenant, remove, "db.acme.example/v1/databases", "Database", "acme-prod", "x", nil, database(map[string]any{"tier": "gold"})}, ""},
		{"scale where fields are withheld", request{tenant, update, "db.acme.example/v1/databases/scale", "", "acme-prod", "x", object("x"), object("x")}, ""},
		{"an operator writes a field of others", request{operator, update, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{"tier": "gold"}), object("x")}, ""},
		{"engine writes a field of others", request{engine, create, "db.acme.example/v1/databases", "Database", "acme-prod", "x", database(map[string]any{"tier": "gold"}), nil}, ""},
		{"engine writes what is not bound", request{engine, create, networks, "NetworkPolicy", "acme-prod", "tenantry-default", object("tenantry-default", managed), nil}, ""},

		// Frozen.
		{"tenant writes to a frozen one", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-ice", "x", object("x"), nil}, "frozen"},
		{"tenant deletes in a frozen one", request{tenant, remove, "/v1/configmaps", "ConfigMap", "acme-ice", "x", nil, object("x")}, "frozen"},
		{"tenant scales in a frozen one", request{tenant, update, "apps/v1/deployments/scale", "", "acme-ice", "x", object("x"), object("x")}, "frozen"},
		{"workloads of a frozen one go on", request{replicas, create, "/v1/pods", "Pod", "acme-ice", "x", object("x"), nil}, ""},
		{"an exempt operator goes on", request{operator, update, "/v1/configmaps", "ConfigMap", "acme-ice", "x", object("x"), object("x")}, ""},
		{"engine writes to a frozen one", request{engine, update, quotas, "ResourceQuota", "acme-ice", "tenantry-quota", quota, quota}, ""},

		// Namespaces.
		{"engine deletes a Namespace that is not confirmed", request{engine, remove, spaces, "Namespace", "acme-prod", "acme-prod", nil, ns}, `holds the data of the logical cluster acme/prod: to delete it, set state: "deleted"`},
		{"engine deletes a confirmed Namespace", request{engine, remove, spaces, "Namespace", "acme-prod", "acme-prod", nil, annotated(ns, "tenantry.dev/deletion=confirmed")}, ""},
		{"anybody deletes again what goes", request{operator, remove, spaces, "Namespace", "acme-gone", "acme-gone", nil, going}, ""},
		{"engine deletes the deployers' Namespace", request{engine, remove, spaces, "Namespace", "tenantry-system", "tenantry-system", nil, object("tenantry-system")}, "belongs to the platform"},
		{"anybody deletes another Namespace", request{operator, remove, spaces, "Namespace", "foreign", "foreign", nil, foreign}, ""},
		{"tenant confirms by itself", request{tenant, update, spaces, "Namespace", "acme-prod", "acme-prod", annotated(ns, "tenantry.dev/deletion=confirmed"), ns}, "reserved for the platform"},
		{"tenant leaves", by(relabelled("tenantry.dev/logical-cluster", ""), tenant), "reserved for the platform"},
		{"tenant leaves by the status", by(sub(relabelled("tenantry.dev/api-gate", ""), "status"), tenant), "reserved for the platform"},
		{"tenant joins another organization", by(relabelled("org.tenantry.dev/other", "true"), tenant), "reserved for the platform"},
		{"tenant sets a label of the repo", by(relabelled("label.tenantry.dev/env", "prod"), tenant), "reserved for the platform"},
		{"tenant loosens Pod Security", by(relabelled("pod-security.kubernetes.io/enforce", "privileged"), tenant), "reserved for the platform"},
		{"tenant stops the engine", request{tenant, update, spaces, "Namespace", "acme-prod", "acme-prod", annotated(ns, "kustomize.toolkit.fluxcd.io/reconcile=disabled"), ns}, "reserved for the platform"},
		{"somebody sets a label of their own", by(relabelled("istio-injection", "enabled"), operator), ""},
		{"namespace controller finalizes", by(sub(relabelled("", ""), "finalize"), cleaner), ""},
		{"engine changes labels", by(relabelled("tenantry.dev/state", "frozen"), engine), ""},
		{"a Namespace elsewhere joins an organization", request{operator, create, spaces, "Namespace", "x", "x", object("x", "org.tenantry.dev/acme=true"), nil}, "reserved for the platform"},
		{"a Namespace elsewhere sets Pod Security", request{operator, create, spaces, "Namespace", "x", "x", object("x", "pod-security.kubernetes.io/enforce=baseline"), nil}, ""},
		{"a Namespace elsewhere of a made-up name", request{operator, create, spaces, "Namespace", "", "", generated("x-"), nil}, ""},
		{"somebody takes a Namespace's reserved name", request{operator, create, spaces, "Namespace", "tenantry-x", "tenantry-x", object("tenantry-x"), nil}, "reserved for the platform"},
		{"engine creates a tenant's Namespace", request{engine, create, spaces, "Namespace", "acme-prod", "acme-prod", ns, nil}, ""},
		{"engine adopts", request{engine, update, spaces, "Namespace", "foreign", "foreign", adopted, foreign}, "exists and was not made by Tenantry"},
		{"engine adopts as allowed", request{engine, update, spaces, "Namespace", "foreign", "foreign", annotated(adopted, "tenantry.dev/adopt=acme/prod"), annotated(foreign, "tenantry.dev/adopt=acme/prod")}, ""},
		{"engine adopts what another may", request{engine, update, spaces, "Namespace", "foreign", "foreign", adopted, annotated(foreign, "tenantry.dev/adopt=acme/other")}, "exists and was not made by Tenantry"},
		{"somebody allows adoption", request{operator, update, spaces, "Namespace", "foreign", "foreign", annotated(foreign, "tenantry.dev/adopt=acme/prod"), foreign}, "reserved for the platform"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.admit(c.request)
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.refused != "" && err == nil:
				t.Error("admitted")
			case c.refused != "" && !strings.Contains(err.Error(), c.refused):
				t.Errorf("refused with %q, want %q", err, c.refused)
			}
		})
	}
}

// A gate's cost must stay within the API server's limits, and so must the size
// of its expressions, whatever the number of resources.
func TestGateOfManyResources(t *testing.T) {
	p := platform()
	g := &p.Gates[0]
	g.Allowed = nil
	for i := range 4000 {
		a := desired.Allowed{Group: "management.of-some-provider.upbound.example", Resource: fmt.Sprintf("resourceswithalongname%04d", i)}
		if i%2 == 0 {
			a.Versions = []string{"v1", "v1beta1"}
		}
		g.Allowed = append(g.Allowed, a)
	}
	s := newServer(t, p, []*desired.State{state("acme/prod", "acme-prod")})
	write := func(resource, version string) error {
		return s.admit(request{tenant, apiadmission.Create, "management.of-some-provider.upbound.example/" + version + "/" + resource, "X", "acme-prod", "x", object("x"), nil})
	}
	for _, resource := range []string{"resourceswithalongname0001", "resourceswithalongname3998", "resourceswithalongname3999"} {
		if err := write(resource, "v1"); err != nil {
			t.Error(err)
		}
	}
	for _, r := range [][2]string{{"resourceswithalongname0000", "v2"}, {"resourceswithalongname4000", "v1"}} {
		if err := write(r[0], r[1]); err == nil || !strings.Contains(err.Error(), "is not among the APIs") {
			t.Errorf("%s in %s: %v", r[0], r[1], err)
		}
	}
	// Looking through the list one by one would allocate for each of the APIs.
	if n := testing.AllocsPerRun(10, func() { _ = write("resourceswithalongname4000", "v1") }); n > 2000 {
		t.Errorf("a request takes %v allocations", n)
	}
}

func TestObjectsDecodeStrictly(t *testing.T) {
	names := map[string]bool{}
	for _, m := range admission.Platform(platform()) {
		id := fmt.Sprint(m.Get("kind"), " ", m.Get("metadata", "name"))
		if names[id] {
			t.Errorf("%s is there twice", id)
		}
		names[id] = true
		if got := m.Get("metadata", "labels", "app.kubernetes.io/managed-by"); got != "tenantry" {
			t.Errorf("%s: managed by %v", id, got)
		}
		switch m.Get("kind") {
		case "Namespace":
			ns := decode[corev1.Namespace](t, m)
			if ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
				t.Errorf("%s: labels %v", id, ns.Labels)
			}
		case "ClusterRole":
			decode[rbacv1.ClusterRole](t, m)
		case "ValidatingAdmissionPolicy":
			p := decode[admissionv1.ValidatingAdmissionPolicy](t, m)
			for _, r := range p.Spec.MatchConstraints.ResourceRules {
				if r.Scope == nil || *r.Scope == admissionv1.AllScopes {
					t.Errorf("%s: reaches cluster-scoped and namespaced resources alike", id)
				}
			}
			if *p.Spec.FailurePolicy != admissionv1.Fail || *p.Spec.MatchConstraints.MatchPolicy != admissionv1.Equivalent {
				t.Errorf("%s: %v %v", id, *p.Spec.FailurePolicy, *p.Spec.MatchConstraints.MatchPolicy)
			}
		case "ValidatingAdmissionPolicyBinding":
			b := decode[admissionv1.ValidatingAdmissionPolicyBinding](t, m)
			if !names["ValidatingAdmissionPolicy "+b.Spec.PolicyName] {
				t.Errorf("%s: no policy %s before it", id, b.Spec.PolicyName)
			}
			if len(b.Spec.ValidationActions) != 1 || b.Spec.ValidationActions[0] != admissionv1.Deny {
				t.Errorf("%s: %v", id, b.Spec.ValidationActions)
			}
		default:
			t.Errorf("unexpected %s", id)
		}
	}
	for _, want := range []string{"ClusterRole tenantry-platform", "ClusterRole tenantry-view-0123456789", "ValidatingAdmissionPolicy " + gateName} {
		if !names[want] {
			t.Errorf("no %s", want)
		}
	}
}

func TestEqualPlatformsGiveEqualBytes(t *testing.T) {
	a, b := manifest.AppendDocuments(nil, admission.Platform(platform())...), manifest.AppendDocuments(nil, admission.Platform(platform())...)
	if string(a) != string(b) {
		t.Error("two renderings differ")
	}
}
