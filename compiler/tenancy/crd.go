package tenancy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/source"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// crdFile is what a file with CustomResourceDefinitions holds.
type crdFile struct {
	// problem says why the file can't be read at all.
	problem string
	crds    map[string]*definition // by name
}

// definition is one CustomResourceDefinition of a file.
type definition struct {
	CRD
	group, plural, kind string
	namespaced          bool
	served              []string
	scalable            bool
	// problems are why an API server would refuse it.
	problems []string
}

// readCRDs reads every CustomResourceDefinition of a file. Other documents of
// the file are passed over.
func readCRDs(tree *source.Tree, path string) *crdFile {
	out := &crdFile{crds: map[string]*definition{}}
	f, ok := tree.File(path)
	if !ok {
		out.problem = "there is no such file"
		return out
	}
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(f.Data)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			out.problem = err.Error()
			return out
		}
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(text, &head); err != nil {
			out.problem = strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
			return out
		}
		if head.Kind != "CustomResourceDefinition" || !strings.HasPrefix(head.APIVersion, "apiextensions.k8s.io/") {
			continue
		}
		d := &definition{CRD: CRD{Name: head.Metadata.Name, File: path, Data: bytes.TrimSpace(text)}}
		if out.crds[d.Name] != nil {
			d.problems = []string{"the file has two of this name"}
		} else {
			d.read(head.APIVersion)
		}
		out.crds[d.Name] = d
	}
}

func (d *definition) read(apiVersion string) {
	defer func() {
		// The API server's validation is written for what the API server has decoded.
		if p := recover(); p != nil {
			d.problems = []string{fmt.Sprintf("the API server's validation fails on it: %v", p)}
		}
	}()
	if apiVersion != "apiextensions.k8s.io/v1" {
		d.problems = []string{fmt.Sprintf("it is of %s, and API servers know only apiextensions.k8s.io/v1", apiVersion)}
		return
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(d.Data, &crd); err != nil {
		d.problems = []string{strings.TrimPrefix(err.Error(), "error unmarshaling JSON: ")}
		return
	}
	digest, err := contentDigest(d.Data)
	if err != nil {
		d.problems = []string{err.Error()}
		return
	}
	d.Digest = digest
	d.group, d.plural, d.kind = crd.Spec.Group, crd.Spec.Names.Plural, crd.Spec.Names.Kind
	d.namespaced = crd.Spec.Scope == apiextensionsv1.NamespaceScoped
	for _, v := range crd.Spec.Versions {
		if v.Served {
			d.served = append(d.served, v.Name)
		}
		if v.Subresources != nil && v.Subresources.Scale != nil {
			d.scalable = true
		}
	}
	slices.Sort(d.served)
	d.problems = validate(&crd)
}

// validate asks the API server's own validation, as for a new definition.
func validate(crd *apiextensionsv1.CustomResourceDefinition) []string {
	apiextensionsv1.SetDefaults_CustomResourceDefinition(crd)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	var internal apiextensions.CustomResourceDefinition
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, &internal, nil); err != nil {
		return []string{err.Error()}
	}
	internal.Status = apiextensions.CustomResourceDefinitionStatus{}
	for _, v := range internal.Spec.Versions {
		if v.Storage {
			internal.Status.StoredVersions = append(internal.Status.StoredVersions, v.Name)
		}
	}
	var out []string
	for _, err := range validation.ValidateCustomResourceDefinition(context.Background(), &internal) {
		if !strings.HasPrefix(err.Field, "status.") { // follows from the versions
			out = append(out, err.Error())
		}
	}
	return out
}

// contentDigest is of the canonical JSON of a definition without what an API
// server fills in.
func contentDigest(text []byte) ([32]byte, error) {
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		return [32]byte{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return [32]byte{}, err
	}
	delete(object, "status")
	if metadata, ok := object["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	canonical, err := json.Marshal(object)
	return sha256.Sum256(canonical), err
}
