package object

import (
	"reflect"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

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
