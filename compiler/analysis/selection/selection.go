// Package selection tells which logical clusters somebody asks about: an organization
// with all below it, one logical cluster, or a pattern.
package selection

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Help says what Check accepts, for the help of commands.
const Help = `an organization with all below it
("acme"), one logical cluster ("acme/payments/prod"), or a pattern, in which *
stands for one name or a part of it and ** for any number of them
("acme/*/prod", "**/prod")`

// Check refuses what Under could not read.
func Check(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is not a pattern such as acme/*/prod", pattern)
	}
	return nil
}

// Under reports whether a key is the path, lies below it, or matches it as a pattern.
func Under(key, want string) bool {
	if strings.ContainsAny(want, `*?[\`) {
		return matchNames(strings.Split(key, "/"), strings.Split(want, "/"))
	}
	return schema.OrgPath(want).Contains(key)
}

func matchNames(names, pattern []string) bool {
	for i, p := range pattern {
		if p == "**" {
			for n := i; n <= len(names); n++ {
				if matchNames(names[n:], pattern[i+1:]) {
					return true
				}
			}
			return false
		}
		if i == len(names) {
			return false
		}
		if ok, err := path.Match(p, names[i]); err != nil || !ok {
			return false
		}
	}
	return len(names) == len(pattern)
}

// LogicalClusters returns the logical clusters that lie under a pattern, all of them if
// it is empty. That there are none is an error.
func LogicalClusters(t *tenancy.Tenancy, pattern string) ([]*tenancy.LogicalCluster, error) {
	lcs := t.LogicalClusters
	if pattern != "" {
		lcs = slices.DeleteFunc(slices.Clone(lcs), func(lc *tenancy.LogicalCluster) bool { return !Under(lc.Key, pattern) })
	}
	if len(lcs) > 0 {
		return lcs, nil
	}
	return nil, fmt.Errorf("there is no logical cluster %s%s", pattern, diag.Hint(pattern, keys(t)))
}

// Missing is the error for a key that no logical cluster has.
func Missing(t *tenancy.Tenancy, key string) error {
	return fmt.Errorf("there is no logical cluster %q%s", key, diag.Hint(key, keys(t)))
}

func keys(t *tenancy.Tenancy) []string {
	var out []string
	for _, lc := range t.LogicalClusters {
		out = append(out, lc.Key)
	}
	return out
}
