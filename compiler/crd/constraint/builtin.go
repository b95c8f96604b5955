package constraint

import (
	"reflect"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

// alwaysThere is the description of fields that an object has even where nobody wrote
// them. No file has it.
const alwaysThere = "\x00always there"

var builtins sync.Map // of kubeschema.GroupVersionKind

// Builtin returns the types of the fields of one of Kubernetes' own kinds, read from
// the Go type of its API; nil where the kind is not known. It must not be changed.
func Builtin(kind kubeschema.GroupVersionKind) *apiextensionsv1.JSONSchemaProps {
	if known, ok := builtins.Load(kind); ok {
		return known.(*apiextensionsv1.JSONSchemaProps)
	}
	object, err := scheme.Scheme.New(kind)
	if err != nil {
		return nil
	}
	s := ofType(reflect.TypeOf(object).Elem(), nil)
	builtins.Store(kind, &s)
	return &s
}

func ofType(t reflect.Type, within []reflect.Type) apiextensionsv1.JSONSchemaProps {
	yes := true
	switch t {
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return apiextensionsv1.JSONSchemaProps{Type: "string", Format: "date-time"}
	case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[intstr.IntOrString]():
		return apiextensionsv1.JSONSchemaProps{XIntOrString: true}
	case reflect.TypeFor[runtime.RawExtension](), reflect.TypeFor[metav1.FieldsV1]():
		return apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}
	case reflect.TypeFor[corev1.EphemeralContainer](): // its fields are inlined by way of a conversion
		return ofType(reflect.TypeFor[corev1.Container](), within)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return ofType(t.Elem(), within)
	case reflect.Bool:
		return apiextensionsv1.JSONSchemaProps{Type: "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return apiextensionsv1.JSONSchemaProps{Type: "integer"}
	case reflect.Float32, reflect.Float64:
		return apiextensionsv1.JSONSchemaProps{Type: "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return apiextensionsv1.JSONSchemaProps{Type: "string", Format: "byte"}
		}
		item := ofType(t.Elem(), within)
		return apiextensionsv1.JSONSchemaProps{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &item}}
	case reflect.Map:
		value := ofType(t.Elem(), within)
		return apiextensionsv1.JSONSchemaProps{Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &value}}
	case reflect.Struct:
		for _, outer := range within {
			if outer == t { // it contains itself
				return apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}
			}
		}
		out := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{}}
		fieldsOf(t, append(within[:len(within):len(within)], t), out.Properties)
		return out
	}
	return apiextensionsv1.JSONSchemaProps{Type: "string"}
}

func fieldsOf(t reflect.Type, within []reflect.Type, out map[string]apiextensionsv1.JSONSchemaProps) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && (f.Anonymous || strings.Contains(options, "inline")) {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			fieldsOf(inner, within, out)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		s := ofType(f.Type, within)
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[metav1.Time]() || !strings.Contains(options, "omitempty") && f.Type.Kind() != reflect.Pointer {
			s.Description = alwaysThere
		}
		out[name] = s
	}
}
