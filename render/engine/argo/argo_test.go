package argo

import (
	"context"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/render/engine/gitops"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func live(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\n" + text))
	if err == nil {
		err = o.UnmarshalJSON(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What an Application says of itself, and what is made of it.
func TestStatus(t *testing.T) {
	const automated = "spec: {syncPolicy: {automated: {prune: true}}}\n"
	for name, c := range map[string]struct {
		text   string
		state  gitops.State
		reason string
	}{
		"ready":           {automated + "status: {sync: {status: Synced, revision: aaaaaaaaaa}, health: {status: Healthy}}", gitops.Ready, ""},
		"other revision":  {automated + "status: {sync: {status: Synced, revision: bbbbbbbbbb}, health: {status: Healthy}}", gitops.Progressing, "it has applied bbbbbbb, and the output is aaaaaaa"},
		"no revision":     {automated + "status: {sync: {status: Synced}, health: {status: Healthy}}", gitops.Progressing, "nothing has been applied yet"},
		"not automated":   {"status: {sync: {status: Synced}, health: {status: Healthy}}", gitops.Failed, "its automated sync is off, so nothing is applied"},
		"disabled":        {"spec: {syncPolicy: {automated: {enabled: false}}}", gitops.Failed, "its automated sync is off, so nothing is applied"},
		"enabled":         {"spec: {syncPolicy: {automated: {enabled: true}}}", gitops.Progressing, "Argo CD has not come to it yet"},
		"new":             {automated, gitops.Progressing, "Argo CD has not come to it yet"},
		"running":         {automated + "status: {sync: {status: OutOfSync}, operationState: {phase: Running}}", gitops.Progressing, "it is being applied"},
		"retried":         {automated + "status: {sync: {status: OutOfSync}, operationState: {phase: Running, retryCount: 2, message: \"one  more\\ntry\"}}", gitops.Failed, "one more try"},
		"failed":          {automated + "status: {sync: {status: OutOfSync}, operationState: {phase: Failed, message: why}}", gitops.Failed, "why"},
		"refused":         {automated + "status: {sync: {status: OutOfSync}, operationState: {phase: Failed, message: why, syncResult: {resources: [{kind: Pod, namespace: shop, name: p, status: SyncFailed, message: denied}, {kind: Node, name: q, status: SyncFailed}]}}}", gitops.Failed, "Pod shop/p: denied and 1 more"},
		"error condition": {automated + "status: {sync: {status: Unknown}, conditions: [{type: ComparisonError, message: no access}]}", gitops.Failed, "ComparisonError: no access"},
		"warning":         {automated + "status: {sync: {status: Unknown}, conditions: [{type: OrphanedResourceWarning, message: x}]}", gitops.Progressing, "its sync status is Unknown"},
		"degraded":        {automated + "status: {sync: {status: Synced}, health: {status: Degraded, message: crash}}", gitops.Failed, "its health is Degraded: crash"},
		"healing":         {automated + "status: {sync: {status: Synced}, health: {status: Progressing}}", gitops.Progressing, "its health is Progressing"},
		"differs":         {automated + "status: {sync: {status: OutOfSync}, resources: [{kind: Namespace, name: shop, status: OutOfSync, requiresPruning: true}, {kind: Role, namespace: m, name: r, status: Synced}]}", gitops.Progressing, "out of sync: Namespace shop, which is to go"},
		"differs in what": {automated + "status: {sync: {status: OutOfSync}}", gitops.Progressing, "out of sync: Argo CD does not say what"},
	} {
		have := Engine{}.Status(live(t, c.text), nil, "aaaaaaaaaa")
		if have.State != c.state || have.Reason != c.reason {
			t.Errorf("%s: %+v, want %s, %q", name, have, c.state, c.reason)
		}
		if want := name == "differs"; want != (len(have.OutOfSync) == 1 && have.OutOfSync[0].Namespace == "shop") {
			t.Errorf("%s: %+v are out of sync", name, have.OutOfSync)
		}
	}
	deleted := live(t, automated)
	deleted.SetDeletionTimestamp(&metav1.Time{})
	deleted.Object["metadata"].(map[string]any)["deletionTimestamp"] = "2026-11-20T00:00:00Z"
	if have := (Engine{}).Status(deleted, nil, ""); have.State != gitops.Progressing || have.Reason != "it is being deleted" {
		t.Errorf("deleted: %+v", have)
	}
}

// secrets are Argo CD's secrets for clusters.
type secrets []map[string]string

func (secrets) Get(context.Context, string, string) (*corev1.Secret, error) { return nil, nil }

func (s secrets) List(context.Context, string, string) ([]corev1.Secret, error) {
	out := make([]corev1.Secret, len(s))
	for i, data := range s {
		out[i].Name, out[i].Data = "cluster", map[string][]byte{}
		for key, value := range data {
			out[i].Data[key] = []byte(value)
		}
	}
	return out, nil
}

// The credentials are those of the secret that names the cluster.
func TestKubeconfig(t *testing.T) {
	other := map[string]string{"name": "us-1", "server": "https://us", "config": "{}"}
	for name, c := range map[string]struct{ config, want string }{
		"token":   {`{"bearerToken": "secret", "tlsClientConfig": {"serverName": "eu"}}`, ""},
		"plugin":  {`{"execProviderConfig": {"command": "aws"}}`, "credential plugin"},
		"aws":     {`{"awsAuthConfig": {"clusterName": "x"}}`, "credential plugin"},
		"no JSON": {`{`, "its config"},
	} {
		list := secrets{other, {"name": "eu-1", "server": "https://eu", "config": c.config}}
		have, err := Engine{}.Kubeconfig(t.Context(), list, "eu-1", gitops.Reach{Namespace: "argocd"})
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret\"") {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
			continue
		}
		if err != nil || have.From != "secret argocd/cluster" || have.Config.Clusters["c"].Server != "https://eu" || have.Config.AuthInfos["u"].Token != "secret" {
			t.Errorf("%s: %+v, %v", name, have, err)
		}
	}
	if _, err := (Engine{}).Kubeconfig(t.Context(), secrets{other}, "eu-1", gitops.Reach{Namespace: "argocd"}); err == nil || !strings.Contains(err.Error(), "names it") {
		t.Errorf("without a secret: %v", err)
	}
}
