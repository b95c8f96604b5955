// Package impact says what changes in the APIs of a tenancy, and for whom: it
// joins the comparison of definitions with the logical clusters that bind them,
// and with where these stand.
//
// A logical cluster meets a change in one of three ways: the version that it
// binds is edited, the channel that it follows moves, or it binds another version
// itself. Who does not bind an API is not reached, whatever happens to it.
package impact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Side is a compiled tenancy.
type Side struct {
	Tenancy *tenancy.Tenancy
	// Sites say where each logical cluster stands, by key.
	Sites map[string]*pins.LogicalCluster
}

// What happens to an API set.
const (
	// Added: a version is new.
	Added = "added"
	// Removed: a version is gone, or can't be bound any more.
	Removed = "removed"
	// Edited: a version gives something else than before under the same name.
	Edited = "edited"
	// Moved: a channel names another version.
	Moved = "moved"
	// Rebound: logical clusters, or what they inherit from, ask for another version
	// or for none.
	Rebound = "rebound"
)

var kinds = []string{Removed, Edited, Moved, Rebound, Added}

// Change is what happens to one version or channel of an API set.
type Change struct {
	Kind string `json:"kind,omitempty"`
	Set  string `json:"set"`
	// Dir is the directory of a set that is declared inside orgs/, and seen below it
	// only.
	Dir     string `json:"dir,omitempty"`
	Channel string `json:"channel,omitempty"`
	// From and To are versions; one of them is empty where there was or is none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Position is where the version or the channel stands now, or stood.
	Position diag.Position `json:"position,omitzero"`
	// Report is under the promise of the set.
	evolution.Report
	// Reached are the logical clusters that meet the change, by key.
	Reached []Reached `json:"logicalClusters"`

	// Old and New are what was compared; one of them may be nil.
	Old *API `json:"-"`
	New *API `json:"-"`
}

// Reached is a logical cluster that meets a change.
type Reached struct {
	Key          string `json:"key"`
	Organization string `json:"organization"`
	// Clusters are the physical clusters on which it stands; none while it is not
	// placed.
	Clusters []string `json:"clusters"`
	// Requested is what it asks for, or asked for: a channel or a version.
	Requested string `json:"requested"`
	// Position is where that stands.
	Position diag.Position `json:"position,omitzero"`
}

// Between compares two versions for those who bind the first.
func Between(s Side, old, new *tenancy.APIVersion, c *Comparer) Change {
	out := Change{Set: old.Set.Name, Dir: dirOf(old.Set), From: old.Name, To: new.Name, Position: new.Set.At("versions", new.Name), Old: Of(old), New: Of(new)}
	out.Report = evolution.NewReport(c.Changes(out.Old, out.New), new.Set.Spec.Promise)
	for _, lc := range s.Tenancy.LogicalClusters {
		for _, b := range lc.APIs {
			if b.Version == old && lc.State != schema.Deleted {
				out.Reached = append(out.Reached, reached(s, lc, b))
			}
		}
	}
	return out.whole()
}

// Compare returns what changed from one side to the other: the API sets
// themselves, whoever binds them, and what logical clusters bind.
func Compare(before, after Side, c *Comparer) []Change {
	d := &difference{before: before, after: after, comparer: c, changes: map[changeID]*Change{}}
	d.sets()
	d.bindings()
	out := make([]Change, 0, len(d.changes))
	for _, change := range d.changes {
		out = append(out, change.whole())
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Set, b.Set), strings.Compare(a.Dir, b.Dir), cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			strings.Compare(a.Channel, b.Channel), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return out
}

func (c *Change) whole() Change {
	if c.Reached == nil {
		c.Reached = []Reached{} // readers may iterate without asking
	}
	slices.SortFunc(c.Reached, func(a, b Reached) int { return strings.Compare(a.Key, b.Key) })
	return *c
}

// dirOf returns what tells sets of one name apart.
func dirOf(set *tenancy.APISet) string {
	if document.InOrganizations(set.Dir) {
		return set.Dir
	}
	return ""
}

func reached(s Side, lc *tenancy.LogicalCluster, b tenancy.Binding) Reached {
	out := Reached{Key: lc.Key, Organization: lc.Org.Path, Clusters: []string{}, Requested: b.Requested, Position: b.Pos}
	if pin := s.Sites[lc.Key]; pin != nil {
		for _, site := range append([]pins.Site{pin.Site}, pin.Left...) {
			if site.Phase != pins.Gone {
				out.Clusters = append(out.Clusters, site.Cluster)
			}
		}
	}
	return out
}
