package implicit

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

// servers take custom resources as API servers do, by definition and version. A
// nil one is for a schema that none would accept, which is said elsewhere.
var servers sync.Map // of servedVersion to *instance.Server

type servedVersion struct {
	digest  [32]byte
	version string
}

// custom holds a custom resource against every definition of its kind outside
// orgs/, with the API server's own code. Placeholders are filled in with the
// extremes of what they may stand for.
func (c *checker) custom(o *Object, raw map[string]any, at func(...string) diag.Position) {
	var seen [][32]byte
	var serve []string
	checked := false
	for _, set := range c.t.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.CRD == nil || !r.OfKind(o.Group, o.Kind) || document.InOrganizations(set.Dir) || slices.Contains(seen, r.CRD.Digest) {
					continue
				}
				seen = append(seen, r.CRD.Digest)
				for _, version := range r.CRD.Definition.Spec.Versions {
					switch {
					case !version.Served:
					case version.Name != o.Version:
						serve = append(serve, version.Name)
					default:
						checked = true
						c.against(serverOf(r.CRD, o.Version), r.CRD, o, raw, at)
					}
				}
			}
		}
	}
	if !checked && len(seen) > 0 {
		slices.Sort(serve)
		c.fault(diag.New(diag.ImplicitObject, at("apiVersion"), "%s is not served as %s, only as %s", o.Kind, o.Version, strings.Join(slices.Compact(serve), " and ")))
	}
}

func serverOf(crd *tenancy.CRD, version string) *instance.Server {
	key := servedVersion{crd.Digest, version}
	if s, ok := servers.Load(key); ok {
		return s.(*instance.Server)
	}
	var server *instance.Server
	for _, v := range crd.Definition.Spec.Versions {
		if v.Name == version && v.Schema != nil && v.Schema.OpenAPIV3Schema != nil {
			server, _ = instance.NewServer(v.Schema.OpenAPIV3Schema) // what is wrong with the schema is an error of the API set
		}
	}
	servers.Store(key, server)
	return server
}

// against reports why an API server with a definition would refuse the object.
func (c *checker) against(server *instance.Server, crd *tenancy.CRD, o *Object, raw map[string]any, at func(...string) diag.Position) {
	if server == nil {
		return
	}
	said := map[string]bool{}
	say := func(path, format string, args ...any) {
		d := diag.New(diag.ImplicitSchema, at(fieldPath(path)...), format, args...)
		if d.Message = o.Kind + ": " + d.Message; !said[d.Message] {
			said[d.Message] = true
			c.fault(d.See(diag.Position{File: crd.File, Line: crd.Line}, "the definition stands here"))
		}
	}
	object, ok := decoded(raw)
	if !ok {
		return
	}
	for _, path := range server.Unknown(object) {
		say(path, "there is no field %s", path)
	}
	templated := false
	for n := range 3 {
		filled, some := sampled(object, n)
		templated = templated || some
		_, errs := server.Admit(filled.(map[string]any))
		for _, e := range errs {
			text := strings.TrimPrefix(e.ErrorBody(), "Invalid value: ")
			if some {
				text += " (with what placeholders could come to)"
			}
			say(e.Field, "%s: %s", e.Field, text)
		}
		if !templated || len(errs) > 0 {
			return
		}
	}
}

// decoded returns an object made of the types that the API server decodes to, with
// the name and nothing else of its metadata, which is checked elsewhere.
func decoded(raw map[string]any) (map[string]any, bool) {
	object := maps.Clone(raw)
	if metadata, ok := raw["metadata"].(map[string]any); ok {
		object["metadata"] = map[string]any{"name": metadata["name"]}
	}
	delete(object, "status")
	var out map[string]any
	err := kjson.Unmarshal(marshal(object), &out)
	return out, err == nil
}

// sampled returns a value with its placeholders filled in by their nth sample, and
// whether it has any.
func sampled(v any, n int) (any, bool) {
	some := false
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			filled, has := sampled(value, n)
			out[key], some = filled, some || has
		}
		return out, some
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			filled, has := sampled(value, n)
			out[i], some = filled, some || has
		}
		return out, some
	case string:
		if t, problem := parseText(v); problem == "" {
			return t.samples()[n], t.templated()
		}
	}
	return v, false
}
