package evolution_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/fixtures/schemas"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

type (
	crd     = apiextensionsv1.CustomResourceDefinition
	version = apiextensionsv1.CustomResourceDefinitionVersion
)

// served is a version with the schema; a star after its name marks the storage
// version.
func served(name string, s *props) version {
	name, storage := strings.CutSuffix(name, "*")
	return version{Name: name, Served: true, Storage: storage, Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: s}}
}

func widgets(versions ...version) *crd {
	d := &crd{}
	d.Name = "widgets.acme.example"
	d.Spec.Group, d.Spec.Scope = "acme.example", apiextensionsv1.NamespaceScoped
	d.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{Plural: "widgets", Kind: "Widget"}
	d.Spec.Versions = versions
	return d
}

// spec is a schema with these fields of the spec.
func spec(fields map[string]props) *props {
	return &props{Type: "object", Properties: map[string]props{"spec": {Type: "object", Properties: fields}}}
}

func versionsOf(d *crd) string {
	var out []string
	for _, v := range d.Spec.Versions {
		name := v.Name
		if v.Storage {
			name += "*"
		}
		if !v.Served {
			name += "-"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func TestMerge(t *testing.T) {
	size := props{Type: "integer"}
	small := spec(map[string]props{"size": size})
	named := spec(map[string]props{"size": size, "name": {Type: "string"}})
	tier := spec(map[string]props{"size": size, "tier": {Type: "string"}})
	both := spec(map[string]props{"size": size, "name": {Type: "string"}, "tier": {Type: "string"}})
	filled := spec(map[string]props{"size": size, "name": {Type: "string", Default: ptr(raw("a"))}})
	text := spec(map[string]props{"size": {Type: "string"}})
	open := &props{Type: "object", Properties: map[string]props{"spec": {Type: "object", XPreserveUnknownFields: ptr(true)}}}
	few := spec(map[string]props{"size": {Type: "string", Enum: []apiextensionsv1.JSON{raw("s")}}})
	more := spec(map[string]props{"size": {Type: "string", Enum: []apiextensionsv1.JSON{raw("s"), raw("m")}}})
	hook := func(d *crd, name string) *crd {
		d.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.WebhookConverter, Webhook: &apiextensionsv1.WebhookConversion{
			ConversionReviewVersions: []string{"v1"},
			ClientConfig:             &apiextensionsv1.WebhookClientConfig{Service: &apiextensionsv1.ServiceReference{Namespace: "ops", Name: name, Port: ptr(int32(443))}}}}
		return d
	}
	for _, tt := range []struct {
		name    string
		members []*crd
		promise schema.Promise
		stored  evolution.Stored
		want    string // the versions, or with an exclamation mark what stands against it
	}{
		{name: "the same", members: []*crd{widgets(served("v1*", small)), widgets(served("v1*", small))}, want: "v1*"},
		{name: "another version", members: []*crd{widgets(served("v1*", small)), widgets(served("v1", small), served("v2*", named))}, want: "v2* v1"},
		{name: "stays with what is stored", members: []*crd{widgets(served("v1*", small)), widgets(served("v1", small), served("v2*", small))},
			stored: evolution.Stored{Version: "v1", Versions: []string{"v1"}}, want: "v2 v1*"},
		{name: "moves where that loses", members: []*crd{widgets(served("v1*", small)), widgets(served("v1", small), served("v2*", named))},
			stored: evolution.Stored{Version: "v1", Versions: []string{"v1"}}, want: "v2* v1"},
		{name: "follows those who agree", members: []*crd{widgets(served("v1", small), served("v2*", small)), widgets(served("v2*", small))},
			stored: evolution.Stored{Version: "v1", Versions: []string{"v1"}}, want: "v2* v1"},
		{name: "keeps what is stored", members: []*crd{widgets(served("v2*", small)), widgets(served("v3*", named))},
			stored: evolution.Stored{Version: "v1", Versions: []string{"v1beta1", "v1"}}, want: "v3* v2 v1beta1- v1-"},
		{name: "wider", members: []*crd{widgets(served("v1*", small)), widgets(served("v1*", named))}, want: "v1*"},
		{name: "wider, for readers too", members: []*crd{widgets(served("v1*", few)), widgets(served("v1*", more))}, promise: schema.PromiseFull,
			want: "!version v1, at .spec.size: the value \"m\" is allowed now [enum/value-added]"},
		{name: "wider, for writers", members: []*crd{widgets(served("v1*", few)), widgets(served("v1*", more))}, want: "v1*"},
		{name: "neither is wider", members: []*crd{widgets(served("v1*", named)), widgets(served("v1*", tier))},
			want: "!version v1, at .spec.name: the field name is gone; what is written there is lost [properties/removed]"},
		{name: "a third is wider", members: []*crd{widgets(served("v1*", named)), widgets(served("v1*", tier)), widgets(served("v1*", both))}, want: "v1*"},
		{name: "a default", members: []*crd{widgets(served("v1*", small)), widgets(served("v1*", filled))}, want: "!version v1, at .spec.name: the default \"a\" is new [default/added]"},
		{name: "unknown fields", members: []*crd{widgets(served("v1*", spec(nil))), widgets(served("v1*", open))},
			want: "!version v1, at .spec: unknown fields are kept now, and no admission policy can keep those away who bind the other [unknown-fields/kept]"},
		{name: "neither keeps the other", members: []*crd{widgets(served("v1*", named)), widgets(served("v2*", tier))},
			want: "!version v1, at .spec.name: stored in v2, it would not be kept: the field name is gone; what is written there is lost"},
		{name: "one webhook", members: []*crd{widgets(served("v1*", small)), hook(widgets(served("v1", small), served("v2*", text)), "a")}, want: "v2* v1"},
		{name: "a webhook that does not know a version", members: []*crd{hook(widgets(served("v2*", text)), "a"), widgets(served("v1*", small))},
			want: "!version v1: the webhook that converts the versions of the other does not know it"},
		{name: "two webhooks", members: []*crd{hook(widgets(served("v1*", small)), "a"), hook(widgets(served("v1*", small)), "b")}, want: "!other webhooks convert their versions"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var members []evolution.Member
			for _, d := range slices.Backward(tt.members) { // the newest first, as callers do
				d = d.DeepCopy()
				if problems := definition.Validate(d); len(problems) > 0 {
					t.Fatal(problems)
				}
				members = append(members, evolution.Member{Definition: d, Promise: tt.promise})
			}
			out, obstacles := evolution.Merge(members, tt.stored)
			if out == nil {
				if have := "!" + obstacles[0].String(); have != tt.want {
					t.Errorf("have %s\nwant %s", have, tt.want)
				}
				return
			}
			if have := versionsOf(out); have != tt.want {
				t.Errorf("have %s, want %s", have, tt.want)
			}
			if problems := definition.Validate(out); len(problems) > 0 {
				t.Error(problems)
			}
		})
	}
}

func TestWithheld(t *testing.T) {
	narrow := widgets(served("v1*", spec(map[string]props{"ports": {Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{
		Schema: &props{Type: "object", Properties: map[string]props{"port": {Type: "integer"}}}}}})))
	wide := narrow.DeepCopy()
	inside := wide.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	inside.Properties["tier"] = props{Type: "object", Properties: map[string]props{"name": {Type: "string"}}}
	inside.Properties["ports"].Items.Schema.Properties["x-y"] = props{Type: "string"}
	for _, d := range []*crd{narrow, wide} { // the new field of such an item counts
		d.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["ports"].Items.Schema.MinProperties = ptr(int64(1))
	}
	if have, want := evolution.Withheld(narrow, wide, "v1"), []string{".spec.ports[*].x-y", ".spec.tier"}; !slices.Equal(have, want) {
		t.Errorf("have %q, want %q", have, want)
	}
}

// Whatever one of the members accepts, in whichever of its versions, the merge
// accepts, stores and gives back as the member alone would, and it is a definition
// that an API server takes.
func TestMergeIsSound(t *testing.T) {
	t.Parallel()
	merges, seed := schemas.Soak(t, 250, 3, 4)
	s := newSoak(seed)
	made, merged, widened, tried := 0, 0, 0, 0
	for merged < merges {
		made++
		a := s.Schema()
		change := func(p *props) *props {
			p = p.DeepCopy()
			for range s.IntN(3) {
				s.Mutate(p)
			}
			return p
		}
		b := change(a)
		left, right := widgets(served("v1*", a)), widgets(served("v1*", b))
		switch s.IntN(4) {
		case 0:
			right = widgets(served("v1", b), served("v2*", change(b)))
		case 1:
			right = widgets(served("v2*", b))
		case 2:
			left = widgets(served("v1", a), served("v2*", change(a)))
			right = widgets(served("v1*", b), served("v3", change(b)))
		}
		if len(definition.Validate(left)) > 0 || len(definition.Validate(right)) > 0 {
			continue
		}
		members := []evolution.Member{{Definition: left}, {Definition: right}}
		out, _ := evolution.Merge(members, evolution.Stored{Version: schemas.Pick(s.Generator, "", "v1", "v2"), Versions: []string{"v1alpha1"}})
		if out == nil {
			continue
		}
		merged++
		if problems := definition.Validate(out); len(problems) > 0 {
			t.Fatalf("seed %d, pair %d: no API server takes the merge: %v", seed, made, problems)
		}
		if !reflect.DeepEqual(a, b) {
			widened++
		}
		merge := newStore(out)
		for _, member := range members {
			alone := newStore(member.Definition)
			for _, v := range member.Definition.Spec.Versions {
				n, err := s.keeps(alone, merge, v.Name)
				if err != nil {
					t.Fatalf("seed %d, pair %d: %v", seed, made, err)
				}
				tried += n
			}
		}
	}
	t.Logf("%d pairs, %d merged, %d of them of different schemas, %d objects", made, merged, widened, tried)
	if widened < merges/4 || tried < 4*merges {
		t.Error("too few to show anything")
	}
}

// keeps writes and reads objects in a version as one definition and as the merge
// would have it, and returns how many there were, or how they differ.
func (s *soak) keeps(alone, merge *store, name string) (int, error) {
	n := 0
	for range 6 {
		object := s.objects_.Object(schemaOf(alone.d, name), schemaOf(merge.d, name))
		taken, want, refused := alone.written(name, object)
		if refused != nil || want == nil {
			continue
		}
		n++
		_, have, err := merge.written(name, object)
		if err != nil {
			return n, fmt.Errorf("the merge refuses what is valid: %w\nobject %v\nalone %s\nmerge %s", err, object, show(alone.d), show(merge.d))
		}
		if !kept(taken, want, have) {
			return n, fmt.Errorf("read as %v and not as %v\nobject %v\nalone %s\nmerge %s", have, want, object, show(alone.d), show(merge.d))
		}
	}
	return n, nil
}

func schemaOf(d *crd, name string) *props {
	i := slices.IndexFunc(d.Spec.Versions, func(v version) bool { return v.Name == name })
	return d.Spec.Versions[i].Schema.OpenAPIV3Schema
}

// kept reports whether what was taken and read again as it was is also read so
// another time.
func kept(taken, once, again any) bool {
	if reflect.DeepEqual(taken, once) {
		return reflect.DeepEqual(taken, again)
	}
	if t, ok := taken.(map[string]any); ok {
		o, _ := once.(map[string]any)
		a, _ := again.(map[string]any)
		for key := range t {
			if _, ok := o[key]; ok && !kept(t[key], o[key], a[key]) {
				return false
			}
		}
	}
	return true
}

// store takes objects of a definition.
type store struct {
	d       *crd
	servers map[string]*instance.Server
}

func newStore(d *crd) *store { return &store{d, map[string]*instance.Server{}} }

// server returns the server of a version, which is long in the making.
func (s *store) server(name string) (*instance.Server, error) {
	server, ok := s.servers[name]
	if ok {
		return server, nil
	}
	server, err := instance.NewServer(schemaOf(s.d, name))
	s.servers[name] = server
	return server, err
}

// written writes an object in a version and returns what is taken of it, and how
// it is read again after it was stored in the storage version. They are nil for
// one with fields that the version does not know.
func (s *store) written(name string, object map[string]any) (taken, read map[string]any, err error) {
	server, err := s.server(name)
	if err != nil {
		return nil, nil, err
	}
	if !reflect.DeepEqual(server.Prune(object), object) {
		return nil, nil, nil
	}
	taken, errs := server.Admit(object)
	if len(errs) > 0 {
		return nil, nil, errs.ToAggregate()
	}
	i := slices.IndexFunc(s.d.Spec.Versions, func(v version) bool { return v.Storage })
	storage, err := s.server(s.d.Spec.Versions[i].Name)
	if err != nil {
		return nil, nil, err
	}
	// Defaults of the storage version are filled in when it is read from storage.
	stored, fault := storage.Coerce(taken)
	if fault != nil {
		return nil, nil, fault
	}
	return taken, server.Prune(stored), nil
}
