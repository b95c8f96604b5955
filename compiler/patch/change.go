package patch

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/internal/manifest"
	"sigs.k8s.io/kustomize/api/filters/annotations"
	"sigs.k8s.io/kustomize/api/filters/imagetag"
	"sigs.k8s.io/kustomize/api/filters/labels"
	"sigs.k8s.io/kustomize/api/filters/patchjson6902"
	"sigs.k8s.io/kustomize/api/filters/patchstrategicmerge"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// change is a kind of patch or transformer.
type change interface {
	// check says what is wrong with what it is made with, as JSON has it.
	check(with any) string
	// filters returns kustomize's filters that make the change in an object of a kind.
	filters(id resid.ResId, with manifest.Value) ([]kio.Filter, error)
}

// make makes a change in an object.
func (s *Step) make(o manifest.Map, id resid.ResId, with manifest.Value) (changed manifest.Map, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("kustomize fails on it: %v", problem)
		}
	}()
	filters, err := s.change.filters(id, with)
	if err != nil {
		return nil, err
	}
	nodes := []*yaml.RNode{yaml.NewRNode(nodeOf(o))}
	for _, f := range filters {
		if nodes, err = f.Filter(nodes); err != nil {
			return nil, err
		}
	}
	if len(nodes) != 1 || nodes[0].IsNilOrEmpty() {
		return nil, errors.New("it would take the object away")
	}
	v, err := valueOf(nodes[0].YNode(), o)
	if err != nil {
		return nil, err
	}
	changed, ok := v.(manifest.Map)
	if !ok {
		return nil, errors.New("it leaves no object")
	}
	return changed, nil
}

type strategicMerge struct{}

func (strategicMerge) check(any) string { return "" }

func (strategicMerge) filters(id resid.ResId, with manifest.Value) ([]kio.Filter, error) {
	fields, _ := with.(manifest.Map)
	return []kio.Filter{patchstrategicmerge.Filter{Patch: yaml.NewRNode(nodeOf(append(manifest.Map{
		{Key: "apiVersion", Value: id.ApiVersion()}, {Key: "kind", Value: id.Kind}}, fields...)))}}, nil
}

type jsonPatch struct{}

func (jsonPatch) check(any) string { return "" }

func (jsonPatch) filters(_ resid.ResId, with manifest.Value) ([]kio.Filter, error) {
	return []kio.Filter{patchjson6902.Filter{Patch: string(manifest.AppendJSON(nil, with))}}, nil
}

// The places of labels and annotations in the templates of pods, as kustomize has them.
func templates(what string) types.FsSlice {
	out := types.FsSlice{{Gvk: resid.Gvk{Version: "v1", Kind: "ReplicationController"}, Path: "spec/template/metadata/" + what, CreateIfNotPresent: true}}
	for _, kind := range []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"} {
		out = append(out, types.FieldSpec{Gvk: resid.Gvk{Kind: kind}, Path: "spec/template/metadata/" + what, CreateIfNotPresent: true})
	}
	return append(out,
		types.FieldSpec{Gvk: resid.Gvk{Group: "batch", Kind: "Job"}, Path: "spec/template/metadata/" + what, CreateIfNotPresent: true},
		types.FieldSpec{Gvk: resid.Gvk{Group: "batch", Kind: "CronJob"}, Path: "spec/jobTemplate/metadata/" + what, CreateIfNotPresent: true},
		types.FieldSpec{Gvk: resid.Gvk{Group: "batch", Kind: "CronJob"}, Path: "spec/jobTemplate/spec/template/metadata/" + what, CreateIfNotPresent: true})
}

type setLabels struct{ templates bool }

func (setLabels) check(with any) string { return checkTexts(with) }

func (l setLabels) filters(_ resid.ResId, with manifest.Value) ([]kio.Filter, error) {
	where := types.FsSlice{{Path: "metadata/labels", CreateIfNotPresent: true}}
	if l.templates {
		where = append(where, templates("labels")...)
	}
	return []kio.Filter{labels.Filter{Labels: texts(with), FsSlice: where}}, nil
}

type setAnnotations struct{}

func (setAnnotations) check(with any) string { return checkTexts(with) }

func (setAnnotations) filters(_ resid.ResId, with manifest.Value) ([]kio.Filter, error) {
	return []kio.Filter{annotations.Filter{Annotations: texts(with),
		FsSlice: append(types.FsSlice{{Path: "metadata/annotations", CreateIfNotPresent: true}}, templates("annotations")...)}}, nil
}

func checkTexts(with any) string {
	m, ok := with.(map[string]any)
	if !ok {
		return "they must be texts by name"
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if _, ok := m[key].(string); !ok {
			return key + " must be a text"
		}
	}
	return ""
}

func texts(v manifest.Value) map[string]string {
	m, _ := v.(manifest.Map)
	out := make(map[string]string, len(m))
	for _, f := range m {
		out[f.Key], _ = f.Value.(string)
	}
	return out
}

type replaceImages struct{}

func (replaceImages) check(with any) string {
	list, ok := with.([]any)
	if !ok {
		return "images must be a list"
	}
	for i, one := range list {
		m, _ := one.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if _, isText := m[key].(string); !isText || !slices.Contains([]string{"name", "newName", "newTag", "digest"}, key) {
				return fmt.Sprintf("image %d: %s must be a text, and one of name, newName, newTag and digest", i, key)
			}
		}
		if m["name"] == nil {
			return fmt.Sprintf("image %d has no name", i)
		}
	}
	return ""
}

// Where kustomize replaces images beside all lists of containers.
var imageFields = types.FsSlice{
	{Path: "spec/containers[]/image", CreateIfNotPresent: true},
	{Path: "spec/initContainers[]/image", CreateIfNotPresent: true},
	{Path: "spec/volumes[]/image/reference", CreateIfNotPresent: true},
	{Path: "spec/template/spec/containers[]/image", CreateIfNotPresent: true},
	{Path: "spec/template/spec/initContainers[]/image", CreateIfNotPresent: true},
	{Path: "spec/template/spec/volumes[]/image/reference", CreateIfNotPresent: true},
	{Path: "spec/jobTemplate/spec/template/spec/volumes[]/image/reference", CreateIfNotPresent: true},
}

func (replaceImages) filters(_ resid.ResId, with manifest.Value) (out []kio.Filter, err error) {
	list, _ := with.(manifest.List)
	for _, one := range list {
		m := texts(one)
		image := types.Image{Name: m["name"], NewName: m["newName"], NewTag: m["newTag"], Digest: m["digest"]}
		out = append(out, imagetag.LegacyFilter{ImageTag: image}, imagetag.Filter{ImageTag: image, FsSlice: imageFields})
	}
	return out, nil
}
