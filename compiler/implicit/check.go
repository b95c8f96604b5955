package implicit

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/runtime"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation"
)

const (
	rbacGroup = "rbac.authorization.k8s.io"
	// reserved begins the names of the platform's own objects.
	reserved = "tenantry-"
	// maxSize bounds the data of one ConfigMap, as the API server does.
	maxSize = 1 << 20
)

// Marks of rendered objects that are looked at before there are any; package expand
// has them with all others.
const (
	LabelManagedBy      = "app.kubernetes.io/managed-by"
	LabelLogicalCluster = "tenantry.dev/logical-cluster"
	AnnotationImplicit  = "tenantry.dev/implicit"
)

// byOrganizations are the kinds that a document inside orgs/ may give. An API
// server refuses none of them for what only it can know, so that no organization
// can keep from others what is applied beside it.
var byOrganizations = []string{"ConfigMap", "RoleBinding", "ServiceAccount"}

// refused are kinds that nobody gives, and why.
var refused = map[kschema.GroupKind]string{
	{Kind: "Secret"}:                                      "its content would stand in the repo, the lock and the pins in plain text; give an object of a secrets operator",
	{Kind: "Pod"}:                                         "a full quota would refuse it, and with it all that is applied beside it; give a Deployment",
	{Kind: "PersistentVolumeClaim"}:                       "a full quota would refuse it, and with it all that is applied beside it",
	{Kind: "ReplicationController"}:                       "give a Deployment",
	{Group: "apps", Kind: "ReplicaSet"}:                   "give a Deployment",
	{Group: "batch", Kind: "Job"}:                         "it cannot be changed once it stands; give a CronJob",
	{Kind: "Service"}:                                     "a full quota would refuse it, and with it all that is applied beside it",
	{Kind: "Event"}:                                       "controllers make it",
	{Group: "events.k8s.io", Kind: "Event"}:               "controllers make it",
	{Kind: "Endpoints"}:                                   "controllers make it",
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:    "controllers make it",
	{Group: "apps", Kind: "ControllerRevision"}:           "controllers make it",
	{Group: "storage.k8s.io", Kind: "CSIStorageCapacity"}: "controllers make it",
	{Group: "coordination.k8s.io", Kind: "Lease"}:         "controllers make it",
}

// domains are the prefixes of labels and annotations that are not a document's to
// set, beside those of the engines that apply objects: by them the platform tells
// what to do.
var domains = []string{"tenantry.dev", "config.kubernetes.io", "kustomize.config.k8s.io", "kubectl.kubernetes.io"}

func ownDomain(key string, engines target.Engines) bool {
	prefix, _, ok := strings.Cut(key, "/")
	within := func(d string) bool { return prefix == d || strings.HasSuffix(prefix, "."+d) }
	return ok && (slices.ContainsFunc(domains, within) || slices.ContainsFunc(engines.ReservedDomains(), within))
}

// types reads Kubernetes' own kinds strictly.
var types = sync.OnceValue(func() *kjson.Serializer {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, autoscalingv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme,
		coordinationv1.AddToScheme, discoveryv1.AddToScheme, eventsv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
		rbacv1.AddToScheme, resourcev1.AddToScheme, resourcev1beta1.AddToScheme, resourcev1beta2.AddToScheme, storagev1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err) // the types are part of the binary
		}
	}
	return kjson.NewSerializerWithOptions(kjson.DefaultMetaFactory, scheme, scheme, kjson.SerializerOptions{Strict: true})
})

// checker turns the objects of one document into Objects.
type checker struct {
	t      *tenancy.Tenancy
	source *Source
	report func(diag.Diagnostic)
	labels map[string]diag.Position // of the logical cluster, that placeholders name
	failed bool
}

// objects returns those objects of the document that may be given.
func (c *checker) objects() []*Object {
	var out []*Object
	for i, raw := range c.source.Content.Objects {
		if o := c.object(i, raw); o != nil {
			out = append(out, o)
		}
	}
	return out
}

func (c *checker) fault(d diag.Diagnostic) {
	c.failed = true
	c.report(d)
}

// object returns nil where an object is not one that may be given, and says why.
func (c *checker) object(index int, raw map[string]any) *Object {
	at := func(path ...string) diag.Position { return c.source.at(index, path...) }
	c.failed = false
	fail := func(code diag.Code, path []string, format string, args ...any) {
		c.fault(diag.New(code, at(path...), format, args...))
	}
	apiVersion, _ := raw["apiVersion"].(string)
	kind, _ := raw["kind"].(string)
	metadata, _ := raw["metadata"].(map[string]any)
	rawName, _ := metadata["name"].(string)
	gv, err := kschema.ParseGroupVersion(apiVersion)
	switch {
	case apiVersion == "" || kind == "":
		fail(diag.ImplicitObject, nil, "an object needs an apiVersion and a kind")
		return nil
	case err != nil:
		fail(diag.ImplicitObject, []string{"apiVersion"}, "%q is no apiVersion", apiVersion)
		return nil
	}
	if kind == "RoleBinding" && gv.Group == rbacGroup {
		raw = withGroups(raw)
	}
	o := &Object{Ref: Ref(c.source.Dir, c.source.Key), Group: gv.Group, Version: gv.Version, Kind: kind, Merge: c.source.Content.Merge,
		index: index, pos: at(), inside: document.InOrganizations(c.source.Dir)}
	if len(c.source.Content.Namespaces) > 0 {
		o.namespaces = c.source.Content.Namespaces
	}
	if rawName == "" {
		fail(diag.ImplicitObject, []string{"metadata"}, "%s needs a name", kind)
	}
	if !c.kind(o, at) {
		return nil
	}
	p := &parser{at: at, report: c.fault, labels: c.labels}
	c.metadata(o, p, metadata)
	for _, key := range sortedKeys(raw) {
		switch key {
		case "apiVersion", "kind", "metadata":
			continue
		case "status":
			fail(diag.ImplicitObject, []string{"status"}, "status is written by controllers")
			continue
		}
		value, _ := p.value(raw[key], []string{key})
		o.body = append(o.body, manifest.Field{Key: key, Value: value})
	}
	switch {
	case c.failed:
	case o.Custom:
		c.custom(o, raw, at)
	default:
		c.builtin(o, raw, at)
	}
	c.merge(o, at)
	if c.failed {
		return nil
	}
	o.Digest = sha256.Sum256(bytes.Join([][]byte{[]byte(o.Ref), []byte(o.Merge), marshal(o.namespaces), marshal(raw)}, []byte{0}))
	return o
}

// kind checks what kind of object it is, and fills in its plural.
func (c *checker) kind(o *Object, at func(...string) diag.Position) bool {
	if why := builtin.RefusedKind(o.Group, o.Kind); why != "" {
		return c.refuseKind(o, at, why)
	}
	if why := refused[kschema.GroupKind{Group: o.Group, Kind: o.Kind}]; why != "" {
		return c.refuseKind(o, at, why)
	}
	k, ok := builtin.KindOf(o.Group, o.Kind)
	if !ok {
		return c.customKind(o, at)
	}
	o.Plural = k.Plural
	if !slices.Contains(k.Versions, o.Version) {
		c.fault(diag.New(diag.ImplicitObject, at("apiVersion"), "%s is not served as %s, only as %s", o.Kind, o.Version, strings.Join(k.Versions, " and ")))
		return false
	}
	if o.inside && (!slices.Contains(byOrganizations, o.Kind) || o.Group != "" && o.Group != rbacGroup) {
		return c.refuseKind(o, at, onlyByOrganizations())
	}
	return true
}

// customKind is kind for a custom resource: an API set outside orgs/ must have it.
func (c *checker) customKind(o *Object, at func(...string) diag.Position) bool {
	o.Custom = true
	if o.inside {
		return c.refuseKind(o, at, onlyByOrganizations())
	}
	var kinds []string
	for _, set := range c.t.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.OfKind(o.Group, o.Kind) && !document.InOrganizations(set.Dir) {
					o.Plural = r.Plural
				}
				if r.CRD != nil {
					kinds = append(kinds, r.Kind)
				}
			}
		}
	}
	if o.Plural == "" {
		d := diag.New(diag.ImplicitRefused, at("kind"), "no API set outside orgs/ has the kind %s of %s", o.Kind, o.APIVersion())
		if near := diag.DidYouMean(o.Kind, kinds); near != "" {
			d = d.Suggest("%s", near)
		}
		c.fault(d)
		return false
	}
	return true
}

// refuseKind reports that nobody, or not this document, may give a kind. It returns false.
func (c *checker) refuseKind(o *Object, at func(...string) diag.Position, why string) bool {
	c.fault(diag.New(diag.ImplicitRefused, at("kind"), "%s cannot be given: %s", o.Kind, why))
	return false
}

// onlyByOrganizations says which kinds a document inside orgs/ may give.
func onlyByOrganizations() string {
	return "a document inside orgs/ gives only " + strings.Join(byOrganizations[:2], "s, ") + "s and " + byOrganizations[2] + "s"
}

// metadata checks names, labels and annotations.
func (c *checker) metadata(o *Object, p *parser, metadata map[string]any) {
	for _, key := range sortedKeys(metadata) {
		value := metadata[key]
		switch key {
		case "name":
			name, ok := value.(string)
			if !ok {
				c.fault(diag.New(diag.ImplicitObject, p.at("metadata", "name"), "a name is a string"))
				continue
			}
			o.name = p.text(name, []string{"metadata", "name"})
			c.name(o, p.at("metadata", "name"))
		case "labels":
			o.labels = c.pairs(p, value, "labels", true)
		case "annotations":
			o.annotations = c.pairs(p, value, "annotations", false)
		case "namespace":
			c.fault(diag.New(diag.ImplicitObject, p.at("metadata", "namespace"), "an implicit object names no namespace: it goes to those of the logical clusters that it reaches").
				Suggest("leave it out; namespaces of the document narrows them down"))
		default:
			c.fault(diag.New(diag.ImplicitObject, p.at("metadata", key), "metadata.%s cannot be set: an implicit object has a name, labels and annotations", key))
		}
	}
}

func (c *checker) name(o *Object, at diag.Position) {
	most := validation.DNS1123SubdomainMaxLength
	if o.Kind == "RoleBinding" {
		most -= roleHash + 1
	}
	for _, sample := range o.name.samples() {
		switch errs := validation.IsDNS1123Subdomain(sample); {
		case len(errs) > 0 && o.name.templated():
			c.fault(diag.New(diag.ImplicitPlaceholder, at, "the name could come to %q, which is none: %s", shorten(sample), reason(errs)))
		case len(errs) > 0:
			c.fault(diag.New(diag.ImplicitObject, at, "%q is no name: %s", sample, reason(errs)))
		case len(sample) > most:
			c.fault(diag.New(diag.ImplicitObject, at, "the name could come to %d characters; at most %d are left", len(sample), most))
		default:
			continue
		}
		return
	}
	if len(o.name) > 0 && o.name[0].field == nil && strings.HasPrefix(o.name[0].literal, reserved) {
		c.fault(diag.New(diag.ImplicitRefused, at, "names that begin with %s are those of the platform's own objects", reserved))
	}
	if o.Kind == "ConfigMap" && o.name.fill(&Values{}) == "kube-root-ca.crt" {
		c.fault(diag.New(diag.ImplicitRefused, at, "Kubernetes keeps the ConfigMap kube-root-ca.crt in every namespace"))
	}
}

// reason is the first problem, without the examples and patterns that follow it.
func reason(errs []string) string {
	short, _, _ := strings.Cut(errs[0], " (e.g.")
	return short
}

func shorten(s string) string {
	if len(s) > 40 {
		return s[:37] + "..."
	}
	return s
}

// pairs reads labels or annotations.
func (c *checker) pairs(p *parser, value any, what string, areLabels bool) []pair {
	m, ok := value.(map[string]any)
	if !ok {
		c.fault(diag.New(diag.ImplicitObject, p.at("metadata", what), "%s are a map of strings", what))
		return nil
	}
	var out []pair
	for _, key := range sortedKeys(m) {
		path := []string{"metadata", what, key}
		s, ok := m[key].(string)
		switch errs := validation.IsQualifiedName(strings.ToLower(key)); {
		case !ok:
			c.fault(diag.New(diag.ImplicitObject, p.at(path...), "%s of %s is a string", key, what).Suggest("put it in quotes"))
			continue
		case len(errs) > 0:
			c.fault(diag.New(diag.ImplicitObject, p.at(path...), "%q is no key of %s: %s", key, what, reason(errs)))
			continue
		case IsReserved(key, c.t.Targets.Engines):
			c.fault(diag.New(diag.ImplicitRefused, p.at(path...), "%s is not a document's to set: the platform and the engine that applies the object go by it", key))
			continue
		}
		t := p.text(s, path)
		if areLabels {
			c.labelValue(t, p.at(path...))
		}
		out = append(out, pair{key, t})
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	return out
}

func (c *checker) labelValue(t text, at diag.Position) {
	for _, sample := range t.samples() {
		errs := validation.IsValidLabelValue(sample)
		if len(errs) == 0 {
			continue
		}
		if t.templated() {
			c.fault(diag.New(diag.ImplicitPlaceholder, at, "the label could come to %q, which is no value: %s", shorten(sample), reason(errs)))
		} else {
			c.fault(diag.New(diag.ImplicitObject, at, "%q is no value of a label: %s", sample, reason(errs)))
		}
		return
	}
}

var strictField = regexp.MustCompile(`(unknown|duplicate) field "([^"]*)"`)

// builtin reads an object of Kubernetes' own kinds as strictly as the API server's
// own types do, and checks what would be refused beyond that.
func (c *checker) builtin(o *Object, raw map[string]any, at func(...string) diag.Position) {
	object, _, err := types().Decode(marshal(raw), nil, nil)
	if err != nil {
		for _, one := range decodeProblems(err) {
			var path []string
			if m := strictField.FindStringSubmatch(one); m != nil {
				path = fieldPath(m[2])
				one = fmt.Sprintf("%s has no field %s", o.Kind, m[2])
			}
			c.fault(diag.New(diag.ImplicitObject, at(path...), "%s", one))
		}
		return
	}
	c.labelsWithin(raw, at, nil)
	switch object := object.(type) {
	case *corev1.ConfigMap:
		c.configMap(object, at)
	case *rbacv1.RoleBinding:
		c.roleBinding(o, object, at)
	case *corev1.ServiceAccount:
		for i, s := range object.ImagePullSecrets {
			if len(validation.IsDNS1123Subdomain(s.Name)) > 0 {
				c.fault(diag.New(diag.ImplicitObject, at("imagePullSecrets", strconv.Itoa(i)), "%q is no name of a Secret", s.Name))
			}
		}
	}
}

// decodeProblems takes apart what decoding has to say.
func decodeProblems(err error) []string {
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		var out []string
		for _, e := range strict.Errors() {
			out = append(out, e.Error())
		}
		return out
	}
	return []string{strings.TrimPrefix(err.Error(), "json: ")}
}

var indexed = regexp.MustCompile(`\[(\d+)\]`)

// fieldPath takes apart a path as strict decoding writes it: spec.containers[0].x.
func fieldPath(s string) []string {
	return strings.Split(indexed.ReplaceAllString(s, ".$1"), ".")
}

// labelsWithin checks placeholders that stand in the labels and selectors of an
// object's body: a value that is none would be refused.
func (c *checker) labelsWithin(v any, at func(...string) diag.Position, path []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			below := append(slices.Clip(path), key)
			if m, ok := v[key].(map[string]any); ok && (key == "labels" || key == "matchLabels") && below[0] != "metadata" {
				for _, k := range sortedKeys(m) {
					if s, ok := m[k].(string); ok {
						if t, problem := parseText(s); problem == "" {
							c.labelValue(t, at(append(slices.Clip(below), k)...))
						}
					}
				}
			}
			c.labelsWithin(v[key], at, below)
		}
	case []any:
		for i, item := range v {
			c.labelsWithin(item, at, append(slices.Clip(path), strconv.Itoa(i)))
		}
	}
}

func (c *checker) configMap(m *corev1.ConfigMap, at func(...string) diag.Position) {
	size := 0
	check := func(what, key string, value int, twice bool) {
		size += value
		if errs := validation.IsConfigMapKey(key); len(errs) > 0 {
			c.fault(diag.New(diag.ImplicitObject, at(what, key), "%q is no key of a ConfigMap: %s", key, reason(errs)))
		} else if twice {
			c.fault(diag.New(diag.ImplicitObject, at(what, key), "the key %s stands in data and in binaryData", key))
		}
	}
	for key, value := range m.Data {
		check("data", key, len(value), false)
	}
	for key, value := range m.BinaryData {
		_, twice := m.Data[key]
		check("binaryData", key, len(value), twice)
	}
	if size > maxSize/2 {
		c.fault(diag.New(diag.ImplicitObject, at("data"), "the data is %d bytes; a ConfigMap takes %d, and what placeholders stand for comes on top", size, maxSize).
			Suggest("stay below %d", maxSize/2))
	}
	if m.Immutable != nil {
		c.fault(diag.New(diag.ImplicitRefused, at("immutable"), "an immutable ConfigMap could not follow its document").Suggest("leave it out"))
	}
}

// roleBinding checks what a RoleBinding gives to whom. Inside orgs/ it gives what
// access of the organization could give as well.
func (c *checker) roleBinding(o *Object, b *rbacv1.RoleBinding, at func(...string) diag.Position) {
	c.roleRef(o, &b.RoleRef, at)
	if len(b.Subjects) == 0 {
		c.fault(diag.New(diag.ImplicitObject, at("subjects"), "a RoleBinding without subjects gives nobody anything"))
	}
	for i := range b.Subjects {
		s := &b.Subjects[i]
		if problem := subjectProblem(s, o.inside); problem != "" {
			c.fault(diag.New(diag.ImplicitRefused, at("subjects", strconv.Itoa(i)), "%s %q cannot be given a role: %s", s.Kind, s.Name, problem))
		}
		name, _ := parseText(s.Name)
		namespace, _ := parseText(s.Namespace)
		o.Access.subjects = append(o.Access.subjects, subject{s.Kind, namespace, name})
		o.Access.templated = o.Access.templated || name.templated() || namespace.templated()
	}
}

// roleRef checks which role a RoleBinding gives, and notes it.
func (c *checker) roleRef(o *Object, ref *rbacv1.RoleRef, at func(...string) diag.Position) {
	o.Access = &Access{RoleKind: ref.Kind, RoleName: ref.Name, dir: c.source.Dir}
	own := slices.Contains([]schema.Role{schema.View, schema.Edit, schema.Admin}, schema.Role(ref.Name))
	switch {
	case ref.APIGroup != "" && ref.APIGroup != rbacGroup:
		c.fault(diag.New(diag.ImplicitObject, at("roleRef", "apiGroup"), "a role is of the group %s", rbacGroup))
	case strings.Contains(ref.Name, opening):
		c.fault(diag.New(diag.ImplicitPlaceholder, at("roleRef", "name"), "the name of a role holds no placeholder: what a binding refers to cannot be changed"))
	case ref.Kind == "ClusterRole" && own:
		o.Access.Role, o.Access.RoleKind, o.Access.RoleName = schema.Role(ref.Name), "", ""
	case o.inside:
		c.fault(diag.New(diag.ImplicitRefused, at("roleRef"), "a document inside orgs/ binds the roles view, edit and admin of the logical cluster, and no %s %s", ref.Kind, ref.Name).
			Suggest(`say roleRef: {apiGroup: %q, kind: "ClusterRole", name: "view"}`, rbacGroup))
	case ref.Kind != "ClusterRole" && ref.Kind != "Role":
		c.fault(diag.New(diag.ImplicitObject, at("roleRef", "kind"), "a RoleBinding refers to a ClusterRole or a Role"))
	case ref.Name == "" || len(content.IsPathSegmentName(ref.Name)) > 0:
		c.fault(diag.New(diag.ImplicitObject, at("roleRef", "name"), "%q is no name of a role", ref.Name))
	}
}

// withGroups fills in the API groups that RBAC's references may leave out.
func withGroups(binding map[string]any) map[string]any {
	fill := func(v any, group func(map[string]any) bool) any {
		m, ok := v.(map[string]any)
		if !ok || m["apiGroup"] != nil || !group(m) {
			return v
		}
		m = maps.Clone(m)
		m["apiGroup"] = rbacGroup
		return m
	}
	out := maps.Clone(binding)
	if ref, ok := out["roleRef"]; ok {
		out["roleRef"] = fill(ref, func(map[string]any) bool { return true })
	}
	if subjects, ok := out["subjects"].([]any); ok {
		subjects = slices.Clone(subjects)
		for i := range subjects {
			subjects[i] = fill(subjects[i], func(s map[string]any) bool { return s["kind"] == "User" || s["kind"] == "Group" })
		}
		out["subjects"] = subjects
	}
	return out
}

// subjectProblem says why a subject is none, or may not be given access.
func subjectProblem(s *rbacv1.Subject, inside bool) string {
	name, _ := parseText(s.Name)
	switch {
	case slices.Contains(name.samples(), ""):
		return "its name may be empty"
	case s.Kind == "ServiceAccount":
		return accountProblem(s, name)
	case s.Kind != "User" && s.Kind != "Group":
		return "a subject is a User, a Group or a ServiceAccount"
	case s.APIGroup != "" && s.APIGroup != rbacGroup:
		return "users and groups are of the apiGroup " + rbacGroup
	case s.Namespace != "":
		return "users and groups have no namespace"
	case s.Name == "system:authenticated" || s.Name == "system:unauthenticated" || s.Name == "system:anonymous":
		return "it is everybody who reaches the API server"
	case inside && (strings.HasPrefix(s.Name, "system:") || name.templated()):
		return "inside orgs/ users and groups are named in full, and none begins with system:"
	}
	return ""
}

// accountProblem says why a service account is none.
func accountProblem(s *rbacv1.Subject, name text) string {
	namespace, _ := parseText(s.Namespace)
	invalid := func(t text, check func(string) []string) bool {
		return slices.ContainsFunc(t.samples(), func(s string) bool { return len(check(s)) > 0 })
	}
	switch {
	case s.APIGroup != "":
		return "a service account has no apiGroup"
	case s.Namespace == "":
		return "a service account is named with its namespace"
	case invalid(namespace, validation.IsDNS1123Label) || invalid(name, validation.IsDNS1123Subdomain):
		return "no service account can have that name"
	}
	return ""
}

// merge checks that the merge rule can hold for the object.
func (c *checker) merge(o *Object, at func(...string) diag.Position) {
	shared := o.Merge == schema.MergeFields || o.Merge == schema.TenantWins
	switch {
	case shared && o.Group == rbacGroup:
		c.fault(diag.New(diag.ImplicitMerge, c.source.At("merge"), "%q cannot hold for a %s: tenants would have a hand in what the platform gives", o.Merge, o.Kind).
			See(at(), "the object stands here").Suggest(`use "platform-wins" or "error"`))
	case o.Merge == schema.MergeFields && (o.Custom || o.Kind != "ConfigMap" && o.Kind != "ServiceAccount"):
		c.fault(diag.New(diag.ImplicitMerge, c.source.At("merge"), `"merge" is for ConfigMaps and ServiceAccounts: a tenant's fields could make a %s invalid as a whole`, o.Kind).
			See(at(), "the object stands here").Suggest(`use "platform-wins", "tenant-wins" or "error"`))
	}
}

// Demanded reports whether a selector lets through only what has a label.
func Demanded(s *schema.Selector, key string) bool {
	if s == nil {
		return false
	}
	if _, ok := s.MatchLabels[key]; ok {
		return true
	}
	return slices.ContainsFunc(s.MatchExpressions, func(r schema.Requirement) bool {
		return r.Key == key && (r.Operator == "In" || r.Operator == "Exists")
	})
}
