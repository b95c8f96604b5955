package flux

import (
	"strings"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/tenantry/tenantry/internal/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What follows writes the fields of Flux's types that are used here, in an order that
// does not depend on the version of the types. A spec has its interval beside it, as
// the tenancy repo has it: Flux's type would write 90m as 1h30m0s.

func kustomizationSpec(s *kustomizev1.KustomizationSpec, interval string) manifest.Map {
	return manifest.M(
		"interval", interval,
		"retryInterval", duration(s.RetryInterval),
		"timeout", duration(s.Timeout),
		"sourceRef", manifest.M("kind", s.SourceRef.Kind, "name", s.SourceRef.Name),
		"path", s.Path,
		"targetNamespace", s.TargetNamespace,
		"serviceAccountName", s.ServiceAccountName,
		"kubeConfig", kubeConfigReference(s.KubeConfig),
		"prune", s.Prune,
		"deletionPolicy", s.DeletionPolicy,
		"wait", s.Wait,
		"force", s.Force,
	).Compact()
}

func gitRepositorySpec(s *sourcev1.GitRepositorySpec, interval string) manifest.Map {
	return manifest.M(
		"interval", interval,
		"url", s.URL,
		"ref", manifest.M("branch", s.Reference.Branch),
		"secretRef", secretReference(s.SecretRef),
		"sparseCheckout", s.SparseCheckout,
	).Compact()
}

func ociRepositorySpec(s *sourcev1.OCIRepositorySpec, interval string) manifest.Map {
	return manifest.M(
		"interval", interval,
		"url", s.URL,
		"ref", manifest.M("tag", s.Reference.Tag),
		"secretRef", secretReference(s.SecretRef),
	).Compact()
}

func kubeConfigReference(r *meta.KubeConfigReference) manifest.Map {
	if r == nil {
		return nil
	}
	return manifest.M("secretRef", manifest.M("name", r.SecretRef.Name, "key", r.SecretRef.Key).Compact())
}

func secretReference(r *meta.LocalObjectReference) manifest.Map {
	if r == nil {
		return nil
	}
	return manifest.M("name", r.Name)
}

// duration writes whole minutes without seconds.
func duration(d *metav1.Duration) string { return strings.TrimSuffix(d.Duration.String(), "0s") }
