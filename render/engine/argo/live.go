package argo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/render/engine/gitops"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

var applicationKind = kschema.GroupKind{Group: "argoproj.io", Kind: "Application"}

// Applier returns the kind of what applies a part of the output.
func (Engine) Applier() kschema.GroupKind { return applicationKind }

// Observed returns the kinds of Argo CD's objects that have a status.
func (Engine) Observed() []kschema.GroupKind { return []kschema.GroupKind{applicationKind} }

// Reach reads how Argo CD reaches a physical cluster from the Application that
// applies its platform.
func (Engine) Reach(platform *unstructured.Unstructured) gitops.Reach {
	return gitops.Reach{Namespace: platform.GetNamespace(), Here: text(platform, "spec", "destination", "name") == ""}
}

// Kubeconfig returns the credentials by which Argo CD knows a physical cluster.
func (Engine) Kubeconfig(ctx context.Context, secrets gitops.Secrets, cluster string, r gitops.Reach) (*gitops.Kubeconfig, error) {
	list, err := secrets.List(ctx, r.Namespace, "argocd.argoproj.io/secret-type=cluster")
	if err != nil {
		return nil, fmt.Errorf("the secrets of Argo CD, one of which holds its credentials: %w", err)
	}
	for i := range list {
		if data := list[i].Data; string(data["name"]) == cluster {
			from := "secret " + r.Namespace + "/" + list[i].Name
			config, err := kubeconfig(from, string(data["server"]), data["config"])
			if err != nil {
				return nil, err
			}
			return &gitops.Kubeconfig{From: from, Config: config}, nil
		}
	}
	return nil, fmt.Errorf("no secret of Argo CD in %s names it", r.Namespace)
}

// kubeconfig reads the field "config" of Argo CD's secret for a cluster, see
// "Declarative setup, Clusters" of its documentation.
func kubeconfig(from, server string, data []byte) (*clientcmdapi.Config, error) {
	var c struct {
		Username, Password, BearerToken string
		TLSClientConfig                 struct {
			Insecure                  bool
			ServerName                string
			CAData, CertData, KeyData []byte
		}
		AWSAuthConfig, ExecProviderConfig json.RawMessage
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: its config: %w", from, err)
	}
	if c.AWSAuthConfig != nil || c.ExecProviderConfig != nil {
		return nil, fmt.Errorf("%s names a credential plugin, which is not run from here: give a kubeconfig with --kubeconfig", from)
	}
	tls := c.TLSClientConfig
	out := clientcmdapi.NewConfig()
	out.Clusters["c"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: tls.CAData, InsecureSkipTLSVerify: tls.Insecure, TLSServerName: tls.ServerName}
	out.AuthInfos["u"] = &clientcmdapi.AuthInfo{Username: c.Username, Password: c.Password, Token: c.BearerToken, ClientCertificateData: tls.CertData, ClientKeyData: tls.KeyData}
	out.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	out.CurrentContext = "x"
	return out, nil
}

// ReadsFrom returns the zero values: an Application reads from no other object.
func (Engine) ReadsFrom(*unstructured.Unstructured) (kschema.GroupKind, string) {
	return kschema.GroupKind{}, ""
}

// Status reads the status of an Application, see argoproj.io/v1alpha1,
// ApplicationStatus.
func (Engine) Status(o, _ *unstructured.Unstructured, commit string) gitops.Status {
	s := stateOf(o)
	s.Revision = text(o, "status", "sync", "revision")
	return s.Await("", commit)
}

func stateOf(o *unstructured.Unstructured) gitops.Status {
	say := func(state gitops.State, reason string) gitops.Status {
		return gitops.Status{State: state, Reason: reason}
	}
	automated, found, _ := unstructured.NestedMap(o.Object, "spec", "syncPolicy", "automated")
	if enabled, set := automated["enabled"].(bool); !found || set && !enabled {
		return say(gitops.Failed, "its automated sync is off, so nothing is applied")
	}
	if o.GetDeletionTimestamp() != nil {
		return say(gitops.Progressing, "it is being deleted")
	}
	sync, health := text(o, "status", "sync", "status"), text(o, "status", "health", "status")
	if sync == "Synced" && health == "Healthy" { // an operation that goes on is one for what was before
		return say(gitops.Ready, "")
	}
	if why, failed := failure(o); failed {
		return say(gitops.Failed, refusals(o, why))
	}
	switch {
	case text(o, "status", "operationState", "phase") == "Running":
		return say(gitops.Progressing, "it is being applied")
	case sync == "":
		return say(gitops.Progressing, "Argo CD has not come to it yet")
	case health == "Degraded", health == "Suspended":
		return say(gitops.Failed, strings.TrimSuffix("its health is "+health+": "+text(o, "status", "health", "message"), ": "))
	case sync == "OutOfSync":
		names, namespaces := differing(o)
		return gitops.Status{State: gitops.Progressing, Reason: "out of sync: " + names, OutOfSync: namespaces}
	case sync != "Synced":
		return say(gitops.Progressing, "its sync status is "+sync)
	}
	return say(gitops.Progressing, "its health is "+health)
}

// failure says what keeps an Application from being applied: a condition, or what
// its operation says.
func failure(o *unstructured.Unstructured) (why string, failed bool) {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		kind, _ := m["type"].(string)
		if message, _ := m["message"].(string); strings.HasSuffix(kind, "Error") {
			return gitops.Said(kind, message), true
		}
	}
	retries, _, _ := unstructured.NestedInt64(o.Object, "status", "operationState", "retryCount")
	message := gitops.OneLine(text(o, "status", "operationState", "message"))
	switch phase := text(o, "status", "operationState", "phase"); {
	case phase == "Failed", phase == "Error", phase == "Running" && (retries > 0 || strings.Contains(message, "failed to apply")):
		return message, true
	}
	return "", false
}

// refusals are the objects that could not be applied, and why; without any, what
// the operation itself says.
func refusals(o *unstructured.Unstructured, otherwise string) string {
	resources, _, _ := unstructured.NestedSlice(o.Object, "status", "operationState", "syncResult", "resources")
	var out []string
	for _, r := range resources {
		m, _ := r.(map[string]any)
		if m["status"] == "SyncFailed" {
			message, _ := m["message"].(string)
			out = append(out, fmt.Sprintf("%s: %s", resourceName(m), gitops.OneLine(message)))
		}
	}
	if len(out) == 0 {
		return otherwise
	}
	return first(out)
}

// differing names the resources that are out of sync, and returns the namespaces
// that they are in.
func differing(o *unstructured.Unstructured) (names string, in []gitops.OutOfSync) {
	resources, _, _ := unstructured.NestedSlice(o.Object, "status", "resources")
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
		namespace, _ := m["namespace"].(string)
		if m["kind"] == "Namespace" {
			namespace, _ = m["name"].(string)
		}
		in = append(in, gitops.OutOfSync{Namespace: namespace, Reason: "out of sync: " + name})
	}
	if len(out) == 0 {
		return "Argo CD does not say what", nil
	}
	return first(out), in
}

func resourceName(m map[string]any) string {
	part := func(key string) string { s, _ := m[key].(string); return s }
	if ns := part("namespace"); ns != "" {
		return part("kind") + " " + ns + "/" + part("name")
	}
	return part("kind") + " " + part("name")
}

// first is the first of some names, and how many more there are.
func first(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
}

func text(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}
