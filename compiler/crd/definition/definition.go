// Package definition reads CustomResourceDefinitions and judges them as an API
// server does.
package definition

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Definition is one CustomResourceDefinition of a file.
type Definition struct {
	// Name is metadata.name, as "databases.db.acme.example".
	Name string
	// Text is the document as the file has it, and Line its first line there.
	Text []byte
	Line int
	// CRD is the definition with the API server's defaults. Nil where the document
	// could not be decoded.
	CRD *apiextensionsv1.CustomResourceDefinition
	// Digest is of the content: whatever the layout of the file and the fields that
	// an API server fills in, equal content means equal digest.
	Digest [32]byte
	// Problems are why an API server would refuse it as a new definition.
	Problems []string
}

// Read returns the CustomResourceDefinitions of a file, in its order, those in
// lists as kubectl prints them among them. Other documents of the file are passed
// over. The error is for a file that is neither YAML nor JSON, and comes with those
// that stand before the place; what is wrong with a definition stands in its
// Problems.
func Read(data []byte) ([]*Definition, error) {
	var out []*Definition
	line, rest := 1, data
	names := map[string]bool{}
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		var head head
		if err := yaml.Unmarshal(text, &head); err != nil {
			return out, errors.New(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "))
		}
		// An item of a list begins with the spaces by which it is indented.
		document := bytes.TrimLeft(bytes.TrimRight(text, " \t\r\n"), "\r\n")
		first := 0 // where the document begins; 0 if that is not known
		if i := bytes.Index(rest, document); i >= 0 {
			line += bytes.Count(rest[:i], []byte("\n"))
			rest, first = rest[i:], line
		}
		if isList(head.APIVersion, head.Kind) {
			items, err := listItems(document)
			if err != nil {
				return out, err
			}
			for _, item := range items {
				if first > 0 && item.line > 0 {
					item.line += first - 1
				}
				out = add(out, item.head, item.text, item.line, names)
			}
			continue
		}
		out = add(out, head, document, first, names)
	}
}

// add adds the definition that a document holds, if it holds one.
func add(out []*Definition, h head, text []byte, line int, names map[string]bool) []*Definition {
	if h.Kind != "CustomResourceDefinition" || !strings.HasPrefix(h.APIVersion, "apiextensions.k8s.io/") {
		return out
	}
	d := &Definition{Name: h.Metadata.Name, Text: text, Line: line}
	if names[d.Name] {
		d.Problems = []string{"the file has two of this name"}
	} else {
		d.decode(h.APIVersion)
	}
	names[d.Name] = true
	return append(out, d)
}

// head is what tells what a document is.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

func (d *Definition) decode(apiVersion string) {
	if apiVersion != "apiextensions.k8s.io/v1" {
		d.Problems = []string{fmt.Sprintf("it is of %s, and API servers know only apiextensions.k8s.io/v1", apiVersion)}
		return
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(d.Text, crd); err != nil {
		d.Problems = []string{strings.TrimPrefix(err.Error(), "error unmarshaling JSON: ")}
		return
	}
	digest, err := contentDigest(d.Text)
	if err != nil {
		d.Problems = []string{err.Error()}
		return
	}
	d.Digest = digest
	d.Problems = Validate(crd)
	d.CRD = crd
}

// Validate returns why an API server would refuse the definition as a new one;
// nothing where it would not. It fills in the API server's defaults.
func Validate(crd *apiextensionsv1.CustomResourceDefinition) (out []string) {
	defer func() {
		// The API server's validation is written for what the API server has decoded, and in
		// 1.36 panics on a selectable field within a map without a schema.
		if p := recover(); p != nil {
			out = []string{fmt.Sprintf("the API server's validation fails on it: %v", p)}
		}
	}()
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
		for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"} {
			delete(metadata, field)
		}
	}
	canonical, err := json.Marshal(object)
	return sha256.Sum256(canonical), err
}
