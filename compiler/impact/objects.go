package impact

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Object is one that stands on a physical cluster, or would.
type Object struct {
	// File it was read from.
	File string
	unstructured.Unstructured
}

// ReadObjects reads the objects of a file in YAML or JSON, of any number of
// documents, lists among them.
func ReadObjects(file string, data []byte) ([]Object, error) {
	var out []Object
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		encoded, err := yaml.YAMLToJSON(text)
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "))
		}
		if string(encoded) == "null" {
			continue
		}
		var u unstructured.Unstructured
		if err := u.UnmarshalJSON(encoded); err != nil {
			return nil, fmt.Errorf("a document is no object: %w", err)
		}
		if !u.IsList() {
			out = append(out, Object{file, u})
			continue
		}
		list, err := u.ToList()
		if err != nil {
			return nil, err
		}
		for _, item := range list.Items {
			out = append(out, Object{file, item})
		}
	}
}

// Outcomes of an object under a change.
const (
	// Refused: an API server that has the new definition takes it no more.
	Refused = "refused"
	// Altered: it is taken, and is read and stored as something else.
	Altered = "altered"
	// Accepted: it is taken as it is.
	Accepted = "accepted"
)

// Affected is an object to which a change does something.
type Affected struct {
	Outcome    string `json:"outcome"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	File       string `json:"file,omitempty"`
	// LogicalCluster that the namespace belongs to; empty where it is none's, as far
	// as the pins say.
	LogicalCluster string `json:"logicalCluster,omitempty"`
	// Unchanged says what becomes of an update that leaves a refused object as it is, as
	// one of its labels, its finalizers or its status: Accepted, since the API server
	// lets be what was wrong before and stays so, or Refused. Empty for others.
	Unchanged string   `json:"unchanged,omitempty"`
	Reasons   []Reason `json:"reasons"`
}

// Reason is what happens at one place of an object.
type Reason struct {
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	// Rule is the rule and the case of the change that does it; empty where none of
	// the changes speaks of the place.
	Rule string `json:"rule,omitempty"`
}

// Judge says what the change does to objects. The API server's own code takes each
// object under the old definition and under the new one. What the old one refuses
// already is no effect of the change. judged counts the objects of the old API.
//
// namespaces are the logical clusters by namespace; an object in the namespace of
// one that the change does not reach is left out.
func (c *Change) Judge(ctx context.Context, objects []Object, namespaces map[string]string) (affected []Affected, judged int, err error) {
	reached := map[string]bool{}
	for _, r := range c.Reached {
		reached[r.Key] = true
	}
	j := judging{change: c, servers: map[serverID]*instance.Server{}}
	for _, o := range objects {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		key := namespaces[o.GetNamespace()]
		if key != "" && !reached[key] {
			continue
		}
		is, ok, err := j.object(o)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			continue
		}
		judged++
		if is.Outcome == Accepted {
			continue
		}
		is.APIVersion, is.Kind, is.Namespace, is.Name, is.File, is.LogicalCluster = o.GetAPIVersion(), o.GetKind(), o.GetNamespace(), o.GetName(), o.File, key
		affected = append(affected, is)
	}
	slices.SortStableFunc(affected, func(a, b Affected) int {
		return cmp.Or(strings.Compare(a.LogicalCluster, b.LogicalCluster), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return affected, judged, nil
}

type serverID struct {
	resource, version string
	new               bool
}

// judging is the work on the objects of one change.
type judging struct {
	change  *Change
	servers map[serverID]*instance.Server
}

// object judges one object. ok is false for one that is not of the old API.
func (j *judging) object(o Object) (out Affected, ok bool, err error) {
	kind := o.GroupVersionKind()
	old := definitionOf(j.change.Old, kind.Group, kind.Kind)
	if old == nil {
		return out, false, nil
	}
	resource := old.Resource()
	before, err := j.server(old, resource, kind.Version, false)
	if before == nil || err != nil {
		return out, false, err
	}
	gone := func(r Reason) (Affected, bool, error) {
		return Affected{Outcome: Refused, Unchanged: Refused, Reasons: []Reason{r}}, true, nil
	}
	var new *Definition
	if j.change.New != nil {
		new = j.change.New.Find(resource)
	}
	if new == nil {
		return gone(Reason{Message: "the resource is gone", Rule: "resource/removed"})
	}
	after, err := j.server(new, resource, kind.Version, true)
	if err != nil {
		return out, true, err
	}
	if after == nil {
		return gone(j.reason(resource, kind.Version, "", "version "+kind.Version+" is not served any more"))
	}
	return admitted(o, before, after, func(path, message string) Reason {
		return j.reason(resource, kind.Version, path, message)
	}), true, nil
}

// admitted judges an object by two servers of its version.
func admitted(o Object, before, after *instance.Server, reason func(path, message string) Reason) (out Affected) {
	was, standing := before.Admit(o.Object)
	is, errs := after.Admit(o.Object)
	for _, e := range errs {
		if !slices.ContainsFunc(standing, func(s *field.Error) bool { return s.Field == e.Field && s.Type == e.Type }) {
			out.Reasons = append(out.Reasons, reason(placeOf(e), e.ErrorBody()))
		}
	}
	if len(out.Reasons) > 0 {
		out.Outcome, out.Unchanged = Refused, Refused
		if stands, err := after.Coerce(was); err == nil && len(after.ValidateUpdate(stands, stands)) == 0 {
			out.Unchanged = Accepted
		}
		return out
	}
	for _, d := range differences("", was, is) {
		out.Reasons = append(out.Reasons, reason(d.Path, d.Message))
	}
	if out.Outcome = Accepted; len(out.Reasons) > 0 {
		out.Outcome = Altered
	}
	return out
}

// placeOf returns the place of a validation error as changes name places.
func placeOf(e *field.Error) string {
	if e.Field == "" || e.Field == "<nil>" {
		return ""
	}
	return "." + e.Field
}

// server returns a server of a version; nil where it is not served.
func (j *judging) server(d *Definition, resource, version string, new bool) (*instance.Server, error) {
	id := serverID{resource, version, new}
	if s, ok := j.servers[id]; ok {
		return s, nil
	}
	v := servedVersion(d, version)
	if v == nil {
		return nil, nil
	}
	s, err := instance.NewServer(v.Schema.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", resource, version, err)
	}
	j.servers[id] = s
	return s, nil
}

func servedVersion(d *Definition, version string) *apiextensionsv1.CustomResourceDefinitionVersion {
	crd := d.Writable()
	i := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == version && v.Served && v.Schema != nil && v.Schema.OpenAPIV3Schema != nil
	})
	if i < 0 {
		return nil
	}
	return &crd.Spec.Versions[i]
}

func definitionOf(a *API, group, kind string) *Definition {
	if a == nil {
		return nil
	}
	i := slices.IndexFunc(a.Definitions, func(d Definition) bool { return d.CRD.Spec.Group == group && d.CRD.Spec.Names.Kind == kind })
	if i < 0 {
		return nil
	}
	return &a.Definitions[i]
}

// reason finds the change that does something at a place: the nearest to it, and
// of those the gravest.
func (j *judging) reason(resource, version, path, message string) Reason {
	out := Reason{Path: path, Message: message}
	var best *evolution.Change
	for i := range j.change.Changes {
		c := &j.change.Changes[i]
		if c.Resource != resource || c.Version != version || !instance.Related(path, c.Path) || c.Rule == "documentation" {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(len(c.Path), len(best.Path)), gravity(c)-gravity(best)) > 0 {
			best = c
		}
	}
	if best != nil {
		out.Rule = best.Rule + "/" + best.Case
	}
	return out
}

func gravity(c *evolution.Change) int {
	return slices.Index([]evolution.Class{evolution.Compatible, evolution.Conditional, evolution.Breaking}, c.Writers)
}

// differences tells where two objects differ, the outermost places first.
func differences(path string, was, is any) []Reason {
	a, ok1 := was.(map[string]any)
	b, ok2 := is.(map[string]any)
	if ok1 && ok2 {
		var out []Reason
		names := make([]string, 0, len(a)+len(b))
		for name := range a {
			names = append(names, name)
		}
		for name := range b {
			if _, both := a[name]; !both {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			at := evolution.PathOf(path, name)
			old, had := a[name]
			new, has := b[name]
			switch {
			case !had:
				out = append(out, Reason{Path: at, Message: "becomes " + inJSON(new)})
			case !has:
				out = append(out, Reason{Path: at, Message: "is lost, was " + inJSON(old)})
			default:
				out = append(out, differences(at, old, new)...)
			}
		}
		return out
	}
	x, ok1 := was.([]any)
	y, ok2 := is.([]any)
	if ok1 && ok2 && len(x) == len(y) {
		var out []Reason
		for i := range x {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), x[i], y[i])...)
		}
		return out
	}
	if reflect.DeepEqual(was, is) {
		return nil
	}
	return []Reason{{Path: path, Message: fmt.Sprintf("becomes %s, was %s", inJSON(is), inJSON(was))}}
}

func inJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	const most = 80
	if len(data) > most {
		return strings.ToValidUTF8(string(data[:most]), "") + "…"
	}
	return string(data)
}
