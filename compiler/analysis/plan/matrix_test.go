package plan_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render/rendertest"
	"github.com/tenantry/tenantry/schema"
)

const asOf = "2026-11-20"

// documents are the content of a tenancy repo: by directory, kind and key.
type documents map[string]map[string]any

func readDocuments(t testing.TB) documents {
	t.Helper()
	return parse(t, []byte(testkit.ReadFile(t, "testdata/documents.json")))
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

// files are the documents as files of CUE, one in each directory.
func (d documents) files(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for dir, content := range d {
		var b strings.Builder
		b.WriteString("package tenancy\n\n")
		for _, kind := range slices.Sorted(maps.Keys(content)) {
			fmt.Fprintf(&b, "%s: %s\n", kind, cueText(t, content[kind]))
		}
		out[filepath.Join(dir, "documents.cue")] = b.String()
	}
	return out
}

// parameterField holds a schema, which JSON can't say: documents have its text.
const parameterField = "#parameters"

// cueText writes a value as CUE, a field on a line: JSON is CUE.
func cueText(t testing.TB, v any) string {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var b strings.Builder
	b.WriteString("{\n")
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if text, ok := m[key].(string); ok && key == parameterField {
			fmt.Fprintf(&b, "%s: %s\n", key, text)
			continue
		}
		fmt.Fprintf(&b, "%q: %s\n", key, cueText(t, m[key]))
	}
	return b.String() + "}"
}

// compiled writes files below what every repo needs, and compiles them.
func compiled(t testing.TB, files map[string]string, former *compiler.Result, store *store.Cache) *compiler.Result {
	t.Helper()
	dir := testkit.MemoryDir(t)
	all := map[string]string{}
	for name, data := range schema.RepoFiles("acme.example/tenancy") {
		if name != "tenancy.cue" || files["tenancy.cue"] == "" {
			all[name] = string(data)
		}
	}
	crd := testkit.ReadFile(t, "testdata/crd.yaml")
	all["apis/crd.yaml"], all["apis/other.yaml"] = crd, crd
	for _, name := range []string{"tools", "banner", "other"} {
		all["objects/"+name+".yaml"] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-file}\ndata: {a: b}\n", name)
	}
	maps.Copy(all, files)
	testkit.WriteFiles(t, dir, all)
	o := compiler.Options{Dir: dir, Unpromised: true, AsOf: asOf, Workers: 2, Build: "test", Cache: store}
	if former != nil {
		o.Former = former.Pins
	}
	r, err := compiler.Compile(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// accepted compiles documents with the locks that accept what waits for it.
func accepted(t testing.TB, files map[string]string, former *compiler.Result, store *store.Cache) (*compiler.Result, map[string]string) {
	t.Helper()
	r := compiled(t, files, former, store)
	locked := maps.Clone(files)
	for _, change := range r.Changes {
		if !change.Pending() || change.Invalid {
			continue
		}
		if next := change.Next(); next != nil {
			locked[next.File] = string(next.Encode())
		} else {
			delete(locked, change.Lock.File)
		}
	}
	if maps.Equal(files, locked) {
		return r, files
	}
	return compiled(t, locked, former, store), locked
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
	files, err := rendertest.Files(t.Context(), r.Rendering())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// leaf is a field that holds a value, by its path in documents: a * stands for a key or
// an index. Fields of a struct that several kinds of document use have the same name.
type leaf struct {
	path []string
	name string
}

// leaves lists the fields of a type that hold values. name is that of what has the type.
func leaves(t reflect.Type, name string) []leaf {
	switch t.Kind() {
	case reflect.Pointer:
		return leaves(t.Elem(), name)
	case reflect.Map, reflect.Slice:
		if e := t.Elem(); e.Kind() == reflect.Struct {
			return prefixed("*", leaves(e, name))
		}
	case reflect.Struct:
		var out []leaf
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				out = append(out, leaves(f.Type, name)...)
				continue
			}
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			out = append(out, prefixed(key, leaves(f.Type, t.Name()+"."+f.Name))...)
		}
		return out
	}
	return []leaf{{nil, name}}
}

func prefixed(key string, leaves []leaf) []leaf {
	out := make([]leaf, len(leaves))
	for i, l := range leaves {
		out[i] = leaf{append([]string{key}, l.path...), l.name}
	}
	return out
}

// leavesOfAll lists the fields of all kinds of document.
func leavesOfAll() (out []leaf) {
	for _, kind := range document.Kinds() {
		all := leaves(reflect.TypeOf(kind.New()), string(kind.Name))
		if !kind.Singleton {
			all = prefixed("*", all)
		}
		out = append(out, prefixed(string(kind.Name), all)...)
	}
	return out
}

// rotation decides which part is tried. Any other number is as good.
const rotation = 1

// pick returns a number below n that depends on a name.
func pick(name string, n int) int {
	h := fnv.New32a()
	fmt.Fprint(h, rotation, name)
	return int(h.Sum32() % uint32(n))
}

// picked returns the leaves that are tried: one of those of each name, or everything.
func picked(all []leaf) []leaf {
	if testkit.Soaking() {
		return all
	}
	named := map[string][]leaf{}
	for _, l := range all {
		named[l.name] = append(named[l.name], l)
	}
	var out []leaf
	for _, name := range slices.Sorted(maps.Keys(named)) {
		out = append(out, named[name][pick(name, len(named[name]))])
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
	"physicalClusters.*.region": {"us"}, "physicalClusters.*.kubernetes": {"1.37"}, "physicalClusters.*.server": {"https://other.acme.example"},
	"physicalClusters.*.kubeconfig.secret": {"other"}, "physicalClusters.*.engine": {"argo"}, "physicalClusters.*.taints.*.key": {"crew"},
	"apiSets.*.promise": {"full"}, "apiSets.*.versions.*.promise": {"full"}, "apiSets.*.versions.*.lifecycle": {"beta"}, "apiSets.*.versions.*.sunset": {"2031-01-01"},
	"apiSets.*.versions.*.crds": {"external"}, "apiSets.*.versions.*.resources.*.file": {"apis/other.yaml"},
	"apiSets.*.versions.*.replacedBy": {"v1"}, "apiSets.*.versions.*.resources.*.versions": {[]any{"v1", "v1beta1"}},
	"source.repo": {"https://git.acme.example/other"}, "source.role": {"view"}, "state": {"frozen"},
	"network": {"closed"}, "podSecurity": {"privileged"}, "class": {"other"}, "source.namespace": {"jobs"},
	"modules.*.stage": {"evolve"}, "modules.*.#parameters": {`{max: int, why: string | *"far too many"}`},
	"policies.*.stage": {"evolve"}, "policies.*.module": {"replicas-too"}, "policies.*.enforcement": {"warn", "deny"},
	"matchConditions.*.expression": {"request.name != ''"}, "rules.*.expression": {"true"},
	"mutations.*.applyConfiguration": {"Object{metadata: Object.metadata{labels: {'seen': 'no'}}}"},
	"mutations.*.jsonPatch":          {"[JSONPatch{op: 'add', path: '/metadata/generateName', value: 'x'}]"},
	"json6902.*.op":                  {"replace", "move"}, "transformers.*.images": {[]any{map[string]any{"name": "busybox", "newTag": "1"}}}, "json6902.*.from": {"/data/a"},
	"exemptions.*.policy": {"services"}, "exemptions.*.ceiling": {"acme/pay"}, "exemptions.*.expires": {"2027-02-01"},
	"revocations.*.subject": {"others"}, "revocations.*.from": {"acme"}, "revocations.*.since": {"2027-02-01"},
	"implicit.*.merge": {"platform-wins"}, "implicit.*.files": {[]any{"objects/other.yaml"}},
	"movesTo": {map[string]any{"old": "other/new"}}, "key": {"gpu2"}, "operator": {"NotIn"}, "from": {"2026-02-01"}, "cut": {100},
}

// candidates returns other values of a field; nil stands for its absence.
func candidates(path string, v any) []any {
	out := others(path, v)
	return slices.DeleteFunc(out, func(c any) bool {
		return reflect.DeepEqual(c, v) || c == nil && path == "implicit.*.locked" && v == true // its default
	})
}

func others(path string, v any) []any {
	var out []any
	for _, suffix := range slices.Sorted(maps.Keys(alternatives)) {
		if path == suffix || strings.HasSuffix(path, "."+suffix) {
			out = append(out, alternatives[suffix]...)
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
		for _, key := range slices.Sorted(maps.Keys(v)) {
			item := v[key]
			changed := maps.Clone(v)
			delete(changed, key)
			more := maps.Clone(v)
			more[key+"2"] = item
			out = append(out, changed, more)
			for _, c := range others("", item) {
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

// TestNoFieldIsOverlooked changes fields of documents, one at a time. The plan names the
// field, and its objects are those that differ in the output, whoever counts. A change of
// a locked implicit document is looked at twice: as it waits, and as it is accepted.
//
// Each field is changed in one document, those of structs that several kinds of document
// use in one of them. With TENANTRY_SOAK each is changed wherever it is, to more values.
func TestNoFieldIsOverlooked(t *testing.T) {
	store, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	base := readDocuments(t)
	before, files := accepted(t, base.files(t), nil, store)
	if errs := errorsOf(before); errs != nil {
		t.Fatalf("the documents have errors: %v", errs)
	}
	m := &matrix{base: base, before: before, output: rendered(t, before), locks: locksOf(files), store: store}
	all := leavesOfAll()
	for _, leaf := range all {
		if len(m.places(leaf.path)) == 0 {
			t.Errorf("testdata/documents.json has no %s", strings.Join(leaf.path, "."))
		}
	}
	for _, leaf := range picked(all) {
		t.Run(strings.Join(leaf.path, "."), func(t *testing.T) {
			t.Parallel()
			m.field(t, leaf.path)
		})
	}
}

// locksOf returns those of some files that are locks.
func locksOf(files map[string]string) map[string]string {
	out := maps.Clone(files)
	maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasSuffix(name, ".tenancy.lock") })
	return out
}

// matrix is what each change is compared with.
type matrix struct {
	base   documents
	before *compiler.Result
	output map[string][]byte
	locks  map[string]string
	store  *store.Cache
}

// place is where a field is: in the n-th struct of a directory that has it.
type place struct {
	dir string
	n   int
}

// places returns the places of a field.
func (m *matrix) places(path []string) (out []place) {
	for _, dir := range slices.Sorted(maps.Keys(m.base)) {
		n := 0
		instances(map[string]any(m.base[dir]), path, func(any, string) {
			out = append(out, place{dir, n})
			n++
		})
	}
	return out
}

// at returns the struct that has a field at a place, and the field's key.
func (p place) at(t *testing.T, d documents, path []string) (object map[string]any, field string) {
	n := 0
	instances(map[string]any(d[p.dir]), path, func(parent any, key string) {
		if n == p.n {
			var ok bool
			if object, ok = parent.(map[string]any); !ok {
				t.Fatalf("%v: a list holds it", path)
			}
			field = key
		}
		n++
	})
	return object, field
}

// field changes one field to other values: in one place to one, or, where everything is
// tried, to two in the first place and to one in each of the others.
func (m *matrix) field(t *testing.T, path []string) {
	name := strings.Join(path, ".")
	places := m.places(path)
	if n := len(places); n > 0 {
		first := pick(name, n)
		places = slices.Concat(places[first:], places[:first])
	}
	valid := 0
	for _, p := range places {
		wanted := 1
		switch {
		case testkit.Soaking() && valid == 0:
			wanted = 2
		case !testkit.Soaking() && valid > 0:
			return
		}
		object, key := p.at(t, m.base, path)
		for _, c := range candidates(name, object[key]) {
			if wanted == 0 {
				break
			}
			changed := m.base.clone(t)
			if object, key := p.at(t, changed, path); c == nil {
				delete(object, key)
			} else {
				object[key] = c
			}
			if m.change(t, path, c, changed) {
				wanted--
				valid++
			}
		}
	}
	if valid == 0 {
		t.Errorf("no other value of %s is without errors: add one to the alternatives", name)
	}
}

// change holds the plan of a change to the output. It reports whether the documents
// are without errors.
func (m *matrix) change(t *testing.T, path []string, c any, changed documents) bool {
	what := fmt.Sprintf("%s = %v", strings.Join(path, "."), c)
	files := changed.files(t)
	maps.Copy(files, m.locks)
	after := compiled(t, files, m.before, m.store)
	if waits := pending(after); waits != "" {
		p := compared(t, m.before, after)
		if len(objectDifference(t, m.output, rendered(t, after))) > 0 {
			t.Errorf("%s changes the output before %s is accepted", what, waits)
		}
		if !slices.ContainsFunc(p.Implicit, func(i change.Implicit) bool { return i.Change == change.Proposed && i.Name == waits }) {
			t.Errorf("%s waits to be accepted, and the plan is silent about %s", what, waits)
		}
		after, _ = accepted(t, files, m.before, m.store)
	}
	p := compared(t, m.before, after)
	now := rendered(t, after)
	errs := errorsOf(after)
	switch {
	case errs != nil:
		if p.Summary.Errors == 0 {
			t.Errorf("%s: the plan is silent about %v", what, errs)
		}
	case !names(p, path):
		t.Errorf("the plan says of %s: %+v", what, p.Documents)
	}
	if problem := costDifference(p, m.before, after); problem != "" {
		t.Errorf("%s: %s", what, problem)
	}
	if diff := objectDifference(t, m.output, now); !maps.Equal(diff, counted(p)) {
		t.Errorf("%s: the output differs in %v, the plan in %v", what, diff, counted(p))
	}
	return errs == nil
}

// pending names an implicit document that waits to be accepted.
func pending(r *compiler.Result) string {
	for _, change := range r.Changes {
		if change.Pending() && !change.Invalid {
			return change.Ref()
		}
	}
	return ""
}

func compared(t testing.TB, before, after *compiler.Result) *change.Plan {
	t.Helper()
	p, err := plan.Compare(t.Context(), before, after, impact.NewComparer(nil, "", evolution.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	return &p.Plan
}

// names reports whether the plan tells a field of a document by its name.
func names(p *change.Plan, path []string) bool {
	field := path[1:]
	if path[0] != string(schema.KindSettings) {
		field = path[2:]
	}
	for _, d := range p.Documents {
		if d.Kind != path[0] {
			continue
		}
		for _, f := range d.Fields {
			if field[0] == "files" && strings.HasPrefix(f.Path, "objects") {
				return true // of files, what they hold counts
			}
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
	b, a := map[string]string{}, map[string]string{}
	for name, data := range before {
		objects := objectsOf(t, name, data)
		maps.Copy(b, objects)
		if bytes.Equal(data, after[name]) {
			maps.Copy(a, objects)
		}
	}
	for name, data := range after {
		if !bytes.Equal(data, before[name]) {
			maps.Copy(a, objectsOf(t, name, data))
		}
	}
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

// objectsOf reads the objects of a file of the output as JSON, by where they stand.
func objectsOf(t testing.TB, name string, data []byte) map[string]string {
	t.Helper()
	root, rest, _ := strings.Cut(name, "/")
	target := change.Management
	if root == "clusters" {
		target, _, _ = strings.Cut(rest, "/")
	} else if root != "gitops" {
		return nil
	}
	objects, err := manifest.FromYAML(data)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
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
	return out
}

func counted(p *change.Plan) map[string]int {
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
func costDifference(p *change.Plan, before, after *compiler.Result) string {
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
	told := map[string]*change.CostRow{}
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
