package change

// Policy is how what may be asked for and held differs: policies, exemptions from
// them, and every other limit.
type Policy struct {
	// Limits that differ, those that loosen first.
	Limits []Limit `json:"limits"`
	// Judgements are logical clusters that newly break or keep a policy.
	Judgements []Judgement `json:"judgements"`
}

// What happens to a limit, beside Added and Removed.
const (
	// Loosened: something that was refused may now pass.
	Loosened = "loosened"
	// Tightened: nothing passes that was refused before.
	Tightened = "tightened"
)

// The kinds of limits that are documents of their own.
const (
	LimitPolicy    = "policy"
	LimitExemption = "exemption"
)

// Limit is a policy, an exemption or another limit that differs.
type Limit struct {
	// Change is added, removed, loosened, tightened, or changed where neither is shown.
	Change string `json:"change"`
	// Kind of limit: policy, exemption, ceiling, budget, offer, class parents,
	// pattern, pod security, network, API gate, API promise, frozen, implicit access,
	// implicit lock, controllers, label, taints or revocation.
	Kind string `json:"kind"`
	// Name of the policy or the exemption with its directory, or of what has the
	// limit; empty where it is that of the logical clusters that the details name.
	Name string `json:"name,omitempty"`
	// Loosens: something that was refused before may pass. It is false only where
	// that is shown to be impossible.
	Loosens bool `json:"loosens"`
	// Details are what differs, those that loosen first.
	Details []LimitDetail `json:"details"`
	Causes  []Cause       `json:"causes,omitempty"`
}

// The effects of a difference.
const (
	Loosens   = "loosens"
	MayLoosen = "may loosen"
	Tightens  = "tightens"
	Neither   = "neither"
)

// LimitDetail is one thing that differs of a limit.
type LimitDetail struct {
	// Effect is loosens, may loosen, tightens or neither.
	Effect string `json:"effect"`
	// What differs: "enforcement deny → warn".
	What string `json:"what"`
	// LogicalClusters for which it does now, by key.
	LogicalClusters []string `json:"logicalClusters,omitempty"`
}

// Judgement is what a policy newly says of a logical cluster.
type Judgement struct {
	LogicalCluster string `json:"logicalCluster"`
	// Policy with its directory.
	Policy string `json:"policy"`
	// Passes: it broke the policy before the change and does no longer; else it breaks
	// it since the change.
	Passes bool `json:"passes"`
	// Enforcement of the policy: deny, warn or audit.
	Enforcement string `json:"enforcement"`
	// Message of the rule that is, or was, broken.
	Message string  `json:"message"`
	Causes  []Cause `json:"causes,omitempty"`
}
