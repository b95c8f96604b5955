package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Platform returns the API versions that made a ClusterRole or an API gate, and
// how many logical clusters use it. Objects of other names have none.
func Platform(t *tenancy.Tenancy, states []desired.State, name string) (values []tenancy.Value, users int) {
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

// PolicyObject returns the policies that made an admission policy or its binding, or
// the label of a Namespace that puts it into force; and how many logical clusters it
// holds for.
func PolicyObject(t *tenancy.Tenancy, states []desired.State, policies *policy.Policies, name string) (values []tenancy.Value, users int) {
	_, admission, _ := strings.Cut(name, desired.ReservedPrefix+"policy-")
	_, transform, _ := strings.Cut(name, desired.ReservedPrefix+"transform-")
	for i := range states {
		lc := t.LogicalCluster(states[i].Key)
		if lc == nil {
			continue
		}
		made := madeBy(policies, lc, admission, transform)
		if len(made) > 0 {
			users++
		}
		for _, v := range Policies(made) {
			if !slices.ContainsFunc(values, func(w tenancy.Value) bool { return w.Field == v.Field }) {
				values = append(values, v)
			}
		}
	}
	return values, users
}

// madeBy returns the policies in effect for a logical cluster that an admission policy
// of one of these IDs was made from.
func madeBy(policies *policy.Policies, lc *tenancy.LogicalCluster, admission, transform string) (out []policy.Effective) {
	steps := map[*policy.Policy]bool{}
	for _, one := range policies.Transforms(lc) {
		for _, step := range one.Steps {
			if one.ID == transform {
				p, _ := policies.MutatedBy(step)
				steps[p] = true
			}
		}
	}
	for _, e := range policies.Of(lc) {
		if e.Exemption == nil && (e.Admission != nil && e.Admission.ID == admission || steps[e.Policy]) {
			out = append(out, e)
		}
	}
	return out
}

// OfLabel returns the policies that gave a Namespace of the logical cluster a label,
// none where it is no label of a policy.
func OfLabel(policies *policy.Policies, lc *tenancy.LogicalCluster, key string) []tenancy.Value {
	if id, ok := strings.CutPrefix(key, desired.PrefixPolicy); ok {
		return Policies(madeBy(policies, lc, id, ""))
	}
	if id, ok := strings.CutPrefix(key, desired.PrefixTransform); ok {
		return Policies(madeBy(policies, lc, "", id))
	}
	return nil
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
	if o.text("metadata", "labels", desired.LabelManagedBy) != desired.ManagedBy || o.text("metadata", "labels", desired.LabelLogicalCluster) != "" {
		return false
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(o.Name, desired.ReservedPrefix), "-")
	return !slices.Contains([]string{"view", "edit", "admin", "apis"}, kind)
}
