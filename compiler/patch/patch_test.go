package patch_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// rendered are objects as they come out for a logical cluster.
const rendered = `
apiVersion: v1
kind: Namespace
metadata:
  name: acme-payments-prod
  labels: {tenantry.dev/logical-cluster: acme.payments.prod, pod-security.kubernetes.io/enforce: baseline, tenantry.dev/api-gate: g}
  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: tenantry-quota, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod}}
spec: {hard: {pods: "20", requests.cpu: "8"}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tenantry-default, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod}}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{namespaceSelector: {matchLabels: {tenantry.dev/logical-cluster: acme.payments.prod}}}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tenantry-edit-1, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tenantry-edit-2}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: devs}, {apiGroup: rbac.authorization.k8s.io, kind: User, name: devs}]
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: acme-payments-prod, namespace: flux-system, labels: {tenantry.dev/logical-cluster: acme.payments.prod}}
spec: {serviceAccountName: tenantry-deployer, targetNamespace: acme-payments-prod, prune: true}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: auditors, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod}, annotations: {tenantry.dev/implicit: implicit/a}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: a, namespace: b}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: agent, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod, app: agent}, annotations: {tenantry.dev/implicit: implicit/a}}
spec:
  replicas: 1
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers:
      - {name: agent, image: docker.io/grafana/alloy:v1.9.0, args: [run, "yes", "0x10"], env: [{name: A, value: "1"}, {name: B, value: "on"}]}
      - {name: side, image: busybox}
      initContainers: [{name: init, image: "busybox:1.36"}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod}, annotations: {tenantry.dev/implicit: implicit/a}}
data: {a: "1", b: "true", c: "line\nline\n"}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: sweep, namespace: acme-payments-prod, labels: {tenantry.dev/logical-cluster: acme.payments.prod}, annotations: {tenantry.dev/implicit: implicit/a}}
spec:
  schedule: "0 4 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: sweep, image: busybox}]}}}}
`

func objects(t testing.TB) []manifest.Map {
	t.Helper()
	out, err := manifest.FromYAML([]byte(rendered))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read reads the patches of a policy outside orgs/.
func read(t interface{ Fatalf(string, ...any) }, set schema.RuleSet, inside bool) *patch.Link {
	return patch.Read(inside, &set, map[string]any{}, nil, func(...string) diag.Position { return diag.Position{} }, func(d diag.Diagnostic) {
		t.Fatalf("%s: %s", d.Code, d.Message)
	})
}

func apply(l *patch.Link, objects []manifest.Map) ([]manifest.Map, *patch.Trace) {
	trace := patch.NewTrace()
	return patch.NewChain([]*patch.Link{l}, nil, [32]byte{}, engine.BuiltIn().Rows()).Apply(objects, func(string) *implicit.Values { return &implicit.Values{} }, trace), trace
}

func plain(t testing.TB, m manifest.Map) (out map[string]any) {
	t.Helper()
	if err := json.Unmarshal(manifest.AppendJSON(nil, m), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What kustomize makes of the rendered objects with the same patch is what comes of a
// policy.
func TestAsKustomizeDoesIt(t *testing.T) {
	targets := []schema.Target{{Kind: "Deployment"}, {Kind: "Deployment|CronJob"}, {Name: "agent"}, {Group: "apps"}, {Kind: "ConfigMap", Namespace: "acme-.*"},
		{LabelSelector: "app=agent"}, {AnnotationSelector: "tenantry.dev/implicit"}, {Kind: "Deploy"}, {Kind: "Namespace"}, {Version: "v1", Name: "set.*"}, {Kind: "Namespace", Namespace: "acme-.*"}}
	texts := []string{"x", "yes", "1", "", "true", "a: b", "line\nline", " padded ", "0x10", "null", "~", "1e3", "2026-11-20"}
	word := rapid.SampledFrom(texts)
	rapid.Check(t, func(rt *rapid.T) {
		var set schema.RuleSet
		kustomization := types.Kustomization{TypeMeta: types.TypeMeta{APIVersion: types.KustomizationVersion, Kind: types.KustomizationKind}, Resources: []string{"objects.yaml"}}
		target := rapid.SampledFrom(targets).Draw(rt, "target")
		selector := types.Selector{LabelSelector: target.LabelSelector, AnnotationSelector: target.AnnotationSelector}
		selector.Group, selector.Version, selector.Kind, selector.Name, selector.Namespace = target.Group, target.Version, target.Kind, target.Name, target.Namespace
		merge := func(fields map[string]any) {
			set.Patches = append(set.Patches, schema.Patch{Target: target, StrategicMerge: fields})
			text := maps.Clone(fields)
			text["apiVersion"], text["kind"] = "any/v1", "Any"
			metadata, _ := fields["metadata"].(map[string]any)
			metadata = maps.Clone(metadata)
			if metadata == nil {
				metadata = map[string]any{}
			}
			metadata["name"] = "any"
			text["metadata"] = metadata
			data, _ := yaml.Marshal(text)
			kustomization.Patches = append(kustomization.Patches, types.Patch{Target: &selector, Patch: string(data)})
		}
		one := func(value any) any { // not of labels and annotations, where krusty makes the text "null" of it
			if rapid.IntRange(0, 5).Draw(rt, "take away") == 0 {
				return nil
			}
			return value
		}
		switch rapid.IntRange(0, 7).Draw(rt, "kind") {
		case 0:
			merge(map[string]any{"metadata": map[string]any{"annotations": map[string]any{"acme.example/a": word.Draw(rt, "value")}}})
		case 1:
			if target.Kind == "Namespace" || target.AnnotationSelector != "" || target.Version != "" || target.Kind == "ConfigMap" || target.Kind == "Deployment|CronJob" {
				return
			}
			container := map[string]any{"name": rapid.SampledFrom([]string{"agent", "side", "new"}).Draw(rt, "container"), "image": word.Draw(rt, "image"),
				"env": []any{map[string]any{"name": rapid.SampledFrom([]string{"A", "C"}).Draw(rt, "variable"), "value": word.Draw(rt, "value")}}, "args": []any{word.Draw(rt, "argument")}}
			if container["name"] != "new" && rapid.Bool().Draw(rt, "delete") {
				container = map[string]any{"name": container["name"], "$patch": "delete"}
			}
			merge(map[string]any{"spec": map[string]any{"replicas": rapid.Int64Range(0, 3).Draw(rt, "replicas"), "template": map[string]any{"spec": map[string]any{"containers": []any{container}}}}})
		case 2:
			if target.Kind != "ConfigMap" {
				return
			}
			merge(map[string]any{"data": map[string]any{"a": one(word.Draw(rt, "a")), "d": word.Draw(rt, "d")}})
		case 3:
			if target.Kind != "ConfigMap" {
				return
			}
			operations := []schema.JSONPatchOperation{{Op: "add", Path: "/data/x~1y", Value: word.Draw(rt, "value")}, {Op: "replace", Path: "/data/a", Value: "2"},
				{Op: "move", From: "/data/b", Path: "/data/e"}, {Op: "copy", From: "/data/c", Path: "/data/f"}, {Op: "remove", Path: "/data/c"}, {Op: "test", Path: "/data/a", Value: "2"}}
			operations = operations[:rapid.IntRange(1, len(operations)).Draw(rt, "operations")]
			set.Patches = []schema.Patch{{Target: target, JSON6902: operations}}
			data, _ := json.Marshal(operations)
			kustomization.Patches = []types.Patch{{Target: &selector, Patch: string(data)}}
		case 4:
			pairs := map[string]string{"team": rapid.SampledFrom([]string{"a", "yes", "1", ""}).Draw(rt, "label"), "acme.example/x": "y"}
			templates := rapid.Bool().Draw(rt, "templates")
			set.Transformers = []schema.Transformer{{Labels: anyOf(pairs), IncludeTemplates: templates}}
			if templates { // nothing but what implicit documents give has any
				set.Transformers[0].Target = nil
			}
			kustomization.Labels = []types.Label{{Pairs: pairs, IncludeTemplates: templates}}
		case 5:
			pairs := map[string]string{"acme.example/x": word.Draw(rt, "annotation")}
			set.Transformers = []schema.Transformer{{CommonAnnotations: anyOf(pairs)}}
			kustomization.CommonAnnotations = pairs
		case 6:
			image := types.Image{Name: rapid.SampledFrom([]string{"busybox", "docker.io/grafana/alloy", "nothing"}).Draw(rt, "image"), NewName: rapid.SampledFrom([]string{"", "mirror.example/x"}).Draw(rt, "name")}
			if rapid.Bool().Draw(rt, "digest") {
				image.Digest = "sha256:" + strings.Repeat("0", 64)
			} else {
				image.NewTag = rapid.SampledFrom([]string{"", "1.37", "on"}).Draw(rt, "tag")
			}
			set.Transformers = []schema.Transformer{{Images: []any{anyOf(map[string]string{"name": image.Name, "newName": image.NewName, "newTag": image.NewTag, "digest": image.Digest})}}}
			kustomization.Images = []types.Image{image}
		default:
			merge(map[string]any{"metadata": map[string]any{"labels": map[string]any{"acme.example/a": "1"}}})
			merge(map[string]any{"metadata": map[string]any{"labels": map[string]any{"acme.example/a": "2"}}})
		}
		before := objects(t)
		got, trace := apply(read(rt, set, false), before)
		for _, f := range trace.Failures {
			rt.Fatalf("%s: %s: %s", f.Object, strings.Join(f.Path, "."), f.Message)
		}
		want := byKustomize(rt, kustomization)
		for i, o := range got {
			name := fmt.Sprint(o.Get("kind"), " ", o.Get("metadata", "name"))
			if d := cmp.Diff(want[name], plain(t, o)); d != "" {
				rt.Errorf("%s (-kustomize +policy):\n%s", name, d)
			}
			if len(before) != len(got) || before[i].Get("kind") != o.Get("kind") {
				rt.Errorf("the objects are not what they were")
			}
		}
	})
}

func anyOf(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// byKustomize returns what kustomize builds of the rendered objects, by kind and name.
func byKustomize(t interface{ Fatal(...any) }, k types.Kustomization) map[string]map[string]any {
	fs := filesys.MakeFsInMemory()
	data, err := yaml.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"kustomization.yaml": data, "objects.yaml": []byte(rendered)} {
		if err := fs.WriteFile(name, data); err != nil {
			t.Fatal(err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, ".")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var o map[string]any
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		out[r.GetKind()+" "+r.GetName()] = o
	}
	return out
}

// Whatever a patch says, what an object is and what keeps tenants apart stays as it is.
func TestNothingIsLoosened(t *testing.T) {
	var paths []string
	for _, o := range objects(t) {
		pointers(plain(t, o), "", &paths)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	paths = append(paths, "/metadata/labels/team", "/metadata/annotations", "/metadata/annotations/x", "/metadata/finalizers", "/metadata/ownerReferences", "/spec/x", "/status", "/data",
		"/metadata/labels/kubernetes.io~1metadata.name", "/metadata/labels/x.tenantry.dev~1y", "/metadata/annotations/argocd.argoproj.io~1sync-options", "/metadata/labels/app.kubernetes.io~1part-of")
	changed, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		inside := rapid.Bool().Draw(rt, "inside")
		var operations []schema.JSONPatchOperation
		for range rapid.IntRange(1, 3).Draw(rt, "operations") {
			o := schema.JSONPatchOperation{Op: rapid.SampledFrom([]string{"add", "replace", "remove", "move", "copy"}).Draw(rt, "operation"), Path: rapid.SampledFrom(paths).Draw(rt, "path"),
				Value: rapid.SampledFrom([]any{"x", "yes", int64(1), true, nil, map[string]any{}, map[string]any{"x": "y"}, []any{}, []any{"x"}}).Draw(rt, "value")}
			if o.Op == "move" || o.Op == "copy" {
				o.From = rapid.SampledFrom(paths).Draw(rt, "from")
			}
			operations = append(operations, o)
		}
		if rapid.Bool().Draw(rt, "mark") { // something that may be changed, with what may not
			operations = append(operations, schema.JSONPatchOperation{Op: "add", Path: "/metadata/labels/team", Value: "x"})
		}
		target := schema.Target{Kind: rapid.SampledFrom([]string{"", "Namespace", "RoleBinding", "ResourceQuota", "NetworkPolicy", "Kustomization", "Deployment", "ConfigMap"}).Draw(rt, "target")}
		set := schema.RuleSet{Patches: []schema.Patch{{Target: target, JSON6902: operations}}}
		if rapid.Bool().Draw(rt, "merge") {
			fields := map[string]any{}
			for _, o := range operations {
				put(fields, o.Path, o.Value)
			}
			for _, name := range []string{"apiVersion", "kind"} {
				delete(fields, name)
			}
			if m, ok := fields["metadata"].(map[string]any); ok {
				delete(m, "name")
				delete(m, "namespace")
			}
			if rapid.IntRange(0, 9).Draw(rt, "directive") == 0 {
				fields["$patch"] = rapid.SampledFrom([]string{"replace", "delete"}).Draw(rt, "patch")
			}
			set.Patches[0] = schema.Patch{Target: target, StrategicMerge: fields}
		}
		before := objects(t)
		after, trace := apply(read(rt, set, inside), before)
		changed, refused = changed+len(trace.Made), refused+len(trace.Failures)
		if len(after) != len(before) {
			rt.Fatalf("%d objects became %d", len(before), len(after))
		}
		for i := range before {
			if d := cmp.Diff(bones(plain(t, before[i]), inside, before[i]), bones(plain(t, after[i]), inside, before[i])); d != "" {
				rt.Errorf("%v %v:\n%s", before[i].Get("kind"), before[i].Get("metadata", "name"), d)
			}
		}
	})
	if changed == 0 || refused == 0 {
		t.Errorf("%d changes and %d refusals show nothing", changed, refused)
	}
}

// put sets a field of a strategic merge patch.
func put(m map[string]any, pointer string, value any) {
	parts := strings.Split(pointer[1:], "/")
	for i, part := range parts {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		if i == len(parts)-1 {
			m[part] = value
			return
		}
		below, ok := m[part].(map[string]any)
		if !ok {
			below = map[string]any{}
			m[part] = below
		}
		m = below
	}
}

func pointers(v any, at string, out *[]string) {
	if at != "" {
		*out = append(*out, at)
	}
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			pointers(v[key], at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), out)
		}
	case []any:
		for i := range v {
			pointers(v[i], fmt.Sprint(at, "/", i), out)
		}
	}
}

// bones is what of an object no patch may change that was given as base.
func bones(o map[string]any, inside bool, base manifest.Map) map[string]any {
	metadata := o["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	out := map[string]any{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": metadata, "status": o["status"]}
	if kind := o["kind"]; inside || annotations["tenantry.dev/implicit"] == nil || kind == "RoleBinding" {
		out = maps.Clone(o)
	}
	given := func(what string) map[string]any {
		kept := map[string]any{}
		m, _ := metadata[what].(map[string]any)
		was, _ := base.Get("metadata", what).(manifest.Map)
		for key, value := range m {
			domain, _, _ := strings.Cut(key, "/")
			for _, d := range []string{"tenantry.dev", "kubernetes.io", "fluxcd.io", "argoproj.io"} {
				if key != domain && (domain == d || strings.HasSuffix(domain, "."+d)) && key != "app.kubernetes.io/part-of" {
					kept[key] = value
				}
			}
			if inside && was.Get(key) != nil {
				kept[key] = value
			}
		}
		return kept
	}
	marked := maps.Clone(metadata)
	marked["labels"], marked["annotations"] = given("labels"), given("annotations")
	out["metadata"] = marked
	return out
}

// Changes that hide behind one that may be made.
func TestNothingHides(t *testing.T) {
	label := schema.JSONPatchOperation{Op: "add", Path: "/metadata/labels/team", Value: "x"}
	for name, c := range map[string]struct {
		kind       string
		operations []schema.JSONPatchOperation
	}{
		"one of two that share a name": {"RoleBinding", []schema.JSONPatchOperation{{Op: "remove", Path: "/subjects/1"}}},
		"the other of the two":         {"RoleBinding", []schema.JSONPatchOperation{{Op: "remove", Path: "/subjects/0"}}},
		"both into one":                {"RoleBinding", []schema.JSONPatchOperation{{Op: "copy", From: "/subjects/0", Path: "/subjects/1"}}},
		"order":                        {"NetworkPolicy", []schema.JSONPatchOperation{{Op: "move", From: "/spec/policyTypes/0", Path: "/spec/policyTypes/1"}}},
		"what is empty":                {"NetworkPolicy", []schema.JSONPatchOperation{{Op: "remove", Path: "/spec/podSelector"}}},
		"into what is empty":           {"NetworkPolicy", []schema.JSONPatchOperation{{Op: "add", Path: "/spec/podSelector/matchLabels", Value: map[string]any{}}}},
		"number for text":              {"ResourceQuota", []schema.JSONPatchOperation{{Op: "replace", Path: "/spec/hard/pods", Value: int64(20)}}},
		"labels as a whole":            {"Namespace", []schema.JSONPatchOperation{{Op: "replace", Path: "/metadata/labels", Value: map[string]any{}}}},
		"label that is no text":        {"Namespace", []schema.JSONPatchOperation{{Op: "add", Path: "/metadata/labels/x", Value: []any{}}}},
	} {
		before := objects(t)
		after, trace := apply(read(t, schema.RuleSet{Patches: []schema.Patch{{Target: schema.Target{Kind: c.kind, Name: "tenantry-.*|acme-.*"}, JSON6902: append(c.operations, label)}}}, false), before)
		if len(trace.Failures) != 1 || !trace.Failures[0].Refused {
			t.Errorf("%s: not refused: %+v", name, trace.Failures)
		}
		for i := range before {
			if d := cmp.Diff(plain(t, before[i]), plain(t, after[i])); d != "" {
				t.Errorf("%s:\n%s", name, d)
			}
		}
	}
}
