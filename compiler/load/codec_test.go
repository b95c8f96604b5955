package load

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/schema"
)

// directoryOf is the outcome of a directory of logical clusters.
func directoryOf(n int) (o eval.Outcome) {
	const file = "orgs/acme/team-7/clusters.cue"
	for i := range n {
		spec := &schema.LogicalCluster{Class: "standard", Labels: map[string]string{"env": "prod"}, Namespaces: map[string]schema.Namespace{"api": {}, "jobs": {}},
			Access: map[string]schema.Role{"payments-devs": "edit", "payments-oncall": "admin"}, Budget: "800",
			Source: &schema.Source{Repo: "https://git.acme.example/payments/deploy", Path: "prod"}}
		spec.Regions, spec.APIs = []string{"eu"}, map[string]string{"database": "stable", "kafka": "v2"}
		spec.Quota = schema.Quota{"cpu": "24", "memory": "96Gi", "loadBalancers": "1"}
		text, _ := json.Marshal(spec)
		var fields []document.Field
		for j := range 22 {
			fields = append(fields, document.Field{Path: fmt.Sprintf("labels.x%d", j), Pos: diag.Position{File: file, Line: 20*i + j, Column: 10}})
		}
		o.Documents = append(o.Documents, eval.Document{Kind: kindOf(spec), Key: fmt.Sprintf("acme/team-7/lc-%d", i), Pos: diag.Position{File: file, Line: 20 * i, Column: 1},
			Places: document.NewPlaces(fields), Spec: spec, Text: text})
	}
	return o
}

func kindOf(spec any) int {
	for i, k := range kinds {
		if reflect.TypeOf(k.New()) == reflect.TypeOf(spec) {
			return i
		}
	}
	return -1
}

// Whatever is cached comes back: documents of every kind, and what syntax tells.
func TestStored(t *testing.T) {
	want := storedForm(directoryOf(3))
	for i, k := range kinds {
		want.Documents = append(want.Documents, storedDocument{Kind: i, Key: "empty", Spec: k.New()})
	}
	want.Diagnostics = []diag.Diagnostic{{Message: "m", Related: []diag.Related{}}}
	data, err := store.Encode(&want)
	if err != nil {
		t.Fatal(err)
	}
	var got storedOutcome
	if err := store.Decode(data, &got); err != nil || !reflect.DeepEqual(want, got) {
		t.Errorf("%v, %+v", err, got)
	}
	if _, err := store.Encode(&[]*syntax.Analysis{{}, nil}); err != nil {
		t.Error(err)
	}
}

// cborDocument is a storedDocument for CBOR, which decodes what an interface holds
// in a second step.
type cborDocument struct {
	_     struct{} `cbor:",toarray"`
	Kind  int
	Key   string
	Pos   diag.Position
	Files []string
	Table []byte
	Spec  cbor.RawMessage
	Text  json.RawMessage
}

// BenchmarkStored compares the encoding of the cache with CBOR.
func BenchmarkStored(b *testing.B) {
	cborEncoding, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical, OmitEmpty: cbor.OmitEmptyGoValue}.EncMode()
	if err != nil {
		b.Fatal(err)
	}
	cborDecoding, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, FieldNameMatching: cbor.FieldNameMatchingCaseSensitive}.DecMode()
	if err != nil {
		b.Fatal(err)
	}
	form := storedForm(directoryOf(20))
	must := func(data []byte, err error) []byte {
		if err != nil {
			b.Fatal(err)
		}
		return data
	}
	inCBOR := func() []byte {
		out := make([]cborDocument, len(form.Documents))
		for i, d := range form.Documents {
			out[i] = cborDocument{Kind: d.Kind, Key: d.Key, Pos: d.Pos, Files: d.Files, Table: d.Table, Spec: must(cborEncoding.Marshal(d.Spec)), Text: d.Text}
		}
		return must(cborEncoding.Marshal(out))
	}
	own, other := must(store.Encode(&form)), inCBOR()
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("write", func() error { _, err := store.Encode(&form); return err })
	run("write CBOR", func() error { inCBOR(); return nil })
	run("read", func() error { var got storedOutcome; return store.Decode(own, &got) })
	run("read CBOR", func() error {
		var got []cborDocument
		if err := cborDecoding.Unmarshal(other, &got); err != nil {
			return err
		}
		for _, d := range got {
			if err := cborDecoding.Unmarshal(d.Spec, kinds[d.Kind].New()); err != nil {
				return err
			}
		}
		return nil
	})
}
