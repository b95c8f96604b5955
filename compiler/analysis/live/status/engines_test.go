package status

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/render/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const revision = "main@sha1:1111111111111111111111111111111111111111"

// Objects of engines as their controllers leave them, and what they come to.
func TestEngines(t *testing.T) {
	for name, c := range map[string]struct {
		kind, object string
		state        State
		reason       string
	}{
		"applied":          {"Kustomization", `{metadata: {generation: 1}, status: {observedGeneration: 1, lastAppliedRevision: "` + revision + `", conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		"not seen":         {"Kustomization", `{metadata: {generation: 1}}`, Progressing, "not come to it"},
		"older form":       {"Kustomization", `{metadata: {generation: 2}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}}`, Progressing, "latest form"},
		"older revision":   {"Kustomization", `{metadata: {generation: 1}, status: {observedGeneration: 1, lastAppliedRevision: "main@sha1:2222222222", conditions: [{type: Ready, status: "True"}]}}`, Progressing, "it has applied main@2222222, and main@1111111 is to come"},
		"reconciling":      {"Kustomization", `{status: {conditions: [{type: Ready, status: Unknown, reason: Progressing, message: Building}]}}`, Progressing, "Progressing: Building"},
		"refused":          {"Kustomization", `{status: {conditions: [{type: Ready, status: "False", reason: ReconciliationFailed, message: "RoleBinding/shop-web/x\n  is invalid"}, {type: Reconciling, status: "True", reason: ProgressingWithRetry}]}}`, Failed, "ReconciliationFailed: RoleBinding/shop-web/x is invalid"},
		"waiting":          {"Kustomization", `{status: {conditions: [{type: Ready, status: "False", reason: DependencyNotReady, message: platform}]}}`, Progressing, "DependencyNotReady: platform"},
		"stalled":          {"Kustomization", `{status: {conditions: [{type: Ready, status: "True"}, {type: Stalled, status: "True", reason: InvalidSpec}]}}`, Failed, "InvalidSpec"},
		"suspended":        {"Kustomization", `{spec: {suspend: true}, status: {conditions: [{type: Ready, status: "True"}]}}`, Failed, "suspended"},
		"source":           {"GitRepository", `{status: {artifact: {revision: "` + revision + `"}, conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		"unreadable":       {"GitRepository", `{status: {conditions: [{type: Ready, status: "False", reason: GitOperationFailed, message: no route}]}}`, Failed, "GitOperationFailed: no route"},
		"synced":           {"Application", argo(`sync: {status: Synced, revision: "1111111"}, health: {status: Healthy}`), Ready, ""},
		"Argo, not seen":   {"Application", argo(``), Progressing, "not come to it"},
		"syncing":          {"Application", argo(`operationState: {phase: Running}, sync: {status: OutOfSync}`), Progressing, "being applied"},
		"retrying":         {"Application", argo(`operationState: {phase: Running, retryCount: 1, message: "one or more objects failed to apply", syncResult: {resources: [{kind: Secret, namespace: shop-web, name: x, status: SyncFailed, message: "no\n way"}]}}`), Failed, "Secret shop-web/x: no way"},
		"mended":           {"Application", argo(`operationState: {phase: Running, retryCount: 3}, sync: {status: Synced, revision: "1111111"}, health: {status: Healthy}`), Ready, ""},
		"Argo, refused":    {"Application", argo(`operationState: {phase: Failed, message: not valid}`), Failed, "not valid"},
		"unreadable path":  {"Application", argo(`conditions: [{type: ComparisonError, message: no such path}], sync: {status: Unknown}`), Failed, "ComparisonError: no such path"},
		"only a warning":   {"Application", argo(`conditions: [{type: SharedResourceWarning, message: shared}], sync: {status: Synced}, health: {status: Healthy}`), Progressing, "nothing has been applied"},
		"out of sync":      {"Application", argo(`operationState: {phase: Succeeded}, sync: {status: OutOfSync}, resources: [{kind: Namespace, name: shop-web, status: OutOfSync, requiresPruning: true}]`), Progressing, "out of sync: Namespace shop-web, which is to go"},
		"degraded":         {"Application", argo(`sync: {status: Synced}, health: {status: Degraded}`), Failed, "its health is Degraded"},
		"unhealthy yet":    {"Application", argo(`sync: {status: Synced}, health: {status: Progressing}`), Progressing, "its health is Progressing"},
		"no automation":    {"Application", `{spec: {syncPolicy: {}}, status: {sync: {status: Synced}, health: {status: Healthy}}}`, Failed, "automated sync is off"},
		"automation off":   {"Application", `{spec: {syncPolicy: {automated: {enabled: false}}}}`, Failed, "automated sync is off"},
		"nothing in Argo":  {"Application", `{}`, Failed, "automated sync is off"},
		"nothing in Flux":  {"Kustomization", `{}`, Progressing, "not come to it"},
		"odd conditions":   {"Kustomization", `{status: {conditions: [7, {type: 3}]}}`, Progressing, "not come to it"},
		"odd status of it": {"Application", `{spec: {syncPolicy: {automated: {}}}, status: 3}`, Progressing, "not come to it"},
	} {
		t.Run(name, func(t *testing.T) {
			met := 0
			e := &engines{registry: engine.BuiltIn(), tenants: map[string]string{"shop-web": "shop/web"}, outOfSync: map[string]map[string]string{}}
			source := object(t, "source.toolkit.fluxcd.io/v1", "GitRepository", `{status: {artifact: {revision: "`+revision+`"}}}`)
			for _, group := range []string{"kustomize.toolkit.fluxcd.io/v1", "source.toolkit.fluxcd.io/v1", "argoproj.io/v1alpha1"} {
				o := object(t, group, c.kind, c.object)
				observer := e.observer(o.GroupVersionKind().GroupKind())
				if observer == nil {
					continue
				}
				p := e.partOf(o, observer.Status(o, source, ""))
				met++
				if p.State != c.state || !strings.Contains(p.Reason, c.reason) || (p.Reason == "") != (c.reason == "") {
					t.Errorf("it is %s (%s), want %s (%s)", p.State, p.Reason, c.state, c.reason)
				}
			}
			if met != 1 {
				t.Errorf("%d engines read it", met)
			}
		})
	}
}

func argo(status string) string {
	return `{spec: {syncPolicy: {automated: {}}}, status: {` + status + `}}`
}

func object(t *testing.T, version, kind, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{Object: map[string]any{}}
	if err := json.Unmarshal(data, &o.Object); err != nil {
		t.Fatal(err)
	}
	o.SetAPIVersion(version)
	o.SetKind(kind)
	return o
}

// Whose object is in the way is told where a message names a namespace.
func TestHeldUp(t *testing.T) {
	cluster := &live.Cluster{Name: "eu-1", Engine: "flux"}
	e := &engines{registry: engine.BuiltIn(), tenants: map[string]string{"shop-web": "shop/web", "shop-web-2": "shop/web/2"}, parts: map[string]Part{}}
	for message, want := range map[string]string{
		"RoleBinding/shop-web/x is invalid":                       "tenantry-eu-1--c0001: RoleBinding/shop-web/x is invalid",
		"RoleBinding/shop-web-2/x is invalid":                     "tenantry-eu-1--c0001: held up by shop/web/2: RoleBinding/shop-web-2/x is invalid",
		`rolebindings "x" in namespace "shop-web-2" is forbidden`: `tenantry-eu-1--c0001: held up by shop/web/2: rolebindings "x" in namespace "shop-web-2" is forbidden`,
		"no such directory":                                       "tenantry-eu-1--c0001: no such directory",
	} {
		e.parts["Kustomization/tenantry-eu-1--c0001"] = Part{State: Failed, Reason: message}
		p := e.judge("tenantry-eu-1--c0001", &live.Site{Key: "shop/web", Cluster: cluster, Cut: "c0001"})
		if p.State != Failed || p.Reason != want {
			t.Errorf("%s becomes %s (%s), want %s", message, p.State, p.Reason, want)
		}
	}
}
