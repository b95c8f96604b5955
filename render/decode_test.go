package render_test

import (
	"context"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/render/rendertest"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func renderFiles(r *repo) (map[string]string, error) {
	files, err := rendertest.Files(context.Background(), r.input())
	out := map[string]string{}
	for path, data := range files {
		out[path] = string(data)
	}
	return out, err
}

// object is one as it was written.
type object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	text              string
}

func documents(t *testing.T, name, data string) []object {
	t.Helper()
	rest, ok := strings.CutPrefix(data, outdir.Header)
	if !ok {
		t.Errorf("%s does not begin with the header", name)
	}
	var out []object
	for _, text := range strings.Split(rest, "\n---\n") {
		d := object{text: text}
		if err := yaml.Unmarshal([]byte(text), &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, d)
	}
	return out
}

func resources(t *testing.T, data string) []string {
	t.Helper()
	var k struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Resources  []string `json:"resources"`
	}
	if err := yaml.UnmarshalStrict([]byte(data), &k); err != nil {
		t.Fatal(err)
	}
	return k.Resources
}

// TestObjectsDecode decodes every object strictly into the type that its reader
// has for it.
func TestObjectsDecode(t *testing.T) {
	r := small()
	oci := small()
	oci.t.Settings.GitOps.Source.Kind = "oci"
	oci.t.Settings.GitOps.Source.URL = "oci://registry.example.com/rendered"
	seen := map[string]int{}
	for _, files := range []map[string]string{r.files(t), oci.files(t)} {
		for _, name := range sortedKeys(files) {
			if !strings.HasPrefix(name, "clusters/") && !strings.HasPrefix(name, "gitops/") || strings.HasSuffix(name, "/kustomization.yaml") {
				continue
			}
			for _, d := range documents(t, name, files[name]) {
				into := typeOf(d.APIVersion + " " + d.Kind)
				if into == nil {
					t.Errorf("%s: nothing reads %s %s", name, d.APIVersion, d.Kind)
					continue
				}
				if err := yaml.UnmarshalStrict([]byte(d.text), into); err != nil {
					t.Errorf("%s: %s %s: %v", name, d.Kind, d.Name, err)
				}
				if d.Labels["app.kubernetes.io/managed-by"] != "tenantry" {
					t.Errorf("%s: %s %s is not marked as ours", name, d.Kind, d.Name)
				}
				seen[d.Kind]++
			}
		}
	}
	for _, kind := range []string{"Namespace", "ServiceAccount", "ConfigMap", "CustomResourceDefinition", "GitRepository", "OCIRepository", "Kustomization", "AppProject", "Application", "LogicalCluster"} {
		if seen[kind] == 0 {
			t.Errorf("no %s among the objects", kind)
		}
	}
}

func typeOf(kind string) any {
	switch kind {
	case "v1 Namespace":
		return &corev1.Namespace{}
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "v1 ServiceAccount":
		return &corev1.ServiceAccount{}
	case "v1 ResourceQuota":
		return &corev1.ResourceQuota{}
	case "v1 LimitRange":
		return &corev1.LimitRange{}
	case "networking.k8s.io/v1 NetworkPolicy":
		return &networkingv1.NetworkPolicy{}
	case "rbac.authorization.k8s.io/v1 ClusterRole":
		return &rbacv1.ClusterRole{}
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		return &rbacv1.RoleBinding{}
	case "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy":
		return &admissionv1.ValidatingAdmissionPolicy{}
	case "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding":
		return &admissionv1.ValidatingAdmissionPolicyBinding{}
	case "apiextensions.k8s.io/v1 CustomResourceDefinition":
		return &apiextensionsv1.CustomResourceDefinition{}
	case "source.toolkit.fluxcd.io/v1 GitRepository":
		return &sourcev1.GitRepository{}
	case "source.toolkit.fluxcd.io/v1 OCIRepository":
		return &sourcev1.OCIRepository{}
	case "kustomize.toolkit.fluxcd.io/v1 Kustomization":
		return &kustomizev1.Kustomization{}
	case "argoproj.io/v1alpha1 AppProject":
		return &appProject{}
	case "argoproj.io/v1alpha1 Application":
		return &application{}
	case "tenantry.dev/v1alpha1 LogicalCluster":
		return &map[string]any{} // TestDefinition reads it by its schema
	}
	return nil
}

// What Argo CD's CRDs have of the fields that are rendered.
type appProject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Description                string              `json:"description"`
		SourceRepos                []string            `json:"sourceRepos"`
		Destinations               []destination       `json:"destinations"`
		ClusterResourceWhitelist   *[]metav1.GroupKind `json:"clusterResourceWhitelist"`
		NamespaceResourceWhitelist []metav1.GroupKind  `json:"namespaceResourceWhitelist"`
		NamespaceResourceBlacklist []metav1.GroupKind  `json:"namespaceResourceBlacklist"`
		DestinationServiceAccounts []struct {
			Server                string `json:"server"`
			Namespace             string `json:"namespace"`
			DefaultServiceAccount string `json:"defaultServiceAccount"`
		} `json:"destinationServiceAccounts"`
	} `json:"spec"`
}

type destination struct {
	Name      string `json:"name"`
	Server    string `json:"server"`
	Namespace string `json:"namespace"`
}

type application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Project string `json:"project"`
		Source  struct {
			RepoURL        string `json:"repoURL"`
			TargetRevision string `json:"targetRevision"`
			Path           string `json:"path"`
			Directory      *struct {
				Recurse bool   `json:"recurse"`
				Exclude string `json:"exclude"`
			} `json:"directory"`
		} `json:"source"`
		Destination destination `json:"destination"`
		SyncPolicy  struct {
			Automated struct {
				Prune    bool `json:"prune"`
				SelfHeal bool `json:"selfHeal"`
			} `json:"automated"`
			SyncOptions []string `json:"syncOptions"`
			Retry       struct {
				Limit   int64 `json:"limit"`
				Refresh bool  `json:"refresh"`
				Backoff struct {
					Duration    string `json:"duration"`
					Factor      *int64 `json:"factor"`
					MaxDuration string `json:"maxDuration"`
				} `json:"backoff"`
			} `json:"retry"`
		} `json:"syncPolicy"`
	} `json:"spec"`
}
