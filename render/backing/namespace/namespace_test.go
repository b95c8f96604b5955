package namespace_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/backing/namespace"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

func prod() *desired.State {
	return &desired.State{
		Key: "acme/payments/prod", Organization: "acme/payments", Cluster: "eu-1", Cut: "c0001", Backing: "namespace",
		Labels: map[string]string{"env": "prod", "cost-centre": "0815"}, Network: "logical-cluster",
		DNS:         &desired.DNS{Namespace: "kube-system", Labels: []desired.Label{{Key: "k8s-app", Value: "kube-dns"}}},
		PodSecurity: "baseline", Minor: 36,
		Containers: &desired.Containers{DefaultRequest: quota.Quota{{Resource: "cpu", Quantity: resource.MustParse("100m")}, {Resource: "memory", Quantity: resource.MustParse("128Mi")}},
			Default: quota.Quota{{Resource: "memory", Quantity: resource.MustParse("256Mi")}}},
		Namespaces: []desired.Namespace{
			{Name: "api", Physical: "acme-payments-prod-api", Hard: quota.Quota{{Resource: "requests.cpu", Quantity: resource.MustParse("16")}, {Resource: "requests.memory", Quantity: resource.MustParse("64Gi")}}},
			{Name: "jobs", Physical: "acme-payments-prod-jobs"},
			{Name: "old", Physical: "acme-payments-prod-old", Hard: quota.Quota{{Resource: "pods", Quantity: resource.MustParse("0")}}, Retired: true},
		},
		Grants: []desired.Grant{
			{Kind: "Group", Subject: "payments-devs", Role: "edit"},
			{Kind: "ServiceAccount", SubjectNamespace: "ci", Subject: "runner", Role: "view"},
		},
		Roles: desired.Roles{View: "tenantry-view-1", Edit: "tenantry-edit-1", Admin: "tenantry-admin-1"}, Gate: "tenantry-apis-1",
		Source:    &desired.Source{Repo: "https://git.example/payments", Path: "prod", Branch: "main", Role: "edit", Namespace: "acme-payments-prod-api"},
		Deployers: "tenantry-system", Engine: "flux",
	}
}

// lower returns the objects of a state, for any of the engines to apply.
func lower(s *desired.State) []manifest.Map {
	return namespace.Backing{}.Lower(s, engine.BuiltIn().Rows())
}

func size(s *desired.State) int { return namespace.Backing{}.Size(s) }

func text(s *desired.State) string { return string(manifest.AppendDocuments(nil, lower(s)...)) }

// TestLower compares with testdata; UPDATE_GOLDEN=1 writes it anew.
func TestLower(t *testing.T) {
	confirmed := prod()
	confirmed.Phase = pins.Confirmed
	confirmed.Source = nil
	frozen := prod()
	frozen.Frozen = true
	frozen.Network = "open"
	frozen.Grants = nil
	frozen.Namespaces = frozen.Namespaces[:1]
	for name, s := range map[string]*desired.State{"present": prod(), "confirmed": confirmed, "frozen": frozen} {
		t.Run(name, func(t *testing.T) {
			file := "testdata/" + name + ".yaml"
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(text(s)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text(s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// decode reads an object as kubectl's strict decoding does.
func decode(t testing.TB, m manifest.Map) metav1.Object {
	t.Helper()
	var out metav1.Object
	switch m.Get("kind") {
	case "Namespace":
		out = new(corev1.Namespace)
	case "ResourceQuota":
		out = new(corev1.ResourceQuota)
	case "LimitRange":
		out = new(corev1.LimitRange)
	case "ServiceAccount":
		out = new(corev1.ServiceAccount)
	case "NetworkPolicy":
		out = new(networkingv1.NetworkPolicy)
	case "RoleBinding":
		out = new(rbacv1.RoleBinding)
	default:
		t.Fatalf("unexpected kind %v", m.Get("kind"))
	}
	if err := yaml.UnmarshalStrict(manifest.AppendYAML(nil, m, 0), out); err != nil {
		t.Fatalf("%v: %v", m.Get("metadata", "name"), err)
	}
	return out
}

func policyOf(t testing.TB, s *desired.State) *networkingv1.NetworkPolicy {
	for _, m := range lower(s) {
		if m.Get("kind") == "NetworkPolicy" {
			return decode(t, m).(*networkingv1.NetworkPolicy)
		}
	}
	t.Fatal("no NetworkPolicy")
	return nil
}

func labelsOf(t testing.TB, s *desired.State) labels.Set {
	return labels.Set(decode(t, lower(s)[0]).GetLabels())
}

// reaches reports whether pods of one logical cluster may talk to those of another.
func reaches(t testing.TB, from, to *desired.State) bool {
	selects := func(peers []networkingv1.NetworkPolicyPeer, ns labels.Set) bool {
		return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
			sel, err := metav1.LabelSelectorAsSelector(p.NamespaceSelector)
			if err != nil {
				t.Fatal(err)
			}
			return sel.Matches(ns)
		})
	}
	leaves := slices.ContainsFunc(policyOf(t, from).Spec.Egress, func(r networkingv1.NetworkPolicyEgressRule) bool {
		return len(r.Ports) == 0 && selects(r.To, labelsOf(t, to))
	})
	enters := slices.ContainsFunc(policyOf(t, to).Spec.Ingress, func(r networkingv1.NetworkPolicyIngressRule) bool {
		return selects(r.From, labelsOf(t, from))
	})
	return leaves && enters
}

func TestNetworkStances(t *testing.T) {
	at := func(key string, stance schema.Network) *desired.State {
		s := prod()
		s.Key, s.Organization, s.Network = key, schema.Key(key).Organization(), stance
		return s
	}
	for _, c := range []struct {
		stance schema.Network
		want   string // those of the others that prod reaches
	}{
		{"closed", ""},
		{"logical-cluster", "acme/pay/prod"},
		{"organization", "acme/pay/prod acme/pay/test acme/pay/cards/prod"},
		{"open", "acme/pay/prod acme/pay/test acme/pay/cards/prod acme/other/prod acme/pay2/prod"},
		{"from a later version of the schema", ""},
	} {
		var got []string
		for _, key := range []string{"acme/pay/prod", "acme/pay/test", "acme/pay/cards/prod", "acme/other/prod", "acme/pay2/prod"} {
			peer := at(key, c.stance)
			if key == "acme/pay/cards/prod" {
				peer.Network = "open" // what matters here is what acme/pay lets through
			}
			if reaches(t, at("acme/pay/prod", c.stance), peer) {
				got = append(got, key)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s reaches %q, want %q", c.stance, got, c.want)
		}
		p := policyOf(t, at("acme/pay/prod", c.stance))
		if len(p.Spec.PolicyTypes) != 2 {
			t.Errorf("%s: policy types %v", c.stance, p.Spec.PolicyTypes)
		}
		dns := slices.ContainsFunc(p.Spec.Egress, func(r networkingv1.NetworkPolicyEgressRule) bool {
			return len(r.To) == 0 || r.To[0].NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"] == "kube-system" &&
				r.To[0].PodSelector.MatchLabels["k8s-app"] == "kube-dns" && len(r.Ports) == 2
		})
		if !dns {
			t.Errorf("%s: no DNS", c.stance)
		}
	}
	if reaches(t, at("acme/pay/prod", "organization"), at("acme/pay/prod", "closed")) {
		t.Error("a closed one is reached")
	}
}

// A RoleBinding's roleRef can't be changed, so its name must.
func TestBindingsAreNamedAfterWhatTheyBind(t *testing.T) {
	bindings := func(s *desired.State) map[string]string {
		out := map[string]string{}
		for _, m := range lower(s) {
			if m.Get("kind") == "RoleBinding" && m.Get("metadata", "namespace") == s.Namespaces[0].Physical {
				out[m.Get("metadata", "name").(string)] = m.Get("roleRef", "name").(string)
			}
		}
		return out
	}
	before := bindings(prod())
	if len(before) != 3 {
		t.Fatalf("bindings: %v", before)
	}
	for name, change := range map[string]func(*desired.State){
		"the role's content": func(s *desired.State) { s.Roles = desired.Roles{View: "tenantry-view-2", Edit: "tenantry-edit-2"} },
		"the grant's role": func(s *desired.State) {
			s.Grants[0].Role, s.Grants[1].Role, s.Source.Role = "admin", "admin", "admin"
		},
	} {
		s := prod()
		change(s)
		after := bindings(s)
		if len(after) != 3 {
			t.Errorf("%s: %v", name, after)
		}
		for n := range after {
			if before[n] != "" {
				t.Errorf("%s changes, the name %s stays", name, n)
			}
		}
	}
	s := prod()
	s.Labels, s.Frozen, s.Network = nil, true, "open"
	if diff := cmp.Diff(before, bindings(s)); diff != "" {
		t.Error("names follow from something else:", diff)
	}
}

// checkObjects holds for the objects of any state.
func checkObjects(t testing.TB, s *desired.State) {
	t.Helper()
	objects := lower(s)
	if len(objects) != size(s) {
		t.Errorf("%d objects, Size %d", len(objects), size(s))
	}
	common := map[string]string{"app.kubernetes.io/managed-by": "tenantry",
		"tenantry.dev/logical-cluster": desired.LabelValue(s.Key), "tenantry.dev/organization": desired.LabelValue(string(s.Organization))}
	for org := range s.Organization.Up() {
		common["org.tenantry.dev/"+desired.LabelValue(string(org))] = "true"
	}
	seen := map[string]bool{}
	for _, m := range objects {
		o := decode(t, m)
		id := fmt.Sprint(m.Get("kind"), " ", o.GetNamespace(), "/", o.GetName())
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if errs := validation.IsDNS1123Subdomain(o.GetName()); errs != nil {
			t.Errorf("%s: %v", id, errs)
		}
		for k, v := range common {
			if o.GetLabels()[k] != v {
				t.Errorf("%s: label %s is %q, want %q", id, k, o.GetLabels()[k], v)
			}
		}
		for k, v := range o.GetLabels() {
			if errs := slices.Concat(validation.IsQualifiedName(k), validation.IsValidLabelValue(v)); errs != nil {
				t.Errorf("%s: label %s: %q: %v", id, k, v, errs)
			}
		}
		a := o.GetAnnotations()
		confirmed := s.Phase == pins.Confirmed
		access := m.Get("kind") == "RoleBinding" || m.Get("kind") == "ServiceAccount"
		for _, engine := range []bool{a["kustomize.toolkit.fluxcd.io/prune"] == "disabled", a["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"} {
			if engine == (confirmed || access) || (a["tenantry.dev/deletion"] == "confirmed") != confirmed {
				t.Errorf("%s in phase %q: annotations %v", id, s.Phase, a)
			}
		}
		switch m.Get("kind") {
		case "Namespace":
			for k, v := range s.Labels {
				if o.GetLabels()["label.tenantry.dev/"+k] != v {
					t.Errorf("%s: labels %v", id, o.GetLabels())
				}
			}
			if a["tenantry.dev/logical-cluster"] != s.Key || o.GetLabels()["tenantry.dev/api-gate"] != s.Gate ||
				(o.GetLabels()["tenantry.dev/state"] == "frozen") != s.Frozen {
				t.Errorf("%s: labels %v, annotations %v", id, o.GetLabels(), a)
			}
		case "ServiceAccount":
		default:
			if !strings.HasPrefix(o.GetName(), "tenantry-") {
				t.Errorf("%s: a tenant could take that name", id)
			}
		}
		if b, ok := o.(*rbacv1.RoleBinding); ok && len(b.Subjects) != 1 {
			t.Errorf("%s: subjects %v", id, b.Subjects)
		}
	}
}

func TestObjects(t *testing.T) {
	for _, phase := range []pins.Phase{pins.Present, pins.Leaving, pins.Confirmed} {
		s := prod()
		s.Phase = phase
		checkObjects(t, s)
	}
}

// What is never pruned must always be there: left out, it would stay as it last
// was, and a quota that was lifted would hold for ever.
func TestWhatIsNeverPrunedIsAlwaysThere(t *testing.T) {
	kept := func(s *desired.State) (out []string) {
		for _, m := range lower(s) {
			if o := decode(t, m); o.GetAnnotations()["kustomize.toolkit.fluxcd.io/prune"] == "disabled" {
				out = append(out, fmt.Sprint(m.Get("kind"), " ", o.GetNamespace(), "/", o.GetName()))
			}
		}
		return out
	}
	rich, bare := prod(), prod()
	for i := range bare.Namespaces {
		bare.Namespaces[i].Hard = nil
	}
	bare.Containers, bare.Grants, bare.Source, bare.Network = &desired.Containers{}, nil, nil, "open"
	if diff := cmp.Diff(kept(rich), kept(bare)); diff != "" {
		t.Error(diff)
	}
}

func TestRetiredNamespacesAreClosed(t *testing.T) {
	s := prod()
	s.Network = "open"
	for _, m := range lower(s) {
		if m.Get("metadata", "namespace") != "acme-payments-prod-old" {
			continue
		}
		switch o := decode(t, m).(type) {
		case *rbacv1.RoleBinding:
			t.Errorf("access: %s", o.Name)
		case *networkingv1.NetworkPolicy:
			if len(o.Spec.Ingress) != 0 || len(o.Spec.Egress) != 1 || len(o.Spec.Egress[0].Ports) != 2 {
				t.Errorf("network: %+v", o.Spec)
			}
		case *corev1.ResourceQuota:
			if pods := o.Spec.Hard[corev1.ResourcePods]; !pods.IsZero() || len(o.Spec.Hard) != 1 {
				t.Errorf("quota: %v", slices.Sorted(maps.Keys(o.Spec.Hard)))
			}
		}
	}
}
