package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/diag"
)

// Action is what somebody may do: a verb on a resource, which may be a subresource.
type Action struct{ Verb, Group, Resource string }

// ParseAction reads a verb, and a resource as kubectl writes it. What seems misspelt is
// refused: the answer "nobody" to a question that was not meant would be worse than none.
func ParseAction(verb, resource string, platforms []desired.Platform) (Action, error) {
	k := knownIn(platforms)
	if !k.verbs[verb] {
		known := slices.Sorted(maps.Keys(k.verbs))
		if hint := diag.DidYouMean(verb, known); hint != "" {
			return Action{}, fmt.Errorf("there is no verb %s; %s", verb, hint)
		}
		return Action{}, fmt.Errorf("there is no verb %s; there are %s", verb, strings.Join(known, ", "))
	}
	name, sub, hasSub := strings.Cut(resource, "/")
	if hasSub {
		sub = "/" + sub
	}
	base, group, qualified := strings.Cut(name, ".")
	if !qualified {
		var err error
		if group, err = k.group(base); err != nil {
			return Action{}, err
		}
	}
	if !k.groups[base][group] {
		if hint := diag.DidYouMean(name, k.resources()); hint != "" {
			return Action{}, fmt.Errorf("no logical cluster binds a resource %s; %s", name, hint)
		}
	}
	return Action{verb, group, base + sub}, nil
}

// vocabulary is what actions can be made of.
type vocabulary struct {
	verbs map[string]bool
	// groups are the API groups of a resource, by its name without a subresource.
	groups map[string]map[string]bool
}

// knownIn returns what the roles of platforms speak of, and the verbs that Kubernetes
// knows.
func knownIn(platforms []desired.Platform) vocabulary {
	k := vocabulary{map[string]bool{"impersonate": true, "escalate": true, "bind": true}, map[string]map[string]bool{}}
	for _, v := range Verbs() {
		k.verbs[v] = true
	}
	for i := range platforms {
		for _, role := range platforms[i].Roles {
			for j := range role.Rules {
				k.add(&role.Rules[j])
			}
		}
	}
	return k
}

func (k vocabulary) add(rule *desired.Rule) {
	for _, v := range rule.Verbs {
		k.verbs[v] = true
	}
	for _, res := range rule.Resources {
		base, _, _ := strings.Cut(res, "/")
		if k.groups[base] == nil {
			k.groups[base] = map[string]bool{}
		}
		for _, g := range rule.Groups {
			k.groups[base][g] = true
		}
	}
}

// group returns the API group of a resource that is named without one: the core group,
// or the only one that has it.
func (k vocabulary) group(base string) (string, error) {
	in := slices.Sorted(maps.Keys(k.groups[base]))
	switch {
	case len(in) == 0 || in[0] == "":
		return "", nil
	case len(in) == 1:
		return in[0], nil
	}
	for i, group := range in {
		in[i] = base + "." + group
	}
	return "", fmt.Errorf("%s is a resource of several groups: %s", base, strings.Join(in, ", "))
}

// resources returns the names of all resources, with and without their groups.
func (k vocabulary) resources() []string {
	var names []string
	for base, in := range k.groups {
		for group := range in {
			names = append(names, base, resourceName(group, base))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
