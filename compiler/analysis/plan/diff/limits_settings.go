package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/schema"
)

// settings compares who is exempt from gates, and who may set labels.
func (l *limits) settings() {
	was, is := l.before.Tenancy.Settings, l.after.Tenancy.Settings
	if c := distinct(is.Controllers); !slices.Equal(distinct(was.Controllers), c) {
		effect := change.Loosens
		if contains(was.Controllers, c) {
			effect = change.Tightens
		}
		l.add(limitControllers, "", effect, fmt.Sprintf("exempt from gates: %s → %s", orNone(distinct(was.Controllers)), orNone(c)), l.fieldCauses(schema.KindSettings, "", "", "controllers"))
	}
	for _, key := range slices.Sorted(maps.Keys(merged(was.Labels, is.Labels))) {
		b, ruled := was.Labels[key]
		a, rules := is.Labels[key]
		causes := l.fieldCauses(schema.KindSettings, "", "", "labels")
		owner := func(r schema.LabelRule, declared bool) schema.LabelOwner {
			if !declared {
				return schema.OwnerTeam
			}
			return r.Owner
		}
		if then, now := owner(b, ruled), owner(a, rules); then != now {
			effect := change.Tightens
			if rank := slices.Index(labelOwners, now); rank < 0 || rank < slices.Index(labelOwners, then) {
				effect = change.Loosens
			}
			l.add(limitLabels, key, effect, fmt.Sprintf("owner %s → %s", then, now), causes)
		}
		l.allowed(limitLabels, key, "values", b.Values, a.Values, causes)
	}
}

// clusters compares the taints of physical clusters.
func (l *limits) clusters() {
	for _, is := range l.after.Tenancy.Clusters {
		was := l.before.Tenancy.Cluster(is.Name)
		if was == nil {
			continue
		}
		texts := func(taints []schema.Taint) []string {
			out := []string{}
			for _, t := range taints {
				out = append(out, strings.TrimSuffix(t.Key+"="+t.Value, "="))
			}
			return distinct(out)
		}
		b, a := texts(was.Taints), texts(is.Taints)
		if slices.Equal(b, a) {
			continue
		}
		effect := change.Loosens
		if contains(a, b) {
			effect = change.Tightens
		}
		l.add(limitTaints, is.Name, effect, orNone(b)+" → "+orNone(a), l.fieldCauses(is.Kind, is.Key, "", "taints"))
	}
}
