package change

// What happens to a logical cluster. The first that applies is told.
const (
	Appears = "appears"
	// Vanishes: its document went without being declared deleted. It is held.
	Vanishes = "vanishes"
	// Deleted: its document declares it deleted.
	Deleted = "deleted"
	// Freed: it is declared deleted, and its objects lose their protection.
	Freed = "freed"
	// Kept: it is declared deleted, and a hold keeps it.
	Kept = "kept"
	// Goes: it was declared deleted, or never placed, and nothing remains of it.
	Goes = "goes"
	// Moves to another physical cluster.
	Moves = "moves"
	// Released: the copy that a move left behind is given up.
	Released = "released"
	// Restored: a deletion or a release is taken back.
	Restored = "restored"
	Renamed  = "renamed"
	Changes  = "changes"
)

// Actions in the order in which they are told, the gravest first.
var Actions = []string{Vanishes, Deleted, Freed, Goes, Moves, Released, Kept, Restored, Appears, Renamed, Changes}

// LogicalClusters are those to which the same happens for the same reason.
type LogicalClusters struct {
	Action string   `json:"action"`
	Keys   []string `json:"keys"`
	// Formerly is the key of the side before, where it differs.
	Formerly string `json:"formerly,omitempty"`
	// From and To are physical clusters; each is empty where there is none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Data says what becomes of its data, where that is in question.
	Data string `json:"data,omitempty"`
	// FromOrganization and ToOrganization are those between which it is handed over; empty
	// where it stays in one.
	FromOrganization string `json:"fromOrganization,omitempty"`
	ToOrganization   string `json:"toOrganization,omitempty"`
	// ReachedBy are those who have access to what is handed over.
	ReachedBy []Reached `json:"reachedBy,omitempty"`
	// Fields of the effective logical cluster, everything inherited included.
	Fields []Field `json:"fields,omitempty"`
	Causes []Cause `json:"causes,omitempty"`
}

// Reached is who has access to the data of a logical cluster.
type Reached struct {
	Subject string   `json:"subject"`
	Roles   []string `json:"roles"`
}
