package flux

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

func live(t testing.TB, o runtime.Object) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: content}
}

func liveKustomization(change func(*kustomizev1.Kustomization)) *kustomizev1.Kustomization {
	k := &kustomizev1.Kustomization{TypeMeta: metav1.TypeMeta{APIVersion: kustomizev1.GroupVersion.String(), Kind: kustomizev1.KustomizationKind}}
	k.Generation, k.Status.ObservedGeneration = 2, 2
	k.Status.LastAppliedRevision = "main@sha1:aaaaaaaaaa"
	k.Status.Conditions = []metav1.Condition{{Type: meta.ReadyCondition, Status: metav1.ConditionTrue}}
	change(k)
	return k
}

// What a Kustomization says of itself, and what is made of it.
func TestStatus(t *testing.T) {
	condition := func(kind string, status metav1.ConditionStatus, reason string) func(*kustomizev1.Kustomization) {
		return func(k *kustomizev1.Kustomization) {
			k.Status.Conditions = []metav1.Condition{{Type: kind, Status: status, Reason: reason, Message: "because"}}
		}
	}
	for name, c := range map[string]struct {
		change func(*kustomizev1.Kustomization)
		state  gitops.State
		reason string
	}{
		"ready":      {func(*kustomizev1.Kustomization) {}, gitops.Ready, ""},
		"new":        {func(k *kustomizev1.Kustomization) { k.Status.Conditions = nil }, gitops.Progressing, "Flux has not come to it yet"},
		"old form":   {func(k *kustomizev1.Kustomization) { k.Generation = 3 }, gitops.Progressing, "Flux has not seen its latest form yet"},
		"suspended":  {func(k *kustomizev1.Kustomization) { k.Spec.Suspend = true }, gitops.Failed, "it is suspended, so nothing is applied"},
		"deleted":    {func(k *kustomizev1.Kustomization) { k.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }, gitops.Progressing, "it is being deleted"},
		"stalled":    {condition(meta.StalledCondition, metav1.ConditionTrue, "Stuck"), gitops.Failed, "Stuck: because"},
		"failed":     {condition(meta.ReadyCondition, metav1.ConditionFalse, meta.ReconciliationFailedReason), gitops.Failed, meta.ReconciliationFailedReason + ": because"},
		"under way":  {condition(meta.ReadyCondition, metav1.ConditionFalse, meta.ProgressingReason), gitops.Progressing, meta.ProgressingReason + ": because"},
		"dependency": {condition(meta.ReadyCondition, metav1.ConditionFalse, meta.DependencyNotReadyReason), gitops.Progressing, meta.DependencyNotReadyReason + ": because"},
		"unknown":    {condition(meta.ReadyCondition, metav1.ConditionUnknown, "Why"), gitops.Progressing, "Why: because"},
		"other revision": {func(k *kustomizev1.Kustomization) { k.Status.LastAppliedRevision = "main@sha1:bbbbbbbbbb" }, gitops.Progressing,
			"it has applied main@bbbbbbb, and main@aaaaaaa is to come"},
	} {
		source := &sourcev1.GitRepository{TypeMeta: metav1.TypeMeta{APIVersion: sourcev1.GroupVersion.String(), Kind: sourcev1.GitRepositoryKind}}
		source.Status.Artifact = &meta.Artifact{Revision: "main@sha1:aaaaaaaaaa"}
		have := Engine{}.Status(live(t, liveKustomization(c.change)), live(t, source), "")
		if have.State != c.state || have.Reason != c.reason {
			t.Errorf("%s: %+v, want %s, %q", name, have, c.state, c.reason)
		}
	}
}

// A status of another shape than Flux's hides nothing else of an object.
func TestStatusOfOtherShape(t *testing.T) {
	o := live(t, liveKustomization(func(k *kustomizev1.Kustomization) { k.Spec.Suspend = true }))
	o.Object["status"] = "none"
	if have := (Engine{}).Status(o, nil, ""); have.State != gitops.Failed {
		t.Errorf("%+v", have)
	}
}

func testCluster(kind string) *gitops.Cluster {
	return &gitops.Cluster{
		Name: "eu-1", Engine: "flux", CRDs: true, Kubeconfig: &schema.SecretKey{Secret: "eu-1", Key: "config"},
		Settings: schema.GitOps{Namespace: "flux-system", Interval: "5m",
			Source: schema.GitOpsSource{Kind: kind, URL: "git@git.acme.example:platform/rendered", Branch: "live", Path: "sub"}},
	}
}

// typed reads an object strictly as one of Flux's types.
func typed[T any](t testing.TB, o manifest.Map) *T {
	t.Helper()
	out := new(T)
	if err := yaml.UnmarshalStrict(manifest.AppendJSON(nil, o), out); err != nil {
		t.Fatalf("%v: %s", err, manifest.AppendJSON(nil, o))
	}
	return out
}

// Every Kustomization prunes what vanishes from its directory and orphans what it
// applied; those of the physical cluster go there, the others stay here.
func TestKustomizations(t *testing.T) {
	for _, kind := range []string{"git", "oci"} {
		c := testCluster(kind)
		remote := map[string]bool{c.CRDsName(): true, c.PlatformName(): true, c.TenantsName("c0001"): true}
		objects := append((Engine{}).Platform(c), (Engine{}).Tenants(c, "c0001")...)
		objects = append(objects, append((Engine{}).Group(c, "c01"), (Engine{}).Root(c)[1])...)
		if len(objects) != 6 {
			t.Fatalf("%d objects", len(objects))
		}
		for _, o := range objects {
			k := typed[kustomizev1.Kustomization](t, o)
			if !k.Spec.Prune || k.Spec.DeletionPolicy != kustomizev1.DeletionPolicyOrphan || len(k.Spec.DependsOn) > 0 || k.Namespace != "flux-system" {
				t.Errorf("%s: %+v", k.Name, k.Spec)
			}
			if there := k.Spec.KubeConfig != nil; there != remote[k.Name] || k.Spec.Wait != there {
				t.Errorf("%s is applied to the physical cluster: %v", k.Name, there)
			}
			if !strings.HasPrefix(k.Spec.Path, "./sub/") || k.Spec.SourceRef.Name != c.RootName() {
				t.Errorf("%s reads %s of %s", k.Name, k.Spec.Path, k.Spec.SourceRef.Name)
			}
			from, name := Engine{}.ReadsFrom(live(t, k))
			if want := map[string]string{"git": sourcev1.GitRepositoryKind, "oci": sourcev1.OCIRepositoryKind}[kind]; from.Kind != want || name != c.RootName() {
				t.Errorf("%s reads from %s %s, want a %s", k.Name, from.Kind, name, want)
			}
		}
		reach := Engine{}.Reach(live(t, typed[kustomizev1.Kustomization](t, (Engine{}).Platform(c)[1])))
		if want := (gitops.Reach{Namespace: "flux-system", Secret: "eu-1", Key: "config"}); reach != want {
			t.Errorf("the platform is reached by %+v, want %+v", reach, want)
		}
	}
	git := typed[sourcev1.GitRepository](t, (Engine{}).Root(testCluster("git"))[0])
	if git.Spec.URL != "ssh://git@git.acme.example/platform/rendered" || git.Spec.Reference.Branch != "live" {
		text, _ := json.Marshal(git.Spec)
		t.Errorf("the source is %s", text)
	}
}

// secrets are those of one namespace.
type secrets map[string]map[string][]byte

func (s secrets) Get(_ context.Context, _, name string) (*corev1.Secret, error) {
	if data, ok := s[name]; ok {
		return &corev1.Secret{Data: data}, nil
	}
	return nil, errors.New("not found")
}

func (secrets) List(context.Context, string, string) ([]corev1.Secret, error) { return nil, nil }

// A kubeconfig is found where kustomize-controller looks for it.
func TestKubeconfig(t *testing.T) {
	config := []byte("apiVersion: v1\nkind: Config\ncurrent-context: here\n")
	for name, c := range map[string]struct {
		data map[string][]byte
		key  string
		want string // a part of the error
	}{
		"key":            {map[string][]byte{"config": config, "value": []byte("{")}, "config", ""},
		"value":          {map[string][]byte{"value": config, "value.yaml": []byte("{")}, "", ""},
		"value.yaml":     {map[string][]byte{"value.yaml": config}, "", ""},
		"missing key":    {map[string][]byte{"value": config}, "config", "has no key config"},
		"no default":     {map[string][]byte{"other": config}, "", "has no key value"},
		"no kubeconfig":  {map[string][]byte{"value": []byte("{")}, "", "it is no kubeconfig"},
		"missing secret": {nil, "", "not found"},
	} {
		s := secrets{}
		if c.data != nil {
			s["eu-1"] = c.data
		}
		have, err := Engine{}.Kubeconfig(t.Context(), s, "eu-1", gitops.Reach{Namespace: "flux-system", Secret: "eu-1", Key: c.key})
		switch {
		case c.want == "" && (err != nil || have.Config.CurrentContext != "here" || have.From != "secret flux-system/eu-1"):
			t.Errorf("%s: %v, %v", name, have, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if have, err := (Engine{}).Kubeconfig(t.Context(), secrets{}, "eu-1", gitops.Reach{}); have != nil || err != nil {
		t.Errorf("of its own cluster: %v, %v", have, err)
	}
}
