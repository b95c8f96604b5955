package plan_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/cache"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/plan"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/manifest"
	"github.com/tenantry/tenantry/schema"
)

const asOf = "2026-11-20"

// documents are the content of a tenancy repo: by directory, kind and key.
type documents map[string]map[string]any

func readDocuments(t testing.TB) documents {
	t.Helper()
	data, err := os.ReadFile("testdata/documents.json")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

func parse(t testing.TB, data []byte) documents {
	t.Helper()
	var d documents
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d documents) clone(t testing.TB) documents {
	t.Helper()
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

// files are the documents as files of CUE, one in each directory: JSON is CUE.
func (d documents) files(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for dir, content := range d {
		var b strings.Builder
		b.WriteString("package tenancy\n\n")
		for _, kind := range slices.Sorted(maps.Keys(content)) {
			text, err := json.MarshalIndent(content[kind], "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s: %s\n", kind, text)
		}
		out[filepath.Join(dir, "documents.cue")] = b.String()
	}
	return out
}

// compiled writes files below what every repo needs, and compiles them.
func compiled(t testing.TB, files map[string]string, former *compiler.Result, store *cache.Cache) *compiler.Result {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{}
	for name, data := range schema.RepoFiles("acme.example/tenancy") {
		if name != "tenancy.cue" || files["tenancy.cue"] == "" {
			all[name] = string(data)
		}
	}
	crd, err := os.ReadFile("testdata/crd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all["apis/crd.yaml"], all["apis/other.yaml"] = string(crd), string(crd)
	maps.Copy(all, files)
	for name, data := range all {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := compiler.Options{Dir: dir, Unpromised: true, AsOf: asOf, Workers: 2, ToolVersion: "test", Cache: store}
	if former != nil {
		o.Former = former.Pins
	}
	r, err := compiler.Compile(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func errorsOf(r *compiler.Result) []string {
	var out []string
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			out = append(out, fmt.Sprintf("%s: %s %s", d.Position, d.Code, d.Message))
		}
	}
	return out
}

// rendered returns the output that a result is rendered to.
func rendered(t testing.TB, r *compiler.Result) map[string][]byte {
	t.Helper()
	files, err := render.Files(t.Context(), r.Rendering())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// notCompiled are kinds of which nothing comes in the matrix: the compiler
// refuses them, or they need documents of several kinds, which scripts show.
var notCompiled = []schema.Kind{schema.KindImplicit, schema.KindModules, schema.KindPolicies, schema.KindExemptions}

// documentTypes are the Go types of the documents.
var documentTypes = map[schema.Kind]reflect.Type{
	schema.KindSettings: reflect.TypeFor[schema.Settings](), schema.KindPhysicalClusters: reflect.TypeFor[schema.PhysicalCluster](),
	schema.KindAPISets: reflect.TypeFor[schema.APISet](), schema.KindClasses: reflect.TypeFor[schema.Class](),
	schema.KindOrganizations: reflect.TypeFor[schema.Organization](), schema.KindLogicalClusters: reflect.TypeFor[schema.LogicalCluster](),
	schema.KindPrices: reflect.TypeFor[schema.PriceBook](),
}

// leaves lists the paths of the fields of a type that hold values. A * stands
// for a key or an index.
func leaves(t reflect.Type) [][]string {
	switch t.Kind() {
	case reflect.Pointer:
		return leaves(t.Elem())
	case reflect.Map, reflect.Slice:
		if e := t.Elem(); e.Kind() == reflect.Struct {
			return prefixed("*", leaves(e))
		}
		return [][]string{nil}
	case reflect.Struct:
		var out [][]string
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				out = append(out, leaves(f.Type)...)
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			out = append(out, prefixed(name, leaves(f.Type))...)
		}
		return out
	}
	return [][]string{nil}
}

func prefixed(name string, paths [][]string) [][]string {
	out := make([][]string, len(paths))
	for i, p := range paths {
		out[i] = append([]string{name}, p...)
	}
	return out
}

// instances finds the places of a path in a value, and calls f with what holds
// each and its key there.
func instances(v any, path []string, f func(parent any, key string)) {
	step := func(key string, next any) {
		if len(path) == 1 {
			f(v, key)
		} else {
			instances(next, path[1:], f)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if path[0] == key || path[0] == "*" {
				step(key, v[key])
			}
		}
	case []any:
		for i := range v {
			if path[0] == "*" {
				step(fmt.Sprint(i), v[i])
			}
		}
	}
}

// alternatives are other values of a field, where taking it out or adding to it
// is no answer.
var alternatives = map[string][]any{
	"settings.gitops.namespace": {"other-system"}, "settings.gitops.argoNamespace": {"argo"}, "settings.gitops.interval": {"9m"},
	"settings.gitops.source.url": {"https://git.acme.example/other"}, "settings.gitops.source.kind": {"oci"}, "settings.gitops.engine": {"argo"},
	"settings.labels.*.owner":   {"organization"},
	"physicalClusters.*.region": {"us"}, "physicalClusters.*.kubernetes": {"1.36"}, "physicalClusters.*.server": {"https://other.acme.example"},
	"physicalClusters.*.kubeconfig.secret": {"other"}, "physicalClusters.*.engine": {"argo"}, "physicalClusters.*.taints.*.key": {"crew"},
	"apiSets.*.promise": {"full"}, "apiSets.*.versions.*.promise": {"full"}, "apiSets.*.versions.*.lifecycle": {"beta"}, "apiSets.*.versions.*.sunset": {"2031-01-01"},
	"apiSets.*.versions.*.crds": {"external"}, "apiSets.*.versions.*.resources.*.file": {"apis/other.yaml"},
	"apiSets.*.versions.*.replacedBy": {"v1"}, "apiSets.*.versions.*.resources.*.versions": {[]any{"v1", "v1beta1"}},
	"source.repo": {"https://git.acme.example/other"}, "source.role": {"view"}, "state": {"frozen"},
	"network": {"closed"}, "podSecurity": {"privileged"}, "class": {"other"}, "source.namespace": {"jobs"},
	"key": {"gpu2"}, "operator": {"NotIn"}, "from": {"2026-02-01"}, "cut": {100},
}

// candidates returns other values of a field; nil stands for its absence.
func candidates(path string, v any) []any {
	var out []any
	for suffix, values := range alternatives {
		if path == suffix || strings.HasSuffix(path, "."+suffix) {
			out = append(out, values...)
		}
	}
	switch v := v.(type) {
	case float64:
		out = append(out, v+1)
	case bool:
		out = append(out, !v)
	case string:
		out = append(out, v+"2")
		if role := map[string]string{"view": "edit", "edit": "admin"}[v]; role != "" {
			out = append(out, role)
		}
	case []any:
		for i, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, append(slices.Clone(v), s+"2"), slices.Delete(slices.Clone(v), i, i+1))
			}
		}
	case map[string]any:
		for key, item := range v {
			changed := maps.Clone(v)
			delete(changed, key)
			more := maps.Clone(v)
			more[key+"2"] = item
			out = append(out, changed, more)
			for _, c := range candidates("", item) {
				other := maps.Clone(v)
				other[key] = c
				if c != nil {
					out = append(out, other)
				}
			}
		}
	}
	return append(out, nil)
}

// TestNoFieldIsOverlooked changes each field of each document, one at a time.
// Whenever the rendered output differs, the plan names the field, and its objects
// are those that differ in the output, whoever counts.
func TestNoFieldIsOverlooked(t *testing.T) {
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	base := readDocuments(t)
	before := compiled(t, base.files(t), nil, store)
	if errs := errorsOf(before); errs != nil {
		t.Fatalf("the documents have errors: %v", errs)
	}
	output := rendered(t, before)
	for _, kind := range schema.Kinds() {
		if slices.Contains(notCompiled, kind.Kind) {
			continue
		}
		document := documentTypes[kind.Kind]
		if document == nil {
			t.Errorf("no type is known for %s", kind.Kind)
			continue
		}
		for _, leaf := range leaves(document) {
			path := append([]string{string(kind.Kind)}, leaf...)
			if kind.Kind != schema.KindSettings {
				path = append([]string{string(kind.Kind), "*"}, leaf...)
			}
			t.Run(strings.Join(path, "."), func(t *testing.T) {
				t.Parallel()
				fieldIsNamed(t, base, path, before, output, store)
			})
		}
	}
}

func fieldIsNamed(t *testing.T, base documents, path []string, before *compiler.Result, output map[string][]byte, store *cache.Cache) {
	stands, valid := 0, 0
	for dir := range base {
		instances(map[string]any(base[dir]), path, func(parent any, key string) {
			stands++
			if _, ok := parent.(map[string]any); !ok {
				t.Errorf("%v: a list holds it", path)
				return
			}
			if valid > 0 {
				return
			}
			n := stands
			for _, c := range candidates(strings.Join(path, "."), parent.(map[string]any)[key]) {
				if valid == 2 {
					break
				}
				changed := base.clone(t)
				i := 0
				instances(map[string]any(changed[dir]), path, func(parent any, key string) {
					if i++; i != n {
						return
					}
					if c == nil {
						delete(parent.(map[string]any), key)
					} else {
						parent.(map[string]any)[key] = c
					}
				})
				after := compiled(t, changed.files(t), before, store)
				p := compared(t, before, after)
				errs := errorsOf(after)
				now := rendered(t, after)
				same := maps.EqualFunc(output, now, func(a, b []byte) bool { return string(a) == string(b) })
				switch {
				case errs != nil:
					if p.Summary.Errors == 0 {
						t.Errorf("%s = %v: the plan is silent about %v", strings.Join(path, "."), c, errs)
					}
				case !same && !names(p, path):
					t.Errorf("%s = %v changes the output, and the plan says of it: %+v", strings.Join(path, "."), c, p.Documents)
				}
				if errs == nil {
					valid++
				}
				if problem := costDifference(p, before, after); problem != "" {
					t.Errorf("%s = %v: %s", strings.Join(path, "."), c, problem)
				}
				if diff := objectDifference(t, output, now); !maps.Equal(diff, counted(p)) {
					t.Errorf("%s = %v: the output differs in %v, the plan in %v", strings.Join(path, "."), c, diff, counted(p))
				}
			}
			stands = n
		})
	}
	switch {
	case stands == 0:
		t.Errorf("testdata/documents.json has no %s", strings.Join(path, "."))
	case valid == 0:
		t.Errorf("no other value of %s is without errors: add one to the alternatives", strings.Join(path, "."))
	}
}

func compared(t testing.TB, before, after *compiler.Result) *plan.Plan {
	t.Helper()
	p, err := plan.Compare(t.Context(), before, after)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// names reports whether the plan tells a field of a document by its name.
func names(p *plan.Plan, path []string) bool {
	field := path[1:]
	if path[0] != string(schema.KindSettings) {
		field = path[2:]
	}
	for _, d := range p.Documents {
		if d.Kind != path[0] {
			continue
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Path, field[0]) || strings.HasPrefix(field[0], f.Path) {
				return true
			}
		}
	}
	return false
}

// objectDifference counts, by brute force, how many objects of two outputs
// differ, by where they stand.
func objectDifference(t testing.TB, before, after map[string][]byte) map[string]int {
	t.Helper()
	read := func(files map[string][]byte) map[string]string {
		out := map[string]string{}
		for name, data := range files {
			root, rest, _ := strings.Cut(name, "/")
			target := plan.Management
			if root == "clusters" {
				target, _, _ = strings.Cut(rest, "/")
			} else if root != "gitops" {
				continue
			}
			objects, err := manifest.FromYAML(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range objects {
				if o.Get("kind") == "Kustomization" && strings.HasPrefix(o.Get("apiVersion").(string), "kustomize.config") {
					continue
				}
				var v any
				if err := json.Unmarshal(manifest.AppendJSON(nil, o), &v); err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				out[fmt.Sprintf("%s\n%v %v %v", target, o.Get("kind"), o.Get("metadata", "namespace"), o.Get("metadata", "name"))] = string(text)
			}
		}
		return out
	}
	b, a := read(before), read(after)
	out := map[string]int{}
	for id, text := range b {
		if now, ok := a[id]; !ok || now != text {
			target, _, _ := strings.Cut(id, "\n")
			out[target]++
		}
	}
	for id := range a {
		if _, ok := b[id]; !ok {
			target, _, _ := strings.Cut(id, "\n")
			out[target]++
		}
	}
	return out
}

func counted(p *plan.Plan) map[string]int {
	out := map[string]int{}
	for _, o := range p.Objects {
		for _, n := range o.Counts {
			out[o.Cluster] += n
		}
	}
	return out
}

// costDifference reckons, organization by organization, how worst cases differ,
// and says where the plan says otherwise.
func costDifference(p *plan.Plan, before, after *compiler.Result) string {
	if before.Costs.Currency != after.Costs.Currency {
		return ""
	}
	sums := func(r *compiler.Result) (map[string]string, cost.Money) {
		out := map[string]string{}
		var total cost.Money
		for _, row := range r.Costs.Tree(r.Tenancy) {
			if row.Kind == "organization" {
				out[row.Key] = row.Total.String()
				if row.Depth == 0 {
					total = total.Add(row.Total)
				}
			}
		}
		return out, total
	}
	then, whole := sums(before)
	now, total := sums(after)
	told := map[string]*plan.CostRow{}
	var change, explained cost.Money
	if p.Cost != nil {
		change = p.Cost.Change
		for i := range p.Cost.Rows {
			told[p.Cost.Rows[i].Key] = &p.Cost.Rows[i]
		}
		for _, c := range p.Cost.Causes {
			explained = explained.Add(c.Change)
		}
	}
	if change.Cmp(total.Sub(whole)) != 0 || change.Cmp(explained) != 0 {
		return fmt.Sprintf("the worst case differs by %s, the plan says by %s, because of %s", total.Sub(whole), change, explained)
	}
	for key, sum := range now {
		row := told[key]
		switch {
		case row == nil && then[key] != sum:
			return fmt.Sprintf("%s costs %s, before %s, and the plan is silent", key, sum, then[key])
		case row != nil && (row.After.String() != sum || row.Before.String() != cmp.Or(then[key], "0")):
			return fmt.Sprintf("%s costs %s, before %s, and the plan says %s, before %s", key, sum, then[key], row.After, row.Before)
		}
	}
	return ""
}
