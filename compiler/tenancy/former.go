package tenancy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// ClaimedKeys returns the keys that a logical cluster, or the paths that an organization,
// says it had before, under its own former names and those of the organizations above it,
// sorted. formerly returns the former paths of an organization.
func ClaimedKeys(key string, own []string, formerly func(organization string) []string) []string {
	out := append([]string{key}, own...)
	for path := range schema.Key(key).Organization().Up() {
		for _, former := range formerly(string(path)) {
			for _, k := range out {
				if rest, ok := strings.CutPrefix(k, string(path)+"/"); ok {
					out = append(out, former+"/"+rest)
				}
			}
		}
	}
	out = slices.DeleteFunc(out, func(k string) bool { return k == key })
	slices.Sort(out)
	return slices.Compact(out)
}

// Organizations looks up what is declared of an organization today; nil where nothing is.
type Organizations func(path string) *document.Document[schema.Organization]

// OrganizationsOf looks organizations up in documents.
func OrganizationsOf(d *document.Documents) Organizations {
	return func(path string) *document.Document[schema.Organization] {
		i, ok := slices.BinarySearchFunc(d.Organizations, path, func(o *document.Document[schema.Organization], path string) int { return cmp.Compare(o.Key, path) })
		if !ok {
			return nil
		}
		return d.Organizations[i]
	}
}

// formerly returns the former paths of an organization.
func (find Organizations) formerly(path string) []string {
	if o := find(path); o != nil {
		return o.Spec.Formerly
	}
	return nil
}

// FormerKeys returns the keys that a logical cluster says it had before and that it may
// take over, sorted: those of its own organization, and those that another gives to it.
func (find Organizations) FormerKeys(key string, own []string) []string {
	return slices.DeleteFunc(ClaimedKeys(key, own, find.formerly), func(former string) bool { return !find.Gives(former, key) })
}

// Gives reports whether a logical cluster may take over what stands under a former key: it
// is of the same organization, or that organization or one above it says so, in a document
// that is free of errors. An organization that is not there any more gives nothing.
func (find Organizations) Gives(former, key string) bool {
	giver := find.Of(former)
	if giver == "" || giver == find.Of(key) {
		return giver != ""
	}
	for path := range schema.OrgPath(giver).Up() {
		o := find(string(path))
		if o == nil || o.Held {
			continue
		}
		if name, ok := strings.CutPrefix(former, string(path)+"/"); ok && o.Spec.MovesTo[name] == key {
			return true
		}
	}
	return false
}

// Of returns the organization that a key belongs to: the longest declared path that it
// begins with; empty where there is none.
func (find Organizations) Of(key string) string {
	for path := range schema.Key(key).Organization().Up() {
		if find(string(path)) != nil {
			return string(path)
		}
	}
	return ""
}
