package schema

// The documents of a tenancy repo. Each type mirrors the CUE definition of the
// same name, whose comments say what the fields mean; a field that is left out
// is the zero value here, and the compiler resolves it.

// Settings is what holds for the whole repo.
type Settings struct {
	GitOps      GitOps               `json:"gitops,omitzero"`
	Currency    string               `json:"currency,omitempty"`
	Labels      map[string]LabelRule `json:"labels,omitzero"`
	Controllers []string             `json:"controllers,omitzero"`
	Deletion    Deletion             `json:"deletion,omitzero"`
}

// Deletion is how logical clusters are deleted.
type Deletion struct {
	// Grace are the days for which a logical cluster that is declared deleted stays.
	Grace *int `json:"grace,omitempty"`
}

// Engine is a GitOps engine.
type Engine string

// GitOps is how rendered manifests reach the physical clusters.
type GitOps struct {
	Engine    Engine `json:"engine,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// ArgoNamespace is where Argo CD's objects go.
	ArgoNamespace string       `json:"argoNamespace,omitempty"`
	Interval      string       `json:"interval,omitempty"`
	Cut           int          `json:"cut,omitempty"`
	Source        GitOpsSource `json:"source,omitzero"`
}

// GitOpsSource is where the GitOps engine reads the output from.
type GitOpsSource struct {
	Kind   string `json:"kind,omitempty"`
	URL    string `json:"url"`
	Branch string `json:"branch,omitempty"`
	Path   string `json:"path,omitempty"`
	Secret string `json:"secret,omitempty"`
}

// LabelOwner says who may set a label.
type LabelOwner string

// The owners of labels.
const (
	OwnerPlatform     LabelOwner = "platform"
	OwnerOrganization LabelOwner = "organization"
	OwnerTeam         LabelOwner = "team"
)

// LabelRule says who may set a label, and to what.
type LabelRule struct {
	Owner  LabelOwner `json:"owner"`
	Values []string   `json:"values,omitzero"`
}

// PhysicalCluster is a Kubernetes cluster that logical clusters are placed on.
type PhysicalCluster struct {
	Labels     map[string]string `json:"labels,omitzero"`
	Region     string            `json:"region"`
	Kubernetes string            `json:"kubernetes"`
	Capacity   Capacity          `json:"capacity,omitzero"`
	Backings   []Backing         `json:"backings,omitzero"`
	Taints     []Taint           `json:"taints,omitzero"`
	Server     string            `json:"server"`
	CA         string            `json:"ca,omitempty"`
	Kubeconfig *SecretKey        `json:"kubeconfig,omitzero"`
	Engine     Engine            `json:"engine,omitempty"`
	DNS        DNS               `json:"dns,omitzero"`
}

// Capacity is what a physical cluster can hold, in the sum of quotas. A nil or
// empty amount is not limited.
type Capacity struct {
	LogicalClusters *int     `json:"logicalClusters,omitzero"`
	Namespaces      *int     `json:"namespaces,omitzero"`
	CPU             Quantity `json:"cpu,omitempty"`
	Memory          Quantity `json:"memory,omitempty"`
	LoadBalancers   *int     `json:"loadBalancers,omitzero"`
}

// DNS is where a physical cluster's DNS runs.
type DNS struct {
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels,omitzero"`
}

// SecretKey is a key of a secret.
type SecretKey struct {
	Secret string `json:"secret"`
	Key    string `json:"key,omitempty"`
}

// Taint keeps logical clusters away that do not tolerate it.
type Taint struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Toleration lets a logical cluster onto a tainted physical cluster.
type Toleration struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Promise is what the owners of an API set promise between its versions.
type Promise string

// The promises.
const (
	PromiseBackward Promise = "backward"
	PromiseFull     Promise = "full"
	PromiseNone     Promise = "none"
)

// APISet is a named set of APIs in versions.
type APISet struct {
	Description string                `json:"description,omitempty"`
	Promise     Promise               `json:"promise,omitempty"`
	Channels    map[string]string     `json:"channels,omitzero"`
	Versions    map[string]APIVersion `json:"versions"`
}

// Lifecycle is how far along a version of an API set is.
type Lifecycle string

// The lifecycles.
const (
	Alpha      Lifecycle = "alpha"
	Beta       Lifecycle = "beta"
	Stable     Lifecycle = "stable"
	Deprecated Lifecycle = "deprecated"
	Removed    Lifecycle = "removed"
)

// APIVersion is one version of an API set.
type APIVersion struct {
	Lifecycle  Lifecycle           `json:"lifecycle,omitempty"`
	Sunset     string              `json:"sunset,omitempty"`
	ReplacedBy string              `json:"replacedBy,omitempty"`
	Promise    Promise             `json:"promise,omitempty"`
	CRDs       string              `json:"crds,omitempty"`
	Resources  map[string]Resource `json:"resources"`
}

// Who installs the CRDs of an API version.
const (
	CRDsExternal = "external"
	CRDsManaged  = "managed"
)

// Resource is one resource of an API set.
type Resource struct {
	File     string   `json:"file,omitempty"`
	Versions []string `json:"versions,omitzero"`
	Verbs    Verbs    `json:"verbs,omitzero"`
	// Constraints and Defaults by the paths of fields.
	Constraints map[string]Constraint `json:"constraints,omitzero"`
	Defaults    map[string]any        `json:"defaults,omitzero"`
}

// Constraint is what a field may hold. A nil or empty keyword demands nothing.
type Constraint struct {
	Enum      []any    `json:"enum,omitzero"`
	Minimum   *float64 `json:"minimum,omitzero"`
	Maximum   *float64 `json:"maximum,omitzero"`
	MinLength *int     `json:"minLength,omitzero"`
	MaxLength *int     `json:"maxLength,omitzero"`
	Pattern   string   `json:"pattern,omitempty"`
	MinItems  *int     `json:"minItems,omitzero"`
	MaxItems  *int     `json:"maxItems,omitzero"`
	Required  bool     `json:"required,omitzero"`
	Forbidden bool     `json:"forbidden,omitzero"`
}

// Verbs are the verbs of each role on a resource; nil means the usual ones.
type Verbs struct {
	View  []string `json:"view,omitzero"`
	Edit  []string `json:"edit,omitzero"`
	Admin []string `json:"admin,omitzero"`
}

// Backing is how a logical cluster is built on a physical cluster.
type Backing string

// Network is the network stance of a logical cluster.
type Network string

// The network stances.
const (
	NetworkClosed         Network = "closed"
	NetworkLogicalCluster Network = "logical-cluster"
	NetworkOrganization   Network = "organization"
	NetworkOpen           Network = "open"
)

// PodSecurity is a Pod Security level.
type PodSecurity string

// Inheritable are the fields that a logical cluster inherits.
type Inheritable struct {
	Backing         Backing           `json:"backing,omitempty"`
	APIs            map[string]string `json:"apis,omitzero"`
	Quota           Quota             `json:"quota,omitzero"`
	QuotaFromBudget BudgetShares      `json:"quotaFromBudget,omitzero"`
	Network         Network           `json:"network,omitempty"`
	PodSecurity     PodSecurity       `json:"podSecurity,omitempty"`
	Containers      *Containers       `json:"containers,omitzero"`
	Regions         []string          `json:"regions,omitzero"`
	ClusterSelector *Selector         `json:"clusterSelector,omitzero"`
	Tolerations     []Toleration      `json:"tolerations,omitzero"`
}

// BudgetShares are the parts of a budget by the keys of a Quota.
type BudgetShares map[string]BudgetShare

// BudgetShare is how much of a budget goes to one key.
type BudgetShare struct {
	Weight  int      `json:"weight"`
	Minimum Quantity `json:"minimum,omitempty"`
}

// Containers are defaults and bounds of containers.
type Containers struct {
	DefaultRequest Compute `json:"defaultRequest,omitzero"`
	Default        Compute `json:"default,omitzero"`
	Max            Compute `json:"max,omitzero"`
	Min            Compute `json:"min,omitzero"`
}

// Compute are amounts of one container.
type Compute struct {
	CPU    Quantity `json:"cpu,omitempty"`
	Memory Quantity `json:"memory,omitempty"`
}

// Selector has Kubernetes' semantics.
type Selector struct {
	MatchLabels      map[string]string `json:"matchLabels,omitzero"`
	MatchExpressions []Requirement     `json:"matchExpressions,omitzero"`
}

// Requirement is one requirement of a selector.
type Requirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values,omitzero"`
}

// Class is a kind of logical cluster.
type Class struct {
	Inheritable
	Description string            `json:"description,omitempty"`
	Labels      map[string]string `json:"labels,omitzero"`
	Parents     *Parents          `json:"parents,omitzero"`
}

// Parents say where logical clusters of a class may stand.
type Parents struct {
	Organizations []string  `json:"organizations,omitzero"`
	Selector      *Selector `json:"selector,omitzero"`
}

// Organization is a node of the organization tree.
type Organization struct {
	DisplayName string            `json:"displayName,omitempty"`
	Owners      []string          `json:"owners,omitzero"`
	Labels      map[string]string `json:"labels,omitzero"`
	Budget      Money             `json:"budget,omitempty"`
	Overcommit  Money             `json:"overcommit,omitempty"`
	Ceilings    *Ceilings         `json:"ceilings,omitzero"`
	Offers      *Offers           `json:"offers,omitzero"`
	Access      map[string]Role   `json:"access,omitzero"`
	Defaults    *Defaults         `json:"defaults,omitzero"`
	Formerly    []string          `json:"formerly,omitzero"`
	MovesTo     map[string]string `json:"movesTo,omitzero"`
}

// Defaults are what logical clusters below an organization inherit.
type Defaults struct {
	Inheritable
	Class string `json:"class,omitempty"`
}

// Ceilings bound the sum of all below an organization.
type Ceilings struct {
	LogicalClusters *int  `json:"logicalClusters,omitzero"`
	Quota           Quota `json:"quota,omitzero"`
}

// Offers are what logical clusters below an organization may use. A nil list
// offers everything, an empty one nothing.
type Offers struct {
	APIs    []string `json:"apis,omitzero"`
	Classes []string `json:"classes,omitzero"`
	Regions []string `json:"regions,omitzero"`
}

// Role is what a subject may do in a logical cluster.
type Role string

// The roles, each including the ones before it.
const (
	View  Role = "view"
	Edit  Role = "edit"
	Admin Role = "admin"
)

// LogicalCluster is what a team asks for.
type LogicalCluster struct {
	Inheritable
	Class      string               `json:"class,omitempty"`
	Labels     map[string]string    `json:"labels,omitzero"`
	Namespaces map[string]Namespace `json:"namespaces,omitzero"`
	Access     map[string]Role      `json:"access,omitzero"`
	Budget     Money                `json:"budget,omitempty"`
	Placement  *Placement           `json:"placement,omitzero"`
	Source     *Source              `json:"source,omitzero"`
	State      State                `json:"state,omitempty"`
	// Hold keeps what is declared deleted.
	Hold     bool     `json:"hold,omitempty"`
	Formerly []string `json:"formerly,omitzero"`
}

// State is the state of a logical cluster.
type State string

// The states.
const (
	Active  State = "active"
	Frozen  State = "frozen"
	Deleted State = "deleted"
)

// Namespace is one namespace of a logical cluster.
type Namespace struct {
	Quota Quota `json:"quota,omitzero"`
	Share *int  `json:"share,omitzero"`
}

// Placement is where a logical cluster is placed.
type Placement struct {
	Cluster string   `json:"cluster,omitempty"`
	Release []string `json:"release,omitzero"`
}

// Source is a team's own repository.
type Source struct {
	Repo      string `json:"repo"`
	Path      string `json:"path,omitempty"`
	Branch    string `json:"branch,omitempty"`
	Role      Role   `json:"role,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Private   bool   `json:"private,omitempty"`
	Interval  string `json:"interval,omitempty"`
}

// Stage says when a policy's rules are judged.
type Stage string

// The stages.
const (
	Acquire   Stage = "acquire"
	Transform Stage = "transform"
	Evolve    Stage = "evolve"
	Admit     Stage = "admit"
)

// Enforcement says what becomes of whoever breaks a policy.
type Enforcement string

// The enforcements.
const (
	Deny  Enforcement = "deny"
	Warn  Enforcement = "warn"
	Audit Enforcement = "audit"
)

// CUE is the text of a CUE value that is a schema and no data.
type CUE string

// Module is a policy module.
type Module struct {
	RuleSet
	Description string `json:"description,omitempty"`
	Stage       Stage  `json:"stage"`
	Parameters  CUE    `json:"#parameters,omitempty"`
}

// RuleSet is what a module, or a policy of its own, demands.
type RuleSet struct {
	MatchConstraints *MatchConstraints `json:"matchConstraints,omitzero"`
	MatchConditions  []Expression      `json:"matchConditions,omitzero"`
	Variables        []Expression      `json:"variables,omitzero"`
	Mutations        []Mutation        `json:"mutations,omitzero"`
	Patches          []Patch           `json:"patches,omitzero"`
	Transformers     []Transformer     `json:"transformers,omitzero"`
	Rules            []Rule            `json:"rules,omitzero"`
	Cases            map[string]Case   `json:"cases,omitzero"`
}

// MatchConstraints are the writes that rules judge.
type MatchConstraints struct {
	ResourceRules        []ResourceRule `json:"resourceRules"`
	ExcludeResourceRules []ResourceRule `json:"excludeResourceRules,omitzero"`
}

// ResourceRule is writes to some resources.
type ResourceRule struct {
	APIGroups     []string `json:"apiGroups"`
	APIVersions   []string `json:"apiVersions,omitzero"`
	Operations    []string `json:"operations,omitzero"`
	Resources     []string `json:"resources"`
	ResourceNames []string `json:"resourceNames,omitzero"`
}

// Expression is a CEL expression with a name.
type Expression struct {
	Name       string `json:"name"`
	Expression string `json:"expression"`
}

// Mutation is a change to a write, in CEL: one of the two.
type Mutation struct {
	ApplyConfiguration string `json:"applyConfiguration,omitempty"`
	JSONPatch          string `json:"jsonPatch,omitempty"`
}

// Patch is a change to rendered objects: one of the two.
type Patch struct {
	Target         Target               `json:"target"`
	StrategicMerge map[string]any       `json:"strategicMerge,omitzero"`
	JSON6902       []JSONPatchOperation `json:"json6902,omitzero"`
}

// Target selects rendered objects, as kustomize does.
type Target struct {
	Group              string `json:"group,omitempty"`
	Version            string `json:"version,omitempty"`
	Kind               string `json:"kind,omitempty"`
	Name               string `json:"name,omitempty"`
	Namespace          string `json:"namespace,omitempty"`
	LabelSelector      string `json:"labelSelector,omitempty"`
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}

// JSONPatchOperation is one change of a JSON patch.
type JSONPatchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	From  string `json:"from,omitempty"`
	Value any    `json:"value,omitempty"`
}

// Transformer is a transformer of kustomize's own: one of the three. Labels,
// CommonAnnotations and Images are what the schema says, or a parameter's placeholder.
type Transformer struct {
	Target            *Target `json:"target,omitzero"`
	Labels            any     `json:"labels,omitempty"`
	IncludeTemplates  bool    `json:"includeTemplates,omitempty"`
	CommonAnnotations any     `json:"commonAnnotations,omitempty"`
	Images            any     `json:"images,omitempty"`
}

// Image is an image to replace.
type Image struct {
	Name    string `json:"name"`
	NewName string `json:"newName,omitempty"`
	NewTag  string `json:"newTag,omitempty"`
	Digest  string `json:"digest,omitempty"`
}

// Rule is one rule, in CEL.
type Rule struct {
	Expression        string `json:"expression"`
	Message           string `json:"message,omitempty"`
	MessageExpression string `json:"messageExpression,omitempty"`
}

// Case is what the rules say of one example.
type Case struct {
	Parameters      map[string]any    `json:"parameters,omitzero"`
	Given           map[string]any    `json:"given,omitzero"`
	Object          map[string]any    `json:"object,omitzero"`
	OldObject       map[string]any    `json:"oldObject,omitzero"`
	Result          map[string]any    `json:"result,omitzero"`
	Operation       string            `json:"operation,omitempty"`
	Resource        string            `json:"resource,omitempty"`
	User            string            `json:"user,omitempty"`
	Groups          []string          `json:"groups,omitzero"`
	NamespaceLabels map[string]string `json:"namespaceLabels,omitzero"`
	Allowed         bool              `json:"allowed"`
	Message         string            `json:"message,omitempty"`
}

// Policy is a use of a module, or rules of its own.
type Policy struct {
	RuleSet
	Description string         `json:"description,omitempty"`
	Module      string         `json:"module,omitempty"`
	Parameters  map[string]any `json:"parameters,omitzero"`
	Stage       Stage          `json:"stage,omitempty"`
	Selector    *Selector      `json:"selector,omitzero"`
	Classes     []string       `json:"classes,omitzero"`
	Enforcement Enforcement    `json:"enforcement"`
}

// Exemption is an exception from a policy or a ceiling.
type Exemption struct {
	Policy  string `json:"policy,omitempty"`
	Ceiling string `json:"ceiling,omitempty"`
	Target  string `json:"target"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"`
}

// Revocation takes the access of a subject away.
type Revocation struct {
	Subject string `json:"subject"`
	From    string `json:"from,omitempty"`
	Since   string `json:"since,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Merge says what holds where a tenant has the same object as an implicit
// document.
type Merge string

// The merge rules.
const (
	PlatformWins Merge = "platform-wins"
	TenantWins   Merge = "tenant-wins"
	MergeFields  Merge = "merge"
	MergeError   Merge = "error"
)

// Implicit are objects that appear in many logical clusters.
type Implicit struct {
	Description string           `json:"description,omitempty"`
	Selector    *Selector        `json:"selector,omitzero"`
	Classes     []string         `json:"classes,omitzero"`
	Namespaces  []string         `json:"namespaces,omitzero"`
	Objects     []map[string]any `json:"objects,omitzero"`
	Files       []string         `json:"files,omitzero"`
	Merge       Merge            `json:"merge,omitempty"`
	Locked      *bool            `json:"locked,omitzero"`
}

// WithoutQuota is what becomes of a logical cluster that has no quota of
// something priced.
type WithoutQuota string

// What becomes of it.
const (
	QuotaError WithoutQuota = "error"
	QuotaZero  WithoutQuota = "zero"
)

// PriceBook is a price book.
type PriceBook struct {
	From         string            `json:"from,omitempty"`
	Quota        Prices            `json:"quota,omitzero"`
	WithoutQuota WithoutQuota      `json:"withoutQuota,omitempty"`
	Classes      map[string]Money  `json:"classes,omitzero"`
	Backings     map[Backing]Money `json:"backings,omitzero"`
	APIs         map[string]Money  `json:"apis,omitzero"`
	Clusters     map[string]Money  `json:"clusters,omitzero"`
	Regions      map[string]Money  `json:"regions,omitzero"`
}

// Prices are prices by the keys of a Quota.
type Prices map[string]Money
