package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
)

// Labels and annotations that Tenantry's objects carry.
const (
	// LabelLogicalCluster holds a logical cluster's key as a [LabelValue].
	LabelLogicalCluster = implicit.LabelLogicalCluster
	// LabelOrganization holds the path of its organization as a [LabelValue].
	LabelOrganization = "tenantry.dev/organization"
	// PrefixAncestor stands before the [LabelValue] of each organization that a
	// logical cluster is below; the label's value is "true".
	PrefixAncestor = "org.tenantry.dev/"
	// PrefixTeam stands before labels that the repo gives. A prefix of their own
	// keeps them from being anything else.
	PrefixTeam = "label.tenantry.dev/"
	// LabelManagedBy marks what the compiler rendered; its value is ManagedBy.
	LabelManagedBy = implicit.LabelManagedBy
	ManagedBy      = "tenantry"
	// LabelGate names the gate on unbound APIs of a Namespace.
	LabelGate = "tenantry.dev/api-gate"
	// PrefixPolicy stands before the ID of each policy that holds for a Namespace; the
	// label's value is "true".
	PrefixPolicy = "policy.tenantry.dev/"
	// PrefixTransform stands before the ID of each transform in the same way.
	PrefixTransform = "transform.tenantry.dev/"
	// LabelState is StateFrozen on the Namespaces of a frozen logical cluster.
	LabelState  = "tenantry.dev/state"
	StateFrozen = "frozen"

	// AnnotationLogicalCluster holds a logical cluster's exact key.
	AnnotationLogicalCluster = "tenantry.dev/logical-cluster"
	// AnnotationDeletion is DeletionConfirmed on objects that may be deleted.
	AnnotationDeletion = "tenantry.dev/deletion"
	DeletionConfirmed  = "confirmed"
	// AnnotationAdopt names, on a Namespace that Tenantry did not create, the
	// logical cluster that may take it over.
	AnnotationAdopt = "tenantry.dev/adopt"

	// AnnotationImplicit names the implicit document that gives an object.
	AnnotationImplicit = implicit.AnnotationImplicit
	// AnnotationImplicitObjects lists, on a Namespace, the objects that implicit
	// documents give, as RESOURCE.GROUP/NAME=RULE, joined by commas.
	AnnotationImplicitObjects = "tenantry.dev/implicit-objects"

	// ReservedPrefix begins the names of what the platform owns in a tenant's namespace.
	ReservedPrefix = "tenantry-"
)

const maxLabel = 63

// LabelValue turns a path ("acme/payments/prod") into a label value: its names
// joined by dots, and cut and hashed where that is longer than 63 characters.
// Two paths never share a value: no name has two hyphens in a row, which is
// what stands before the hash.
func LabelValue(path string) string {
	return bounded(strings.ReplaceAll(path, "/", "."), path)
}

// DeployerName is the name of the ServiceAccount that deploys the source of a
// logical cluster.
func DeployerName(key string) string {
	return bounded("lc-"+strings.ReplaceAll(key, "/", "."), key)
}

func bounded(name, identity string) string {
	if len(name) <= maxLabel {
		return name
	}
	hash := shortHash([]byte(identity))
	return strings.TrimRight(name[:maxLabel-len(hash)-2], "-.") + "--" + hash
}

// shortHash tells apart names of objects that differ in content. Teams choose a
// part of what is hashed: 80 bits are out of reach of who would search for an
// equal hash.
func shortHash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:10])
}
