package inventory

import "github.com/tenantry/tenantry/internal/manifest"

// The LogicalCluster resource of the management cluster.
const (
	Group      = "tenantry.dev"
	APIVersion = Group + "/v1alpha1"
	Kind       = "LogicalCluster"
)

// Definition returns the CustomResourceDefinition of LogicalCluster. Its status
// is nobody's yet: the subresource is there for controllers of the platform's
// own, whose writes then never meet the engine's.
func Definition(labels manifest.Map) manifest.Map {
	status := manifest.M(
		"type", "object",
		"description", "Free for controllers of the platform's own.",
		"x-kubernetes-preserve-unknown-fields", true,
	)
	column := func(name, path string) manifest.Map {
		return manifest.M("name", name, "type", "string", "jsonPath", path)
	}
	return manifest.M(
		"apiVersion", "apiextensions.k8s.io/v1",
		"kind", "CustomResourceDefinition",
		"metadata", manifest.M("name", "logicalclusters."+Group, "labels", labels),
		"spec", manifest.M(
			"group", Group,
			"names", manifest.M(
				"kind", Kind,
				"listKind", Kind+"List",
				"plural", "logicalclusters",
				"singular", "logicalcluster",
				"shortNames", []string{"lcl"},
			),
			"scope", "Namespaced",
			"versions", manifest.List{manifest.M(
				"name", "v1alpha1",
				"served", true,
				"storage", true,
				"additionalPrinterColumns", manifest.List{
					column("Logical Cluster", ".spec.key"),
					column("Class", ".spec.class"),
					column("Cluster", ".spec.cluster"),
					column("State", ".spec.state"),
					column("Phase", ".spec.phase"),
				},
				"schema", manifest.M("openAPIV3Schema", object("A logical cluster on a physical cluster, as Tenantry rendered it.", manifest.M(
					"apiVersion", manifest.M("type", "string"),
					"kind", manifest.M("type", "string"),
					"metadata", manifest.M("type", "object"),
					"spec", specification(),
					"status", status,
				), "spec")),
				"subresources", manifest.M("status", manifest.Map{}),
			)},
		),
	)
}

// specification is the schema of what the compiler decided.
func specification() manifest.Map {
	text := func(description string) manifest.Map {
		return manifest.M("type", "string", "description", description)
	}
	return object("What the compiler decided for a logical cluster. The tenancy repo is where it is changed.",
		manifest.M(
			"key", text("Its identity in the tenancy repo, acme/payments/prod."),
			"organization", text("The organization that it stands in."),
			"class", text("Its class."),
			"cluster", text("The physical cluster that it is placed on."),
			"backing", text("How it is built there."),
			"state", text("What its document asks for.").With("enum", []string{"active", "frozen", "deleted"}),
			"phase", text("How far its removal from the physical cluster has come.").With("enum", []string{"present", "leaving", "stopped", "confirmed"}),
			"namespaces", manifest.M(
				"type", "array",
				"description", "Its namespaces on the physical cluster.",
				"items", object("", manifest.M(
					"name", text("The name in the document."),
					"namespace", text("The name on the physical cluster."),
					"retired", manifest.M("type", "boolean", "description", "The document no longer has it; its data is kept."),
				), "name", "namespace"),
				"x-kubernetes-list-type", "map",
				"x-kubernetes-list-map-keys", []string{"namespace"},
			),
			"apis", manifest.M(
				"type", "object",
				"description", "The API sets that it binds.",
				"additionalProperties", object("", manifest.M(
					"requested", text("The channel or version that was asked for."),
					"version", text("The version that it came to."),
				), "requested", "version"),
			),
			"labels", manifest.M(
				"type", "object",
				"description", "Its labels in the tenancy repo, those that it inherits included.",
				"additionalProperties", manifest.M("type", "string"),
			),
		), "key", "organization", "cluster", "backing", "state", "phase", "namespaces")
}

func object(description string, properties manifest.Map, required ...string) manifest.Map {
	return manifest.M(
		"type", "object",
		"description", description,
		"required", required,
		"properties", properties,
	).Compact()
}
