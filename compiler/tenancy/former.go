package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
)

// FormerKeys returns the keys that a logical cluster had under its own former
// names and those of the organizations above it, sorted. formerly returns the
// former paths of an organization.
func FormerKeys(key string, own []string, formerly func(organization string) []string) []string {
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
