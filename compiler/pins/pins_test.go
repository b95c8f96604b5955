package pins

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

// owner files every logical cluster and organization with its organization.
func owner(id document.ID) string {
	switch id.Kind {
	case "organizations":
		return id.Key
	case "logicalClusters":
		return id.Key[:max(0, strings.LastIndexByte(id.Key, '/'))]
	}
	return ""
}

func filesOf(p *Pins) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, f := range p.Files(owner) {
		fsys[f.Path] = &fstest.MapFile{Data: f.AppendYAML(nil)}
	}
	return fsys
}

func example() *Pins {
	return &Pins{
		AsOf: "2026-11-20",
		Documents: map[document.ID]json.RawMessage{
			{Kind: "settings"}: json.RawMessage(`{"currency":"EUR"}`),
			{Kind: "apiSets", Key: "database", Dir: "apis"}:   json.RawMessage(`{"versions":{"v1":{}}}`),
			{Kind: "organizations", Key: "acme"}:              json.RawMessage(`{"owners":["acme-owners"]}`),
			{Kind: "policies", Key: "tier", Dir: "orgs/acme"}: json.RawMessage(`{"enforcement":"deny"}`),
			{Kind: "logicalClusters", Key: "acme/payments/prod"}: json.RawMessage(
				`{"namespaces":{"api":{},"jobs":{}},"budget":800.50,"quota":{"cpu":"24","memory":"96Gi"},"regions":["eu"]}`),
		},
		Definitions: map[document.ID][]Definition{
			{Kind: "apiSets", Key: "database", Dir: "apis"}: {{Version: "v1", Resource: "databases.acme.example", Name: "databases.acme.example-a1b2"}},
		},
		Definition: func(string) ([]byte, error) { return []byte("kind: CustomResourceDefinition"), nil },
		LogicalClusters: map[string]*LogicalCluster{
			"acme/payments/prod": {
				Organization: "acme/payments",
				Site: Site{Cluster: "eu-2", Cut: "c0001",
					Namespaces: NamesOf(map[string]string{"api": "acme-payments-prod-api", "jobs": "acme-payments-prod-jobs"})},
				Left: []Site{{Cluster: "eu-1", Cut: "c0007", Namespaces: NamesOf(map[string]string{"api": "acme-payments-prod-api"}),
					Phase: Leaving, Since: "2026-11-18"}},
			},
		},
		Stored: map[StoredID]Stored{
			{"eu-1", "databases.db.acme.example"}: {"v2", []string{"v1", "v2"}},
			{"eu-2", "databases.db.acme.example"}: {"v2", []string{"v1", "v2"}},
			{"eu-3", "databases.db.acme.example"}: {"v2", []string{"v2"}},
		},
	}
}

func TestFilesReadAsPeopleWriteThem(t *testing.T) {
	want := map[string]string{
		"pins/_platform.yaml": `# Rendered by tenantry. Do not edit: the next build replaces this file.
apiVersion: tenantry.dev/v1alpha1
kind: Pins
asOf: "2026-11-20"
organizations:
- acme
- acme/payments
stored:
- name: databases.db.acme.example
  storage: v2
  versions:
  - v1
  - v2
  clusters:
  - eu-1
  - eu-2
- name: databases.db.acme.example
  storage: v2
  versions:
  - v2
  clusters:
  - eu-3
documents:
- kind: apiSets
  key: database
  dir: apis
  definitions:
    v1:
      databases.acme.example: databases.acme.example-a1b2
  document:
    versions:
      v1: {}
- kind: policies
  key: tier
  dir: orgs/acme
  document:
    enforcement: deny
- kind: settings
  document:
    currency: EUR
...
`,
		"pins/_definitions/databases.acme.example-a1b2.yaml": "# Rendered by tenantry. Do not edit: the next build replaces this file.\nkind: CustomResourceDefinition\n",
		"pins/acme.yaml": `# Rendered by tenantry. Do not edit: the next build replaces this file.
apiVersion: tenantry.dev/v1alpha1
kind: Pins
documents:
- kind: organizations
  key: acme
  document:
    owners:
    - acme-owners
...
`,
		"pins/acme/payments.yaml": `# Rendered by tenantry. Do not edit: the next build replaces this file.
apiVersion: tenantry.dev/v1alpha1
kind: Pins
logicalClusters:
  acme/payments/prod:
    cluster: eu-2
    cut: c0001
    namespaces:
      api: acme-payments-prod-api
      jobs: acme-payments-prod-jobs
    left:
    - cluster: eu-1
      cut: c0007
      namespaces:
        api: acme-payments-prod-api
      phase: leaving
      since: "2026-11-18"
documents:
- kind: logicalClusters
  key: acme/payments/prod
  document:
    namespaces:
      api: {}
      jobs: {}
    budget: 800.50
    quota:
      cpu: "24"
      memory: 96Gi
    regions:
    - eu
...
`,
	}
	got := map[string]string{}
	for _, f := range example().Files(owner) {
		got[f.Path] = string(f.AppendYAML(nil))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherDateChangesOneFile(t *testing.T) {
	p := example()
	before := filesOf(p)
	p.AsOf = "2026-11-21"
	for _, f := range p.Files(owner) {
		if changed := string(before[f.Path].Data) != string(f.AppendYAML(nil)); changed != (f.Path == "pins/_platform.yaml") {
			t.Errorf("%s: changed is %v", f.Path, changed)
		}
	}
}

func TestReadNone(t *testing.T) {
	if _, err := Read(fstest.MapFS{"clusters/eu-1/x.yaml": {}}, nil); !errors.Is(err, ErrNone) {
		t.Errorf("have %v, want ErrNone", err)
	}
}

func TestReadRefusesDamage(t *testing.T) {
	const platform, payments = "pins/_platform.yaml", "pins/acme/payments.yaml"
	replace := func(name, old, new string) func(fstest.MapFS) {
		return func(fsys fstest.MapFS) {
			s := string(fsys[name].Data)
			if !strings.Contains(s, old) {
				panic("the file does not contain " + old)
			}
			fsys[name] = &fstest.MapFile{Data: []byte(strings.Replace(s, old, new, 1))}
		}
	}
	for _, c := range []struct {
		name   string
		damage func(fstest.MapFS)
		want   string // the error holds it
	}{
		{"unknown field", replace(payments, "    cut:", "    cuts:"), `pins/acme/payments.yaml:7: unknown field "cuts"`},
		{"unknown field at the top", replace(payments, "documents:", "document:"), `unknown field "document"`},
		{"another version", replace(payments, "v1alpha1", "v2"), `want apiVersion tenantry.dev/v1alpha1 and kind Pins, have "tenantry.dev/v2"`},
		{"another kind", replace(platform, "kind: Pins", "kind: Pin"), platform},
		{"no date", replace(platform, "asOf: \"2026-11-20\"\n", ""), "asOf is missing"},
		{"bad date", replace(platform, "2026-11-20", "yesterday"), `"yesterday" is no date`},
		{"a field twice", replace(payments, "    cut: c0001\n", "    cut: c0001\n    cut: c0002\n"), `field "cut" stands twice`},
		{"a document's field twice", replace(payments, "    budget: 800.50\n", "    budget: 800.50\n    budget: 1\n"), `field "budget" stands twice`},
		{"no cluster", replace(payments, "    cluster: eu-2\n", ""), "the physical cluster is missing"},
		{"unknown phase", replace(payments, "leaving", "left"), `"left" is no phase`},
		{"phase without a date", replace(payments, "      since: \"2026-11-18\"\n", ""), "stand together"},
		{"a storage version that nothing is stored in", replace(platform, "  - v2\n  clusters:\n  - eu-3", "  - v1\n  clusters:\n  - eu-3"), "a definition needs"},
		{"a definition twice", replace(platform, "  - eu-3", "  - eu-1"), "databases.db.acme.example on eu-1 stands in two places"},
		{"not YAML", replace(payments, "api: {}", "api: {"), payments},
		{"merge conflict", replace(payments, "logicalClusters:", "<<<<<<< ours\nlogicalClusters:"), payments},
		{"alias", replace(payments, "api: {}", "api: *x"), payments},
		{"tag", replace(payments, "cut: c0001", "cut: !!binary c0001"), payments},
		{"empty", func(f fstest.MapFS) { f[payments] = &fstest.MapFile{} }, payments},
		{"no platform file", func(f fstest.MapFS) { delete(f, platform) }, "pins/_platform.yaml: the file is missing"},
		{"lost file", func(f fstest.MapFS) { delete(f, payments) }, "pins/acme/payments.yaml: the file is missing"},
		{"unlisted file", func(f fstest.MapFS) { f["pins/acme/old.yaml"] = f["pins/acme.yaml"] }, "pins/acme/old.yaml: pins/_platform.yaml does not list its organization"},
		{"a logical cluster in two files", func(f fstest.MapFS) { f["pins/acme.yaml"] = f[payments] }, `logical cluster "acme/payments/prod" stands in two places`},
		{"a document in two files", func(f fstest.MapFS) { f["pins/acme.yaml"] = f[payments] }, `logicalClusters "acme/payments/prod" stands in two places`},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := filesOf(example())
			c.damage(fsys)
			_, err := Read(fsys, nil)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "damaged pins: pins/") {
				t.Errorf("have %v\nwant %s", err, c.want)
			}
		})
	}
}

// A file that lost its end must never be taken for a shorter one.
func TestReadRefusesEveryTruncation(t *testing.T) {
	whole := filesOf(example())
	for name, f := range whole {
		if strings.HasPrefix(name, "pins/_definitions/") || strings.HasPrefix(name, "pins/_libraries/") {
			continue // its name is a digest of its content, which who reads it compares
		}
		for n := range f.Data {
			fsys := filesOf(example())
			fsys[name] = &fstest.MapFile{Data: f.Data[:n]}
			if _, err := Read(fsys, nil); err == nil || !strings.Contains(err.Error(), name) {
				t.Fatalf("%s cut off at %d: %v", name, n, err)
			}
		}
	}
}

var lookup = cmpopts.IgnoreFields(Pins{}, "Definition", "Library")

// sameTexts holds the definitions that were read against those that were written.
func sameTexts(t *rapid.T, want, have *Pins) {
	for _, list := range want.Definitions {
		for _, d := range list {
			was, _ := want.Definition(d.Name)
			is, err := have.Definition(d.Name)
			if err != nil || strings.TrimSpace(string(was)) != strings.TrimSpace(string(is)) {
				t.Fatalf("definition %s: %v, %q", d.Name, err, is)
			}
		}
	}
	names, err := want.libraryNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		was, _ := want.Library(name)
		is, err := have.Library(name)
		if diff := cmp.Diff(was, is); err != nil || diff != "" {
			t.Fatalf("library %s: %v %s", name, err, diff)
		}
	}
	if _, err := have.Library("nowhere"); err == nil || !strings.Contains(err.Error(), "damaged pins") {
		t.Fatalf("a library that is missing: %v", err)
	}
	if _, err := have.Definition("nowhere"); err == nil || !strings.Contains(err.Error(), "damaged pins") {
		t.Fatalf("a definition that is missing: %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	c, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := pinsGen().Draw(t, "pins")
		files := filesOf(p)
		for _, when := range []string{"cold", "to be cached", "warm"} {
			use := c
			if when == "cold" {
				use = nil
			}
			got, err := Read(files, use)
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			if diff := cmp.Diff(p, got, lookup); diff != "" {
				t.Fatalf("%s: %s", when, diff)
			}
			sameTexts(t, p, got)
		}
		if diff := cmp.Diff(files, filesOf(p)); diff != "" {
			t.Fatalf("written anew: %s", diff)
		}
		data := encode(NewSnapshot(p.Files(owner)))
		fromSnapshot := func(data []byte) (*Pins, error) {
			var s Snapshot
			if err := store.Decode(data, &s); err != nil {
				return nil, err
			}
			return s.Pins(files)
		}
		got, err := fromSnapshot(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, lookup); diff != "" {
			t.Fatalf("snapshot: %s", diff)
		}
		sameTexts(t, p, got)
		for _, n := range []int{0, len(data) / 2, len(data) - 1} {
			if _, err := fromSnapshot(data[:n]); err == nil {
				t.Fatalf("a snapshot cut off at %d of %d bytes was read", n, len(data))
			}
		}
	})
}

// pinsGen generates pins in the form in which they are read: documents as
// they are marshalled, no empty maps.
func pinsGen() *rapid.Generator[*Pins] {
	key := rapid.StringMatching(`[a-z][a-z0-9]{0,3}(/[a-z0-9]{1,3}){1,3}`)
	date := rapid.SampledFrom([]string{"2026-02-28", "2028-02-29", "1999-12-31"})
	names := rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z0-9]{1,5}`), rapid.StringMatching(`[a-z0-9]{1,9}(--[a-z]{1,3})?`), 1, 3), NamesOf)
	site := func(phases ...Phase) *rapid.Generator[Site] {
		return rapid.Custom(func(t *rapid.T) Site {
			s := Site{Cluster: rapid.StringMatching(`[a-z0-9]{1,6}`).Draw(t, "cluster"), Cut: rapid.SampledFrom([]string{"", "c0001", "1e5"}).Draw(t, "cut"),
				Namespaces: names.Draw(t, "namespaces"), Phase: rapid.SampledFrom(phases).Draw(t, "phase")}
			if rapid.Bool().Draw(t, "retired") {
				s.Retired = names.Draw(t, "retired names")
			}
			if s.Phase != Present {
				s.Since = date.Draw(t, "since")
			}
			return s
		})
	}
	return rapid.Custom(func(t *rapid.T) *Pins {
		p := &Pins{AsOf: date.Draw(t, "asOf"), Documents: map[document.ID]json.RawMessage{}, LogicalClusters: map[string]*LogicalCluster{},
			Definitions: map[document.ID][]Definition{},
			Definition:  func(name string) ([]byte, error) { return []byte("# " + name + "\nkind: x\n"), nil }}
		for _, k := range rapid.SliceOfN(key, 0, 4).Draw(t, "keys") {
			lc := &LogicalCluster{Organization: k[:strings.LastIndexByte(k, '/')], Site: site(Present, Confirmed, Gone).Draw(t, "site")}
			if left := rapid.SliceOfN(site(Leaving, Confirmed, Gone), 0, 2).Draw(t, "left"); len(left) > 0 {
				lc.Left = left
			}
			if rapid.Bool().Draw(t, "known") {
				lc.APIs = rapid.MapOfN(rapid.StringMatching(`[a-z0-9]{1,5}`), rapid.StringMatching(`v[0-9]`), 0, 2).Draw(t, "apis")
			}
			p.LogicalClusters[k] = lc
		}
		for range rapid.IntRange(0, 4).Draw(t, "documents") {
			id := document.ID{Kind: rapid.SampledFrom([]schema.Kind{"organizations", "logicalClusters", "prices"}).Draw(t, "kind"),
				Key: key.Draw(t, "key"), Dir: rapid.SampledFrom([]string{"", "orgs/acme", "."}).Draw(t, "dir")}
			doc, err := json.Marshal(value(t, 3))
			if err != nil {
				t.Fatal(err)
			}
			p.Documents[id] = doc
			delete(p.Definitions, id)
			for _, version := range []string{"123", "v1", "v2"}[:rapid.IntRange(0, 3).Draw(t, "versions")] {
				for _, resource := range []string{"a.acme.example", "b.acme.example"}[:rapid.IntRange(1, 2).Draw(t, "resources")] {
					name := resource + "-" + rapid.StringMatching(`[0-9a-f]{4}`).Draw(t, "name")
					p.Definitions[id] = append(slices.Clip(p.Definitions[id]), Definition{Version: version, Resource: resource, Name: name})
				}
			}
		}
		p.Texts, p.Library = textsGen(t)
		p.Stored = map[StoredID]Stored{}
		versions := rapid.Permutation([]string{"v1", "v1beta1", "v2"})
		for range rapid.IntRange(0, 4).Draw(t, "definitions") {
			id := StoredID{rapid.SampledFrom([]string{"eu-1", "eu-2", "1e5"}).Draw(t, "cluster"), rapid.SampledFrom([]string{"a.example", "b.example"}).Draw(t, "name")}
			stored := versions.Draw(t, "versions")[:rapid.IntRange(1, 3).Draw(t, "stored")]
			p.Stored[id] = Stored{rapid.SampledFrom(stored).Draw(t, "storage"), stored}
		}
		return p
	})
}

// textsGen draws the texts of directories, some with older ones, and the libraries that
// they import, which import each other.
func textsGen(t *rapid.T) (map[string][]Text, func(name string) (syntax.LibraryText, error)) {
	libraries := map[string]syntax.LibraryText{}
	var known []string
	content := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "package tenancy\n", "package tenancy\r\n\n\tx: \"a\"  \n\n", "\n", " \n", "...\n", "# é\n---\n"}))
	files := func(dir string) syntax.Text {
		var out syntax.Text
		for i := range rapid.IntRange(1, 3).Draw(t, "files") {
			f := syntax.TextFile{Path: fmt.Sprintf("%s/%d.cue", dir, i), Text: content.Draw(t, "text")}
			if len(known) > 0 && rapid.Bool().Draw(t, "imports") {
				name := rapid.SampledFrom(known).Draw(t, "library")
				f.Imports = map[string]string{libraries[name].Path: name}
			}
			out.Files = append(out.Files, f)
		}
		return out
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "libraries") {
		l := syntax.LibraryText{Path: fmt.Sprintf("acme.example/lib_%d:x", i), Text: files("lib")}
		libraries[l.Name()] = l
		known = append(known, l.Name())
	}
	texts := map[string][]Text{}
	for _, dir := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"", "orgs/acme", "orgs/acme/payments"}), 0, 3, rapid.ID[string]).Draw(t, "directories") {
		for generation := range rapid.IntRange(1, 3).Draw(t, "generations") {
			one := Text{Dir: dir, Text: files(dir)}
			if generation > 0 || rapid.Bool().Draw(t, "gone") {
				one.Documents = []TextDocument{{schema.KindLogicalClusters, "acme/x"}, {schema.KindSettings, ""}}[:rapid.IntRange(1, 2).Draw(t, "documents")]
			}
			texts[dir] = append(texts[dir], one)
		}
	}
	return texts, func(name string) (syntax.LibraryText, error) {
		l, ok := libraries[name]
		if !ok {
			return l, fmt.Errorf("there is no library %s", name)
		}
		return l, nil
	}
}

// value draws a JSON value full of what YAML reads otherwise.
func value(t *rapid.T, depth int) any {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "no", "~", "null", "1e3", "012", "0x1F", "12:30:45", "2026-11-20", " x", "a: b",
		"a #b", "two\nlines\n", "<<", "---", "...", "...\n", "\u2028", "\u0085", "\ufeff", "é", "*a", "&a", "!x", "%", "@", "`", "|", "{", "user:a@b", "800.50"}))
	most := 6
	if depth == 0 {
		most = 4
	}
	switch rapid.IntRange(0, most).Draw(t, "type") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return json.Number(rapid.SampledFrom([]string{"0", "-0", "800.50", "1e400", "0.1000000000000000055511151231257827", "123456789012345678901234567890", "-1.5E-7"}).Draw(t, "number"))
	case 3, 4:
		return texts.Draw(t, "text")
	case 5:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range list {
			list[i] = value(t, depth-1)
		}
		return list
	}
	m := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "fields") {
		m[texts.Draw(t, "field")] = value(t, depth-1)
	}
	return m
}

// What the compiler compares byte by byte must come back byte by byte.
func TestDocumentsComeBackAsMarshalled(t *testing.T) {
	id := document.ID{Kind: "logicalClusters", Key: "acme/prod", Dir: "orgs/acme"}
	spec := schema.LogicalCluster{Class: "standard", Budget: "800.50", State: schema.Frozen, Formerly: []string{"acme/a&b"},
		Labels: map[string]string{"env": "<prod>", "a": "no"}, Namespaces: map[string]schema.Namespace{"api": {}},
		Inheritable: schema.Inheritable{Quota: schema.Quota{"cpu": "24", "memory": "1e3"}, Tolerations: []schema.Toleration{{Key: "gpu"}, {}}}}
	doc, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(filesOf(&Pins{AsOf: "2026-11-20", Documents: map[document.ID]json.RawMessage{id: doc}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.Documents[id]); got != string(doc) {
		t.Errorf("have %s\nwant %s", got, doc)
	}
	// White space is no part of a document.
	spaced := Pins{AsOf: "2026-11-20", Documents: map[document.ID]json.RawMessage{id: []byte("\n{ \"b\" : [ 1.50 , { } , [ ] , [ [ 2 ] ] ],\t\"a\": {\"x\": null } }\n")}}
	if p, err = Read(filesOf(&spaced), nil); err != nil {
		t.Fatal(err)
	}
	if got := string(p.Documents[id]); got != `{"b":[1.50,{},[],[[2]]],"a":{"x":null}}` {
		t.Errorf("have %s", got)
	}
}

// many are n logical clusters in organizations of a hundred each.
func many(n int) *Pins {
	p := &Pins{AsOf: "2026-11-20", Documents: map[document.ID]json.RawMessage{}, LogicalClusters: map[string]*LogicalCluster{}}
	for i := range n {
		organization := fmt.Sprintf("acme/team%d", i/100)
		key := fmt.Sprintf("%s/prod%d", organization, i%100)
		p.Documents[document.ID{Kind: "logicalClusters", Key: key}] = json.RawMessage(`{"access":{"payments-devs":"edit","payments-oncall":"admin"},` +
			`"apis":{"database":"stable","kafka":"v2"},"budget":800,"class":"standard","labels":{"env":"prod"},` +
			`"namespaces":{"api":{},"jobs":{}},"quota":{"cpu":"24","loadBalancers":"1","memory":"96Gi"},"regions":["eu"]}`)
		ns := strings.ReplaceAll(key, "/", "-")
		p.LogicalClusters[key] = &LogicalCluster{Organization: organization, Site: Site{Cluster: "eu-1", Cut: "c0001",
			Namespaces: NamesOf(map[string]string{"api": ns + "-api", "jobs": ns + "-jobs"})}}
	}
	return p
}

func BenchmarkFiles(b *testing.B) {
	p := many(100_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range p.Files(owner) {
			f.AppendYAML(nil)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	for _, f := range many(100_000).Files(owner) {
		file := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, f.AppendYAML(nil), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	c, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	read := func(b *testing.B, c *store.Cache) {
		if p, err := Read(os.DirFS(dir), c); err != nil || len(p.LogicalClusters) != 100_000 {
			b.Fatal(err)
		}
	}
	read(b, c)
	for name, c := range map[string]*store.Cache{"cold": nil, "warm": c} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				read(b, c)
			}
		})
	}
}
