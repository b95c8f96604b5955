package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// application reads the status of an Application, see argoproj.io/v1alpha1,
// ApplicationStatus.
func (e *engines) application(o, _ *unstructured.Unstructured, commit string) Part {
	p := Part{Revision: text(o, "status", "sync", "revision")}
	p.State, p.Reason = e.applicationState(o)
	if p.State == Ready {
		if why := behind(p.Revision, "", commit); why != "" {
			p.State, p.Reason = Progressing, why
		}
	}
	return p
}

func (e *engines) applicationState(o *unstructured.Unstructured) (State, string) {
	automated, found, _ := unstructured.NestedMap(o.Object, "spec", "syncPolicy", "automated")
	if enabled, set := automated["enabled"].(bool); !found || set && !enabled {
		return Failed, "its automated sync is off, so nothing is applied"
	}
	if o.GetDeletionTimestamp() != nil {
		return Progressing, "it is being deleted"
	}
	sync, health := text(o, "status", "sync", "status"), text(o, "status", "health", "status")
	if sync == "Synced" && health == "Healthy" { // an operation that goes on is one for what was before
		return Ready, ""
	}
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		kind, _ := m["type"].(string)
		if message, _ := m["message"].(string); strings.HasSuffix(kind, "Error") {
			return Failed, e.refusals(o, condition{reason: kind, message: message}.String())
		}
	}
	retries, _, _ := unstructured.NestedInt64(o.Object, "status", "operationState", "retryCount")
	message := oneLine(text(o, "status", "operationState", "message"))
	switch phase := text(o, "status", "operationState", "phase"); {
	case phase == "Failed", phase == "Error", phase == "Running" && (retries > 0 || strings.Contains(message, "failed to apply")):
		return Failed, e.refusals(o, message)
	case phase == "Running":
		return Progressing, "it is being applied"
	}
	switch {
	case sync == "":
		return Progressing, "Argo CD has not come to it yet"
	case health == "Degraded", health == "Suspended":
		return Failed, strings.TrimSuffix("its health is "+health+": "+text(o, "status", "health", "message"), ": ")
	case sync == "OutOfSync":
		return Progressing, "out of sync: " + e.differing(o)
	case sync != "Synced":
		return Progressing, "its sync status is " + sync
	}
	return Progressing, "its health is " + health
}

// refusals are the objects that could not be applied, and why; without any, what
// the operation itself says.
func (e *engines) refusals(o *unstructured.Unstructured, otherwise string) string {
	resources, _, _ := unstructured.NestedSlice(o.Object, "status", "operationState", "syncResult", "resources")
	var out []string
	for _, r := range resources {
		m, _ := r.(map[string]any)
		if m["status"] == "SyncFailed" {
			message, _ := m["message"].(string)
			out = append(out, fmt.Sprintf("%s: %s", resourceName(m), oneLine(message)))
		}
	}
	if len(out) == 0 {
		return otherwise
	}
	return first(out)
}

// differing names the resources that are out of sync, and notes whose namespaces
// they are in.
func (e *engines) differing(o *unstructured.Unstructured) string {
	resources, _, _ := unstructured.NestedSlice(o.Object, "status", "resources")
	namespaces := map[string]string{}
	attributed := true
	var out []string
	for _, r := range resources {
		m, _ := r.(map[string]any)
		if m["status"] != "OutOfSync" {
			continue
		}
		name := resourceName(m)
		if prune, _ := m["requiresPruning"].(bool); prune {
			name += ", which is to go"
		}
		out = append(out, name)
		ns, _ := m["namespace"].(string)
		if m["kind"] == "Namespace" {
			ns, _ = m["name"].(string)
		}
		if e.tenants[ns] == "" {
			attributed = false
		}
		namespaces[ns] = "out of sync: " + name
	}
	if len(out) == 0 {
		return "Argo CD does not say what"
	}
	if attributed {
		e.outOfSync[o.GetName()] = namespaces
	}
	return first(out)
}

func resourceName(m map[string]any) string {
	part := func(key string) string { s, _ := m[key].(string); return s }
	if ns := part("namespace"); ns != "" {
		return part("kind") + " " + ns + "/" + part("name")
	}
	return part("kind") + " " + part("name")
}
