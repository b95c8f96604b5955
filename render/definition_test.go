package render_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/render/inventory"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/yaml"
)

// TestDefinition judges the LogicalCluster definition by the API server's own
// rules, and every LogicalCluster object by the definition.
func TestDefinition(t *testing.T) {
	var v1 apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(manifest.AppendDocuments(nil, inventory.Definition(gitops.Labels())), &v1); err != nil {
		t.Fatal(err)
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(&v1)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&v1.Spec)
	v1.Status.StoredVersions = []string{"v1alpha1"}
	var crd apiextensions.CustomResourceDefinition
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&v1, &crd, nil); err != nil {
		t.Fatal(err)
	}
	if errs := crdvalidation.ValidateCustomResourceDefinition(t.Context(), &crd); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	if !strings.Contains(string(manifest.AppendDocuments(nil, inventory.Definition(gitops.Labels()))), "subresources:\n      status: {}") {
		t.Error("no status subresource")
	}
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v1.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil); err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		t.Fatal(err)
	}
	structural, err := schema.NewStructural(&props)
	if err != nil {
		t.Fatal(err)
	}
	objects := 0
	files := small().files(t)
	for _, name := range sortedKeys(files) {
		if !strings.HasSuffix(name, "/logicalclusters.yaml") {
			continue
		}
		for _, d := range documents(t, name, files[name]) {
			if d.Kind != inventory.Kind {
				continue
			}
			objects++
			var object map[string]any
			if err := yaml.Unmarshal([]byte(d.text), &object); err != nil {
				t.Fatal(err)
			}
			if errs := validation.ValidateCustomResource(nil, object, validator); len(errs) > 0 {
				t.Errorf("%s: %v", d.Name, errs.ToAggregate())
			}
			if dropped := pruning.PruneWithOptions(object, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}); len(dropped) > 0 {
				t.Errorf("%s: the schema does not know %v", d.Name, dropped)
			}
		}
	}
	if objects != 5 { // four are placed, one of them in two places
		t.Errorf("%d LogicalCluster objects", objects)
	}
}
