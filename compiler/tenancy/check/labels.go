package check

import (
	"maps"
	"path"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// ownLabels checks the labels of a logical cluster's own document.
func (c *checker) ownLabels(lc *subject, out *tenancy.Findings) {
	if len(c.t.Settings.Labels) == 0 || len(lc.Spec.Labels) == 0 {
		return
	}
	c.labelOwners(&lc.Meta, lc.Spec.Labels, false, out)
	refused := c.labelValues(&lc.Meta, lc.Spec.Labels, out)
	if !lc.Held || len(refused) == 0 {
		return
	}
	inherited := tenancy.MergeLabels(lc.Org.Labels, lc.Class.Spec.Labels)
	labels := maps.Clone(lc.Labels)
	for _, key := range refused {
		delete(labels, key)
		if value, ok := inherited[key]; ok {
			labels[key] = value
		}
	}
	lc.narrow().Labels = labels
}

// labelOwners checks who set each label of a document: its value must be one that
// patterns which may set it give by themselves.
func (c *checker) labelOwners(m *document.Meta, labels map[string]string, organization bool, out *tenancy.Findings) {
	if m.Held {
		return // its values are those that were allowed; where they came from is no longer known
	}
	for _, key := range c.ruledLabels {
		rule := c.t.Settings.Labels[key]
		if _, ok := labels[key]; !ok || rule.Owner == schema.OwnerTeam || rule.Owner == schema.OwnerOrganization && organization {
			continue
		}
		pos := m.At("labels", key)
		if seemsGiven(m, key, rule.Owner) && c.LabelsGiven != nil && c.LabelsGiven(m, patternDir(m, rule.Owner))[key] == labels[key] {
			continue
		}
		who := "the platform sets it, in classes and in patterns outside orgs/"
		if rule.Owner == schema.OwnerOrganization {
			who = "organizations set it, in their own documents and in patterns of directories above " + m.Dir
		}
		out.Fault(m, diag.New(diag.LabelOwned, pos, "label %s is not this document's to set: %s", key, who).
			See(c.t.Settings.At("labels", key), "its owner is named here").Suggest("leave it out"), "the label stays")
	}
}

// seemsGiven reports whether a label's value stands in a file whose patterns may
// set it, or may do so. It may still be the document that chose it, by a reference.
func seemsGiven(m *document.Meta, key string, owner schema.LabelOwner) bool {
	pos, known := m.Stands("labels", key)
	dir := path.Dir(pos.File)
	return !known || !document.InOrganizations(dir) || owner == schema.OwnerOrganization && m.Dir != dir && document.Within(m.Dir, dir)
}

// patternDir returns the directory whose patterns, with those above, may set a
// label of the owner; empty for the root.
func patternDir(m *document.Meta, owner schema.LabelOwner) string {
	if dir := path.Dir(m.Dir); owner == schema.OwnerOrganization && dir != "." {
		return dir
	}
	return ""
}

// Given is a question to the loader: which labels do the patterns of a directory,
// and of those above it, give a document by themselves?
type Given struct {
	Document *document.Meta
	Dir      string
}

// GivenLabels returns the questions that LabelsGiven of an Input answers.
func GivenLabels(t *tenancy.Tenancy) []Given {
	owners := map[string]schema.LabelOwner{} // of labels that not every team may set
	for key, rule := range t.Settings.Labels {
		if rule.Owner != schema.OwnerTeam {
			owners[key] = rule.Owner
		}
	}
	if len(owners) == 0 {
		return nil
	}
	ask := func(list *[]Given, m *document.Meta, labels map[string]string, organization bool) {
		if m.Held || len(labels) == 0 {
			return
		}
		for key, owner := range owners {
			if _, ok := labels[key]; !ok || owner == schema.OwnerOrganization && organization {
				continue
			}
			if seemsGiven(m, key, owner) {
				*list = append(*list, Given{m, patternDir(m, owner)})
			}
		}
	}
	var list []Given
	for _, o := range t.Organizations {
		ask(&list, &o.Meta, o.Spec.Labels, true)
	}
	return append(list, parallel.Gather(len(t.LogicalClusters), func(i int, out *[]Given) {
		lc := t.LogicalClusters[i]
		ask(out, &lc.Meta, lc.Spec.Labels, false)
	})...)
}

// labelValues checks labels against the lists of settings.labels and returns
// the keys with a value that is not allowed.
func (c *checker) labelValues(m *document.Meta, labels map[string]string, out *tenancy.Findings) (refused []string) {
	for _, key := range c.ruledLabels {
		rule := c.t.Settings.Labels[key]
		if _, ok := labels[key]; !ok || rule.Values == nil || slices.Contains(rule.Values, labels[key]) {
			continue
		}
		refused = append(refused, key)
		out.Fault(m, diag.New(diag.LabelValueRefused, m.At("labels", key), "label %s can't be %q", key, labels[key]).
			See(c.t.Settings.At("labels", key, "values"), "its values stand here").SuggestName(labels[key], rule.Values), "the label falls away")
	}
	return refused
}

func (c *checker) labelCount(m *document.Meta, labels map[string]string, out *tenancy.Findings) {
	if len(labels) > maxLabels && c.History.Changed(m) {
		out.Fault(m, diag.New(diag.TooManyObjects, m.At("labels"), "%s has %d labels; the most is %d", m.Key, len(labels), maxLabels), "they stay")
	}
}
