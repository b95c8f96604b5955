package render_test

import (
	"slices"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/render/rendertest"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"
)

// objects decodes all objects of a kind, by name. The same object may stand in
// several files, then with equal content.
func objects[T any](t *testing.T, files map[string]string, kind string) map[string]T {
	t.Helper()
	text, out := map[string]string{}, map[string]T{}
	for _, name := range sortedKeys(files) {
		if !strings.HasPrefix(name, "gitops/") || strings.HasSuffix(name, "/kustomization.yaml") {
			continue
		}
		for _, d := range documents(t, name, files[name]) {
			if d.Kind != kind {
				continue
			}
			if old, ok := text[d.Name]; ok && strings.TrimSpace(old) != strings.TrimSpace(d.text) {
				t.Errorf("%s %s has two contents:\n%s\n%s", kind, d.Name, old, d.text)
			}
			var v T
			if err := yaml.UnmarshalStrict([]byte(d.text), &v); err != nil {
				t.Fatal(err)
			}
			text[d.Name], out[d.Name] = d.text, v
		}
	}
	return out
}

// TestKustomizations: each directory of manifests is applied by exactly one
// Kustomization; none waits for another; none deletes what it applied when it
// is deleted itself.
func TestKustomizations(t *testing.T) {
	r := small()
	r.add("acme/far", "eu-1", "c0123") // of another group of cuts
	files := r.files(t)
	applied := map[string]string{}
	all := objects[kustomizev1.Kustomization](t, files, "Kustomization")
	for _, name := range sortedKeys(all) {
		k := all[name]
		if len(k.Spec.DependsOn) > 0 || k.Spec.DeletionPolicy != "Orphan" || !k.Spec.Prune || k.Spec.Force {
			t.Errorf("%s: dependsOn %v, deletionPolicy %s, prune %v, force %v", name, k.Spec.DependsOn, k.Spec.DeletionPolicy, k.Spec.Prune, k.Spec.Force)
		}
		if strings.HasPrefix(name, "lc-") {
			continue
		}
		dir, ok := strings.CutPrefix(k.Spec.Path, "./out/")
		if !ok || applied[dir] != "" {
			t.Errorf("%s applies %s, and so does %q", name, k.Spec.Path, applied[dir])
		}
		applied[dir] = name
		// What lies under clusters/ goes to the physical cluster, all else stays.
		remote := strings.HasPrefix(dir, "clusters/eu-1/")
		if (k.Spec.KubeConfig != nil) != remote {
			t.Errorf("%s: kubeConfig %v for %s", name, k.Spec.KubeConfig, dir)
		}
	}
	for _, name := range sortedKeys(files) {
		dir, ok := strings.CutSuffix(name, "/kustomization.yaml")
		byFlux := strings.HasPrefix(dir, "clusters/eu-") || strings.HasPrefix(dir, "gitops/flux/eu-")
		if ok && byFlux && applied[dir] == "" {
			t.Errorf("nothing applies %s", dir)
		}
	}
}

// TestTeamSource: a team's repository is applied with the logical cluster's own
// rights, into its own namespaces, on its own physical cluster.
func TestTeamSource(t *testing.T) {
	files := small().files(t)
	k := objects[kustomizev1.Kustomization](t, files, "Kustomization")["lc-acme.payments.prod.eu-1"].Spec
	got := []string{k.ServiceAccountName, k.TargetNamespace, k.Path, k.KubeConfig.SecretRef.Name, k.SourceRef.Name, k.SourceRef.Namespace}
	want := []string{"lc-acme.payments.prod", "acme-payments-prod", "./deploy", "eu-1-kubeconfig", "lc-acme.payments.prod.eu-1", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Flux (-want +got):\n%s", diff)
	}
	p := objects[appProject](t, files, "AppProject")["lc-acme.web.us-1"].Spec
	if diff := cmp.Diff([]destination{{Name: "us-1", Namespace: "acme-web"}}, p.Destinations); diff != "" {
		t.Errorf("destinations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"https://git.example.com/acme/web"}, p.SourceRepos); diff != "" {
		t.Errorf("sourceRepos (-want +got):\n%s", diff)
	}
	if p.ClusterResourceWhitelist == nil || len(*p.ClusterResourceWhitelist) > 0 {
		t.Errorf("cluster-scoped objects: %v", p.ClusterResourceWhitelist)
	}
	for _, kind := range []string{"ResourceQuota", "LimitRange"} {
		if !slices.Contains(p.NamespaceResourceBlacklist, metav1.GroupKind{Kind: kind}) {
			t.Errorf("%s is not refused", kind)
		}
	}
	app := objects[application](t, files, "Application")["lc-acme.web.us-1"].Spec
	sa := p.DestinationServiceAccounts[0]
	if app.Project != "lc-acme.web.us-1" || app.Destination.Namespace != sa.Namespace || sa.DefaultServiceAccount != "tenantry-system:lc-acme.web" {
		t.Errorf("project %s, namespace %s, service account %+v", app.Project, app.Destination.Namespace, sa)
	}
	for name := range files {
		if strings.HasPrefix(name, "gitops/") && strings.Contains(files[name], "lc-beta.shop.eu-1") {
			t.Errorf("%s: the source is still applied where the logical cluster is leaving", name)
		}
	}
}

// TestArgoPermits: what an Application applies is permitted by its project.
func TestArgoPermits(t *testing.T) {
	in := small().input()
	for i := range in.Platforms {
		in.Platforms[i].Transforms = []*apiserver.Transform{{ID: "stamp", Spec: admissionv1.MutatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{},
			Mutations:        []admissionv1.Mutation{{JSONPatch: &admissionv1.JSONPatch{Expression: "[]"}}},
		}}}
	}
	files := map[string]string{}
	rendered, err := rendertest.Files(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range rendered {
		files[name] = string(data)
	}
	projects := objects[appProject](t, files, "AppProject")
	applications := objects[application](t, files, "Application")
	checked := 0
	for _, name := range sortedKeys(applications) {
		app := applications[name].Spec
		project, ok := projects[app.Project]
		if !ok {
			t.Errorf("%s is of project %s, which there is not", name, app.Project)
			continue
		}
		if len(applications[name].Finalizers) > 0 {
			t.Errorf("%s has finalizers: deleting it would delete what it applied", name)
		}
		if !slices.Contains(project.Spec.SourceRepos, app.Source.RepoURL) {
			t.Errorf("%s: repository %s is not permitted", name, app.Source.RepoURL)
		}
		if !slices.ContainsFunc(project.Spec.Destinations, func(d destination) bool {
			return d.Name == app.Destination.Name && d.Server == app.Destination.Server && (d.Namespace == "*" || d.Namespace == app.Destination.Namespace)
		}) {
			t.Errorf("%s: destination %+v is not permitted", name, app.Destination)
		}
		if app.Source.Directory == nil {
			continue // a team's
		}
		for file, data := range files {
			rest, ok := strings.CutPrefix("out/"+file, app.Source.Path+"/")
			if !ok || rest == app.Source.Directory.Exclude || strings.Contains(rest, "/") && !app.Source.Directory.Recurse {
				continue
			}
			for _, d := range documents(t, file, data) {
				checked++
				kind := metav1.GroupKind{Group: d.GroupVersionKind().Group, Kind: d.Kind}
				permitted := project.Spec.NamespaceResourceWhitelist
				if d.Namespace == "" {
					permitted = *project.Spec.ClusterResourceWhitelist
				}
				if !slices.Contains(permitted, kind) {
					t.Errorf("%s: %s in %s is not permitted by %s", name, kind.String(), file, app.Project)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d objects", checked)
	}
}

// TestNamesNeverMeet: objects of different parts, physical clusters and logical
// clusters never share a name, and every name fits into a label.
func TestNamesNeverMeet(t *testing.T) {
	name := rapid.StringMatching(`[a-z0-9]([a-z0-9]|-[a-z0-9]){0,16}`)
	cut := rapid.StringMatching(`c[0-9]{4,5}`)
	rapid.Check(t, func(t *rapid.T) {
		seen := map[string]string{}
		claim := func(got, who string) {
			if len(got) > 63 {
				t.Fatalf("%s has %d characters", got, len(got))
			}
			if other, ok := seen[got]; ok && other != who {
				t.Fatalf("%s is both %s and %s", got, other, who)
			}
			seen[got] = who
		}
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "lc", "platform", "crds", "c0001", "lc-c0001", name.Draw(t, "name")}), 2, 6)
		for range 20 {
			c := gitops.Cluster{Name: rapid.OneOf(name, rapid.SampledFrom([]string{"eu", "eu-1", "eu-1-platform", "eu-1-crds", "eu-1-c0001", "eu-lc"})).Draw(t, "cluster")}
			cut := cut.Draw(t, "cut")
			claim(c.RootName(), "root of "+c.Name)
			claim(c.PlatformName(), "platform of "+c.Name)
			claim(c.CRDsName(), "CRDs of "+c.Name)
			claim(c.TenantsName(cut), cut+" of "+c.Name)
			claim(c.GroupName(cut[:3]), "group "+cut[:3]+" of "+c.Name)
			claim(c.ObjectsName(cut), "objects of "+cut+" of "+c.Name)
			key := strings.Join(parts.Draw(t, "key"), "/")
			claim(gitops.SourceName(key, c.Name), "source of "+key+" on "+c.Name)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*schema.GitOpsSource)
		codes  []diag.Code
		gitops []string // directories that are rendered
	}{
		{"git over https", func(*schema.GitOpsSource) {}, nil, []string{"argo", "flux"}},
		{"git in short form", func(s *schema.GitOpsSource) { s.URL = "git@git.example.com:a/b" }, nil, []string{"argo", "flux"}},
		{"no URL", func(s *schema.GitOpsSource) { s.URL = "" }, []diag.Code{diag.NoGitOpsSource}, nil},
		{"a file", func(s *schema.GitOpsSource) { s.URL = "file:///srv/out" }, []diag.Code{diag.UnreadableGitOpsSource, diag.UnreadableGitOpsSource}, nil},
		{"OCI", func(s *schema.GitOpsSource) { s.Kind, s.URL = "oci", "oci://registry.example.com/out" }, []diag.Code{diag.UnreadableGitOpsSource}, []string{"flux"}},
		{"OCI over https", func(s *schema.GitOpsSource) { s.Kind, s.URL = "oci", "https://registry.example.com/out" }, []diag.Code{diag.UnreadableGitOpsSource, diag.UnreadableGitOpsSource}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := small()
			test.change(&r.t.Settings.GitOps.Source)
			var codes []diag.Code
			for _, f := range render.BuiltIn().Check(r.t) {
				codes = append(codes, f.Code)
				if f.Severity != diag.Error || len(f.Concerns) > 0 {
					t.Errorf("%+v", f)
				}
			}
			if diff := cmp.Diff(test.codes, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			engines := map[string]bool{}
			manifests := 0
			for name := range r.files(t) {
				if rest, ok := strings.CutPrefix(name, "gitops/"); ok {
					engine, _, _ := strings.Cut(rest, "/")
					engines[engine] = true
				}
				if strings.HasPrefix(name, "clusters/") {
					manifests++
				}
			}
			if diff := cmp.Diff(test.gitops, sortedKeys(engines)); diff != "" {
				t.Errorf("engines (-want +got):\n%s", diff)
			}
			if manifests == 0 {
				t.Error("no manifests")
			}
		})
	}
}
