package status

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kustomization reads the status of a Kustomization, see "Kustomization, Status"
// of kustomize-controller's documentation.
func (e *engines) kustomization(o, source *unstructured.Unstructured, commit string) Part {
	p := Part{Revision: text(o, "status", "lastAppliedRevision")}
	if p.State, p.Reason = fluxState(o); p.State != Ready {
		return p
	}
	published := ""
	if source != nil {
		published = text(source, "status", "artifact", "revision")
	}
	if why := behind(p.Revision, published, commit); why != "" {
		p.State, p.Reason = Progressing, why
	}
	return p
}

// source reads the status of a source.
func (e *engines) source(o, _ *unstructured.Unstructured, _ string) Part {
	p := Part{Revision: text(o, "status", "artifact", "revision")}
	p.State, p.Reason = fluxState(o)
	return p
}

// fluxState is what the conditions of an object of Flux say.
func fluxState(o *unstructured.Unstructured) (State, string) {
	ready, stalled := conditionOf(o, "Ready"), conditionOf(o, "Stalled")
	observed, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend")
	switch {
	case o.GetDeletionTimestamp() != nil:
		return Progressing, "it is being deleted"
	case suspended:
		return Failed, "it is suspended, so nothing is applied"
	case stalled.status == "True":
		return Failed, stalled.String()
	case ready.status == "False" && ready.reason == "DependencyNotReady":
		return Progressing, ready.String()
	case ready.status == "False" && ready.reason != "Progressing":
		return Failed, ready.String()
	case ready.status == "":
		return Progressing, "Flux has not come to it yet"
	case ready.status != "True":
		return Progressing, ready.String()
	case observed != o.GetGeneration():
		return Progressing, "Flux has not seen its latest form yet"
	}
	return Ready, ""
}
