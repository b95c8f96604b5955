package policy

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

func itoa(i int) string { return strconv.Itoa(i) }

// environmentKey tells apart the environments of one run.
type environmentKey struct {
	minor          int
	object, params *apiservercel.DeclType // object is nil where there are no writes
	evolve         bool
}

func (c *compiler) environment(key environmentKey) (*rule.Environment, error) {
	if e := c.environments[key]; e != nil {
		return e, nil
	}
	var e *rule.Environment
	var err error
	if key.object != nil {
		e, err = rule.NewEnvironment(key.minor, admitVariables(key.object, key.params), authorizerVariables...)
	} else {
		vars := slices.Clone(facts.Acquire)
		if key.evolve {
			vars = slices.Clone(facts.Evolve)
		}
		if key.params != nil {
			vars = append(vars, rule.Variable{Name: rule.Params, Type: key.params})
		}
		if e, err = rule.NewEnvironment(key.minor, vars); e != nil {
			e.Given = vars
		}
	}
	if err != nil {
		return nil, err
	}
	if !c.open[key.object] {
		e.Object = key.object
	}
	if kind, ok := c.kinds[key.object]; ok {
		e.Merged = rule.MergedAs(c.out.schemas.of(kind), kind)
	}
	if c.environments == nil {
		c.environments = map[environmentKey]*rule.Environment{}
	}
	c.environments[key] = e
	return e, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
