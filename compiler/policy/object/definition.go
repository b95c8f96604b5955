package object

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/yaml"
)

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

// definition finds a CustomResourceDefinition in its file, which may hold others.
func definition(data []byte, name string) (*apiextensions.CustomResourceDefinition, error) {
	for _, text := range strings.Split("\n"+string(data), "\n---") {
		var crd apiextensions.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(text), &crd); err == nil && crd.Name == name {
			return &crd, nil
		}
	}
	return nil, fmt.Errorf("there is no definition %s", name)
}
