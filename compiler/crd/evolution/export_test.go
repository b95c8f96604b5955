package evolution

import apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

// Rules returns all rules, by level and id.
func Rules() []*rule { return rules() }

// LooksAtSchemas reports whether a rule compares schemas.
func LooksAtSchemas(r *rule) bool { return r.schema != nil }

// CompareSchemas compares the schemas of one served version alone. Resource and
// version are what the changes say they concern.
func CompareSchemas(resource, version string, old, new *apiextensionsv1.JSONSchemaProps, c Config) []Change {
	w := &walk{config: c, rules: rules(), resource: resource, version: version}
	w.schemas(old, new)
	return w.sorted()
}
