package flux

import (
	"context"
	"fmt"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/tenantry/tenantry/render/engine/gitops"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
)

var (
	kustomizationKind = kschema.GroupKind{Group: kustomizev1.GroupVersion.Group, Kind: kustomizev1.KustomizationKind}
	gitKind           = kschema.GroupKind{Group: sourcev1.GroupVersion.Group, Kind: sourcev1.GitRepositoryKind}
	ociKind           = kschema.GroupKind{Group: sourcev1.GroupVersion.Group, Kind: sourcev1.OCIRepositoryKind}
)

// Applier returns the kind of what applies a part of the output.
func (Engine) Applier() kschema.GroupKind { return kustomizationKind }

// Observed returns the kinds of Flux's objects that have a status.
func (Engine) Observed() []kschema.GroupKind {
	return []kschema.GroupKind{kustomizationKind, gitKind, ociKind}
}

// Reach reads how Flux reaches a physical cluster from the Kustomization that
// applies its platform.
func (Engine) Reach(platform *unstructured.Unstructured) gitops.Reach {
	r := gitops.Reach{Namespace: platform.GetNamespace(), Here: true}
	if ref := decode[kustomizev1.Kustomization](platform).Spec.KubeConfig; ref != nil && ref.SecretRef != nil {
		r.Here, r.Secret, r.Key = false, ref.SecretRef.Name, ref.SecretRef.Key
	}
	return r
}

// Kubeconfig returns the kubeconfig that Flux uses, nil where it uses none.
func (Engine) Kubeconfig(ctx context.Context, secrets gitops.Secrets, _ string, r gitops.Reach) (*gitops.Kubeconfig, error) {
	if r.Secret == "" {
		return nil, nil
	}
	from := "secret " + r.Namespace + "/" + r.Secret
	secret, err := secrets.Get(ctx, r.Namespace, r.Secret)
	if err != nil {
		return nil, fmt.Errorf("%s, which holds its kubeconfig: %w", from, err)
	}
	keys := []string{r.Key}
	if r.Key == "" {
		keys = []string{"value", "value.yaml"} // as kustomize-controller looks for it
	}
	for _, key := range keys {
		data, found := secret.Data[key]
		if !found {
			continue
		}
		config, err := clientcmd.Load(data)
		if err != nil {
			return nil, fmt.Errorf("%s: it is no kubeconfig: %w", from, err)
		}
		return &gitops.Kubeconfig{From: from, Config: config}, nil
	}
	return nil, fmt.Errorf("%s has no key %s", from, keys[0])
}

// ReadsFrom returns the source that a Kustomization reads; the zero values for
// other objects.
func (Engine) ReadsFrom(o *unstructured.Unstructured) (kind kschema.GroupKind, name string) {
	if o.GroupVersionKind().GroupKind() != kustomizationKind {
		return kind, ""
	}
	ref := decode[kustomizev1.Kustomization](o).Spec.SourceRef
	return kschema.GroupKind{Group: sourcev1.GroupVersion.Group, Kind: ref.Kind}, ref.Name
}

// Status reads the status of an object; see "Status" of the documentation of
// kustomize-controller and source-controller. source is what a Kustomization reads,
// nil where it is not there.
func (Engine) Status(o, source *unstructured.Unstructured, commit string) gitops.Status {
	if o.GroupVersionKind().GroupKind() == kustomizationKind {
		k := decode[kustomizev1.Kustomization](o)
		published := ""
		if source != nil {
			published = artifactOf(source)
		}
		return conditions{&k.ObjectMeta, k.Spec.Suspend, k.Status.ObservedGeneration, k.Status.Conditions}.
			status(k.Status.LastAppliedRevision).Await(published, commit)
	}
	if o.GroupVersionKind().GroupKind() == ociKind {
		r := decode[sourcev1.OCIRepository](o)
		return conditions{&r.ObjectMeta, r.Spec.Suspend, r.Status.ObservedGeneration, r.Status.Conditions}.status(artifactOf(o))
	}
	r := decode[sourcev1.GitRepository](o)
	return conditions{&r.ObjectMeta, r.Spec.Suspend, r.Status.ObservedGeneration, r.Status.Conditions}.status(artifactOf(o))
}

// artifactOf returns the revision that a source has; empty where it has none yet.
func artifactOf(source *unstructured.Unstructured) string {
	var artifact *meta.Artifact
	if source.GroupVersionKind().GroupKind() == ociKind {
		artifact = decode[sourcev1.OCIRepository](source).Status.Artifact
	} else {
		artifact = decode[sourcev1.GitRepository](source).Status.Artifact
	}
	if artifact == nil {
		return ""
	}
	return artifact.Revision
}

// conditions are what all of Flux's objects say in the same way.
type conditions struct {
	meta      *metav1.ObjectMeta
	suspended bool
	observed  int64
	all       []metav1.Condition
}

// status returns what the conditions say of an object that is at a revision.
func (c conditions) status(revision string) gitops.Status {
	state, reason := c.state()
	return gitops.Status{State: state, Reason: reason, Revision: revision}
}

func (c conditions) state() (gitops.State, string) {
	ready, stalled := c.find(meta.ReadyCondition), c.find(meta.StalledCondition)
	switch {
	case c.meta.DeletionTimestamp != nil:
		return gitops.Progressing, "it is being deleted"
	case c.suspended:
		return gitops.Failed, "it is suspended, so nothing is applied"
	case stalled.Status == metav1.ConditionTrue:
		return gitops.Failed, gitops.Said(stalled.Reason, stalled.Message)
	case ready.Status == metav1.ConditionFalse && ready.Reason == meta.DependencyNotReadyReason:
		return gitops.Progressing, gitops.Said(ready.Reason, ready.Message)
	case ready.Status == metav1.ConditionFalse && ready.Reason != meta.ProgressingReason:
		return gitops.Failed, gitops.Said(ready.Reason, ready.Message)
	case ready.Status == "":
		return gitops.Progressing, "Flux has not come to it yet"
	case ready.Status != metav1.ConditionTrue:
		return gitops.Progressing, gitops.Said(ready.Reason, ready.Message)
	case c.observed != c.meta.Generation:
		return gitops.Progressing, "Flux has not seen its latest form yet"
	}
	return gitops.Ready, ""
}

// find returns a condition; the zero value where there is none of the type.
func (c conditions) find(kind string) metav1.Condition {
	if found := apimeta.FindStatusCondition(c.all, kind); found != nil {
		return *found
	}
	return metav1.Condition{}
}

// decode reads an object. Of one whose status is not of its type it reads all else.
func decode[T any](o *unstructured.Unstructured) *T {
	out := new(T)
	if runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, out) == nil {
		return out
	}
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "status")
	out = new(T)
	if runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, out) != nil {
		return new(T)
	}
	return out
}
