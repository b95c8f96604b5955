package change

// String names the object: "acme-payments/tenantry-quota".
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

// What happens to an object.
const (
	Create = "create"
	Update = "update"
	// Replace: a field changes that the API server does not let change.
	Replace = "replace"
	Delete  = "delete"
	// Leave: it is no longer rendered, and protected from pruning, so it stays as
	// it is and nobody manages it.
	Leave = "leave"
)

// Management stands for the cluster that the GitOps engine runs on.
const Management = "management cluster"

// Objects are those of one physical cluster that differ.
type Objects struct {
	// Cluster is the physical cluster; Management for what the engine itself reads.
	Cluster string `json:"cluster"`
	// Counts are numbers of objects by what happens to them.
	Counts map[string]int `json:"counts"`
	// Changes in an order in which they can be applied.
	Changes []ObjectChange `json:"changes"`
}

// ObjectChange are objects of one kind to which the same happens.
type ObjectChange struct {
	Step       int    `json:"step"`
	Action     string `json:"action"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Objects by namespace and name.
	Objects []Object `json:"objects"`
	// Fields that differ, of objects that stand on both sides.
	Fields []Field `json:"fields,omitempty"`
	// Entails is what follows, where that is more than the object itself.
	Entails string  `json:"entails,omitempty"`
	Causes  []Cause `json:"causes,omitempty"`
}

// Object names one object.
type Object struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// LogicalCluster that it belongs to; empty for the platform's.
	LogicalCluster string `json:"logicalCluster,omitempty"`
}
