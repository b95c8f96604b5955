package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Platform returns the API versions that made a ClusterRole or an API gate, and
// how many logical clusters use it. Objects of other names have none.
func Platform(t *tenancy.Tenancy, states []expand.State, name string) (values []tenancy.Value, users int) {
	for i := range states {
		s := &states[i]
		if s.Gate != name && s.Roles.View != name && s.Roles.Edit != name && s.Roles.Admin != name {
			continue
		}
		users++
		lc := t.LogicalCluster(s.Key)
		if lc == nil {
			continue
		}
		for _, b := range lc.APIs {
			set := b.Version.Set
			step := tenancy.Step{Origin: tenancy.Origin{From: "API set " + set.Name, Pos: set.At("versions", b.Version.Name)},
				Text: resources(len(b.Version.Resources)), Effect: tenancy.Sets}
			v := tenancy.Value{Field: "apis." + set.Name, Text: b.Version.String(), Steps: []tenancy.Step{step}}
			if !slices.ContainsFunc(values, func(w tenancy.Value) bool { return w.Text == v.Text && w.Steps[0] == v.Steps[0] }) {
				values = append(values, v)
			}
		}
	}
	slices.SortFunc(values, func(a, b tenancy.Value) int { return strings.Compare(a.Text, b.Text) })
	return values, users
}

func resources(n int) string {
	if n == 1 {
		return "1 resource"
	}
	return fmt.Sprintf("%d resources", n)
}

// Shared reports whether the object is the platform's own and is not named after
// the content of API sets.
func (o *Rendered) Shared() bool {
	if o.text("metadata", "labels", expand.LabelManagedBy) != expand.ManagedBy || o.text("metadata", "labels", expand.LabelLogicalCluster) != "" {
		return false
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(o.Name, expand.ReservedPrefix), "-")
	return !slices.Contains([]string{"view", "edit", "admin", "apis"}, kind)
}
