package change

// What happens to an implicit document, beside Added, Changed and Removed.
const (
	// Grows: what it gives and whom it picks is as it was; logical clusters newly
	// match, or no longer do.
	Grows = "grows"
	// Proposed: it differs from what its lock accepted, and nobody gets anything else
	// until that is accepted.
	Proposed = "proposed"
)

// Implicit is an implicit document that gives something else, or gives it to
// others.
type Implicit struct {
	// Change is added, changed, removed, grows, or proposed.
	Change string `json:"change"`
	// Name of the document with its directory: orgs/acme/implicit/auditors.
	Name string `json:"name"`
	// Content: what it gives differs. Selector: whom it picks does.
	Content  bool `json:"content"`
	Selector bool `json:"selector"`
	// Lock says how the document stands to its lock after the change: accepted,
	// unlocked, new, changed, gone or damaged.
	Lock string `json:"lock"`
	// Organizations are the logical clusters that it reaches otherwise than before,
	// by their organizations; of what is proposed, those that accepting it would.
	Organizations []ImplicitReach `json:"organizations"`
	Causes        []Cause         `json:"causes,omitempty"`
}

// ImplicitReach are logical clusters of one organization, by key.
type ImplicitReach struct {
	Organization string `json:"organization"`
	// Gain newly get objects of the document, Lose lose all that they had of it, and
	// Alter get others.
	Gain  []string `json:"gain,omitempty"`
	Lose  []string `json:"lose,omitempty"`
	Alter []string `json:"alter,omitempty"`
}
