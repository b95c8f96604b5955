package policy

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/openapi"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// objectType is the type of the objects of one resource.
type objectType struct {
	// name as people write it: deployments.apps, or databases.v1.db.acme.example.
	name string
	typ  *apiservercel.DeclType
}

// maxTypes is how many types a set of rules is checked against, as the API server
// has it.
const maxTypes = 10

// objectTypes returns the types of the objects that match constraints name, as far
// as they are known: Kubernetes' own, and those of the API sets' definitions. What
// a wildcard stands for is not looked up.
func (c *compiler) objectTypes(m *schema.MatchConstraints) []objectType {
	var out []objectType
	for _, r := range m.ResourceRules {
		for _, group := range r.APIGroups {
			for _, plural := range r.Resources {
				if strings.ContainsAny(group+plural, "*") {
					continue
				}
				for _, t := range c.typesOf(group, plural, r.APIVersions) {
					if len(out) < maxTypes && !slices.ContainsFunc(out, func(o objectType) bool { return o.name == t.name }) {
						out = append(out, t)
					}
				}
			}
		}
	}
	return out
}

func (c *compiler) typesOf(group, plural string, versions []string) []objectType {
	name := plural
	if group != "" {
		name += "." + group
	}
	if t, ok := c.types[name]; ok {
		return t
	}
	if c.types == nil {
		c.types = map[string][]objectType{}
	}
	var out []objectType
	switch {
	case strings.HasSuffix(plural, "/scale"):
		out = c.builtinType(name, kubeschema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"})
	case strings.Contains(plural, "/"):
	default:
		if kind, version, ok := tenancy.Builtin(group, plural); ok {
			out = c.builtinType(name, kubeschema.GroupVersionKind{Group: group, Version: version, Kind: kind})
			break
		}
		out = c.customTypes(group, plural)
	}
	out = slices.DeleteFunc(out, func(t objectType) bool {
		version, versioned := strings.CutPrefix(t.name, plural+".")
		version, versioned2 := strings.CutSuffix(version, "."+group)
		return versioned && versioned2 && versions != nil && !slices.Contains(versions, "*") && !slices.Contains(versions, version)
	})
	c.types[name] = out
	return out
}

// customTypes returns the types of a custom resource's versions, of the first API
// set that defines it.
func (c *compiler) customTypes(group, plural string) (out []objectType) {
	for _, set := range c.tenancy.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.Group != group || r.Plural != plural || r.CRD == nil {
					continue
				}
				for _, version := range definedVersions(r.CRD.Data, r.CRD.Name) {
					t := common.SchemaDeclType(&openapi.Schema{Schema: version.schema}, true)
					name := plural + "." + version.name + "." + group
					if t != nil && t.Fields["metadata"] != nil { // else only the names would be known
						t.Fields["metadata"] = apiservercel.NewDeclField("metadata", goTypes.of(reflect.TypeFor[metav1.ObjectMeta]()), true, nil, nil)
					}
					if t != nil && !slices.ContainsFunc(out, func(o objectType) bool { return o.name == name }) {
						t = t.MaybeAssignTypeName("object." + name)
						if version.open {
							c.open[t] = true
						}
						c.kinds[t] = kubeschema.GroupVersionKind{Group: group, Version: version.name, Kind: r.Kind}
						out = append(out, objectType{name, t})
					}
				}
				return out
			}
		}
	}
	return nil
}

type definedVersion struct {
	name   string
	schema *spec.Schema
	// open: objects may hold fields that the schema does not name.
	open bool
}

// definedVersions returns the served versions of a CustomResourceDefinition, whose
// file may hold others.
func definedVersions(data []byte, name string) (out []definedVersion) {
	crd, err := definition(data, name)
	if err != nil {
		return nil
	}
	for _, v := range crd.Spec.Versions {
		if !v.Served || v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
			continue
		}
		text, err := json.Marshal(v.Schema.OpenAPIV3Schema)
		if err != nil {
			continue
		}
		s := &spec.Schema{}
		if json.Unmarshal(text, s) == nil {
			out = append(out, definedVersion{v.Name, s, bytes.Contains(text, []byte(`"x-kubernetes-preserve-unknown-fields":true`))})
		}
	}
	return out
}

// builtinType returns the type of one of Kubernetes' own kinds, read from the Go
// type of its API.
func (c *compiler) builtinType(name string, gvk kubeschema.GroupVersionKind) []objectType {
	object, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil
	}
	t := goTypes.of(reflect.TypeOf(object).Elem())
	c.kinds[t] = gvk
	return []objectType{{name, t}}
}

// goTypes turns Go types of Kubernetes' APIs into the types that CEL has for their
// JSON.
var goTypes = typeCache{known: map[reflect.Type]*apiservercel.DeclType{}}

type typeCache struct {
	sync.Mutex
	known map[reflect.Type]*apiservercel.DeclType
}

func (c *typeCache) of(t reflect.Type) *apiservercel.DeclType {
	c.Lock()
	defer c.Unlock()
	return c.build(t)
}

func (c *typeCache) build(t reflect.Type) *apiservercel.DeclType {
	if known, ok := c.known[t]; ok {
		return known
	}
	c.known[t] = apiservercel.DynType // what contains itself is dynamic where it does
	var out *apiservercel.DeclType
	switch t {
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		out = apiservercel.TimestampType
	case reflect.TypeFor[corev1.EphemeralContainer]():
		out = c.build(reflect.TypeFor[corev1.Container]())
	case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[intstr.IntOrString](), reflect.TypeFor[runtime.RawExtension](), reflect.TypeFor[metav1.FieldsV1]():
		out = apiservercel.DynType
	default:
		out = c.byKind(t)
	}
	c.known[t] = out
	return out
}

func (c *typeCache) byKind(t reflect.Type) *apiservercel.DeclType {
	switch t.Kind() {
	case reflect.Pointer:
		return c.build(t.Elem())
	case reflect.String:
		return apiservercel.StringType
	case reflect.Bool:
		return apiservercel.BoolType
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint8, reflect.Uint64:
		return apiservercel.IntType
	case reflect.Float32, reflect.Float64:
		return apiservercel.DoubleType
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return apiservercel.BytesType
		}
		return apiservercel.NewListType(c.build(t.Elem()), -1)
	case reflect.Map:
		return apiservercel.NewMapType(apiservercel.StringType, c.build(t.Elem()), -1)
	case reflect.Struct:
		fields := map[string]*apiservercel.DeclField{}
		c.fields(t, fields)
		if t == reflect.TypeFor[corev1.Container]() { // rules join the lists of all containers of a pod
			c.fields(reflect.TypeFor[corev1.EphemeralContainer](), fields)
		}
		return apiservercel.NewObjectType("kubernetes."+strings.ReplaceAll(strings.TrimPrefix(t.PkgPath(), "k8s.io/"), "/", ".")+"."+t.Name(), fields)
	}
	return apiservercel.DynType
}

func (c *typeCache) fields(t reflect.Type, out map[string]*apiservercel.DeclField) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && (strings.Contains(options, "inline") || f.Anonymous) {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			c.fields(embedded, out)
			continue
		}
		if escaped, ok := apiservercel.Escape(name); ok && name != "-" && name != "" {
			out[escaped] = apiservercel.NewDeclField(escaped, c.build(f.Type), !strings.Contains(options, "omitempty"), nil, nil)
		}
	}
}
