package admit

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/kubernetes/scheme"
)

// decode reads the object and the one before as an API server with strict
// validation does.
func (w *write) decode() bool {
	if w.apart != nil {
		return w.decodeBody()
	}
	about, err := w.decodeOne(w.Request.Object)
	if about == nil {
		return false
	}
	if err && w.Operation == admission.Delete {
		return false
	}
	switch w.Operation {
	case admission.Delete:
		w.old = about
		return true
	case admission.Update:
		if w.old, _ = w.decodeOne(w.Old); w.old == nil {
			return false
		}
		// It stands there, so the API server has taken it once.
		if accessor, err := meta.Accessor(w.old); err == nil {
			accessor.SetResourceVersion(cmp.Or(accessor.GetResourceVersion(), "1"))
		}
	}
	w.object = about
	if w.Subresource == "scale" {
		replicas := w.replicas(w.object)
		if whole, ok := w.old.(*unstructured.Unstructured); ok {
			w.scaled = whole.DeepCopy()
			_ = unstructured.SetNestedField(w.scaled.Object, replicas, w.replicasPath()...)
			w.unscaled = whole
		}
		w.object, w.old = w.scale(w.object, replicas), w.scale(w.old, w.replicas(w.old))
	}
	return true
}

func (w *write) decodeOne(d *Document) (object runtime.Object, strict bool) {
	if w.at.server != nil {
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(d.json); err != nil {
			w.say(diag.AdmitSchema, "", "%v", err)
			return nil, false
		}
		if d != w.Old {
			for _, name := range w.at.server.Unknown(u.Object) {
				strict = true
				w.unknown(d, name)
			}
		}
		w.place(u)
		return u, strict
	}
	decoded, _, err := strictDecoder.Decode(d.json, nil, nil)
	if failed, ok := runtime.AsStrictDecodingError(err); ok {
		if d != w.Old {
			for _, one := range failed.Errors() {
				strict = true
				if m := unknownField.FindStringSubmatch(one.Error()); m != nil {
					w.unknown(d, m[1])
				} else {
					w.say(diag.AdmitSchema, "", "%v", one)
				}
			}
		}
	} else if err != nil {
		w.say(diag.AdmitSchema, fieldOf(err), "%s", plainError(err))
		return nil, false
	}
	decoded.GetObjectKind().SetGroupVersionKind(d.Kind)
	w.place(decoded)
	return decoded, strict
}

var (
	strictDecoder = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	unknownField  = regexp.MustCompile(`^unknown field "(.*)"$`)
	goField       = regexp.MustCompile(`Go struct field \S*?\.([A-Za-z0-9.]+) of type`)
)

func plainError(err error) string {
	return strings.TrimPrefix(err.Error(), "error unmarshaling JSON: ")
}

// fieldOf returns the field of which a decoding error speaks.
func fieldOf(err error) string {
	if m := goField.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// place puts an object into its namespace.
func (w *write) place(o runtime.Object) {
	if accessor, err := meta.Accessor(o); err == nil && w.at.namespaced && w.namespace != nil {
		accessor.SetNamespace(w.namespace.Name)
	}
}

// unknown says that a field is not known. Kubectl and Flux ask the API server to
// refuse such an object; others have the field dropped.
func (w *write) unknown(d *Document, name string) {
	found := w.say(diag.AdmitSchema, name, "unknown field %s", name)
	found.Position = d.At(name)
	found.Suggestion = "the API server would drop it for those who don't ask for strict validation, as kubectl and Flux do"
}

// replicasPath is where an object says how many replicas it wants.
func (w *write) replicasPath() []string {
	path := ".spec.replicas"
	if w.at.version != nil {
		path = w.at.version.Subresources.Scale.SpecReplicasPath
	}
	return strings.Split(strings.TrimPrefix(path, "."), ".")
}

func (w *write) replicas(o runtime.Object) int64 {
	n, _, _ := unstructured.NestedInt64(plain(o), w.replicasPath()...)
	return n
}

// scale is the Scale of an object: what its subresource of that name is written
// with.
func (w *write) scale(o runtime.Object, replicas int64) runtime.Object {
	out := &autoscalingv1.Scale{}
	out.SetGroupVersionKind(scaleKind)
	if accessor, err := meta.Accessor(o); err == nil {
		out.Name, out.Namespace, out.ResourceVersion = accessor.GetName(), accessor.GetNamespace(), accessor.GetResourceVersion()
	}
	out.Spec.Replicas = int32(replicas)
	return out
}

// generateName gives an object without a name one, as it is before it is stored.
func (w *write) generateName() {
	accessor, err := meta.Accessor(w.object)
	if err == nil && accessor.GetName() == "" && accessor.GetGenerateName() != "" && w.Operation == admission.Create {
		accessor.SetName(accessor.GetGenerateName() + "xxxxx")
	}
}

// validate holds the object against the schema of its kind.
func (w *write) validate() {
	if w.Subresource == "scale" {
		if w.scaled != nil {
			for _, one := range w.at.server.ValidateUpdate(w.scaled.Object, w.unscaled.Object) {
				w.say(diag.AdmitSchema, one.Field, "%s", one.Error())
			}
		}
		return
	}
	accessor, err := meta.Accessor(w.object)
	if err != nil {
		return
	}
	found := validation.ValidateObjectMetaAccessor(accessor, w.at.namespaced, w.names(), field.NewPath("metadata"))
	if w.Operation == admission.Update {
		if before, err := meta.Accessor(w.old); err == nil && before.GetName() != accessor.GetName() {
			found = append(found, field.Invalid(field.NewPath("metadata", "name"), accessor.GetName(), "field is immutable"))
		}
	}
	if u, ok := w.object.(*unstructured.Unstructured); ok {
		if old, ok := w.old.(*unstructured.Unstructured); ok {
			found = append(found, w.at.server.ValidateUpdate(u.Object, old.Object)...)
		} else {
			found = append(found, w.at.server.Validate(u.Object)...)
		}
	}
	w.checkResources()
	for _, one := range found {
		w.say(diag.AdmitSchema, one.Field, "%s", one.Error())
	}
}

// names is the rule for names of objects of the kind.
func (w *write) names() validation.ValidateNameFunc {
	switch w.at.resource.Group + "/" + w.at.resource.Resource {
	case "rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings", "rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/clusterrolebindings":
		return pathSegment
	case "/services":
		return validation.NameIsDNSLabel
	}
	return validation.NameIsDNSSubdomain
}

// pathSegment: names of roles and bindings are anything that can stand in a path.
func pathSegment(name string, _ bool) []string {
	if name == "." || name == ".." || strings.ContainsAny(name, "/%") {
		return []string{"may not be . or .., and may not contain / or %"}
	}
	return nil
}

// coerce makes of a custom resource what is validated: without its status where that
// is written apart, and with defaults.
func (w *write) coerce(u *unstructured.Unstructured) {
	if sub := w.at.version.Subresources; sub != nil && sub.Status != nil {
		old, _ := w.old.(*unstructured.Unstructured)
		switch {
		case w.Subresource == "status":
			status, ok := u.Object["status"]
			if old == nil {
				break
			}
			metadata := u.Object["metadata"]
			u.Object = runtime.DeepCopyJSON(old.Object)
			if u.Object["metadata"] = metadata; ok {
				u.Object["status"] = status
			} else {
				delete(u.Object, "status")
			}
		case old != nil && old.Object["status"] != nil:
			u.Object["status"] = runtime.DeepCopyJSONValue(old.Object["status"])
		default:
			delete(u.Object, "status")
		}
	}
	object, err := w.at.server.Coerce(u.Object)
	if err != nil {
		w.say(diag.AdmitSchema, err.Field, "%s", err.Error())
	}
	u.Object = object
}

// typed returns the object as one of Kubernetes' own types; ok is false for others.
func typed[T any](o runtime.Object) (*T, bool) {
	var null *T
	t, ok := any(o).(*T)
	return t, ok && t != null
}

func sorted[K ~string, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
