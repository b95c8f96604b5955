package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

// patternHelp says what checkPattern accepts, for the help of commands.
const patternHelp = `an organization with all below it
("acme"), one logical cluster ("acme/payments/prod"), or a pattern, in which *
stands for one name or a part of it and ** for any number of them
("acme/*/prod", "**/prod")`

// checkPattern refuses what under could not read.
func checkPattern(what, pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%s: %q is not a pattern such as acme/*/prod", what, pattern)
	}
	return nil
}

// under reports whether a key is the path, lies below it, or matches it as a
// pattern.
func under(key, want string) bool {
	if strings.ContainsAny(want, `*?[\`) {
		return matchNames(strings.Split(key, "/"), strings.Split(want, "/"))
	}
	return key == want || strings.HasPrefix(key, want+"/")
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

// selected returns the logical clusters that lie under a pattern, all of them if
// it is empty. That there are none is an error.
func selected(r *compiler.Result, pattern string) ([]*tenancy.LogicalCluster, error) {
	lcs := r.Tenancy.LogicalClusters
	if pattern != "" {
		lcs = slices.DeleteFunc(slices.Clone(lcs), func(lc *tenancy.LogicalCluster) bool { return !under(lc.Key, pattern) })
	}
	if len(lcs) > 0 {
		return lcs, nil
	}
	var keys []string
	for _, lc := range r.Tenancy.LogicalClusters {
		keys = append(keys, lc.Key)
	}
	if hint := diag.DidYouMean(pattern, keys); hint != "" {
		return nil, fmt.Errorf("there is no logical cluster %s; %s", pattern, hint)
	}
	return nil, fmt.Errorf("there is no logical cluster %s", pattern)
}
