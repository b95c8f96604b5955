package facts

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// TestMemo: what is remembered of a policy is what its rules say, whatever they look
// at.
func TestMemo(t *testing.T) {
	env, err := rule.NewEnvironment(rule.Latest, Acquire)
	if err != nil {
		t.Fatal(err)
	}
	expressions := []string{
		"logicalCluster.labels[?'env'].orValue('') == 'a'",
		"logicalCluster.quota['cpu'].isLessThan(quantity('2'))", // fails where there is none
		"'cpu' in logicalCluster.quota && logicalCluster.labels['env'] == 'b'",
		"logicalCluster.labels.all(k, logicalCluster.labels[k] != 'c')",
		"logicalCluster.access.all(a, a.name != class.name)",
		"has(logicalCluster.source.repo) && logicalCluster.source.repo != 'a'",
		"[class].exists(logicalCluster, logicalCluster.name == 'a')",
		"organization.path == 'a' || ancestors.exists(o, o.path == 'a')",
		"variables.both == 'aa'",
		"logicalCluster.key != 'a'",
		"dyn(logicalCluster).name == 'a'",
		"true",
	}
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() string { return string("abc"[r.IntN(3)]) }
	givens := func() map[string]any {
		organization := map[string]any{"path": pick(), "name": "o", "displayName": "", "labels": map[string]string{}, "owners": []string{}, "logicalClusters": 0, "quota": map[string]any{}}
		quota := map[string]any{}
		if r.IntN(3) > 0 {
			q := resource.MustParse([]string{"1", "1500m", "3"}[r.IntN(3)])
			quota["cpu"] = apiservercel.Quantity{Quantity: &q}
		}
		return map[string]any{
			"logicalCluster": map[string]any{"key": pick(), "name": pick(), "labels": map[string]string{"env": pick()}, "quota": quota,
				"access": []any{map[string]any{"kind": "", "namespace": "", "name": pick(), "role": "", "organization": ""}},
				"source": map[string]any{"repo": pick()}},
			"class":        map[string]any{"name": pick(), "description": "", "labels": map[string]string{}},
			"organization": organization, "ancestors": []any{organization}, "siblings": []any{},
		}
	}
	remembered := 0
	for _, expression := range expressions {
		p, problems := rule.Compile(&schema.RuleSet{
			Variables: []schema.Expression{{Name: "both", Expression: "logicalCluster.name + class.name"}},
			Rules:     []schema.Rule{{Expression: expression, MessageExpression: "'not ' + logicalCluster.name"}},
		}, env, nil)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", expression, problems)
		}
		rules := &Rules{Program: p}
		m := NewMemos([]*Rules{rules})
		for range 1000 {
			given := givens()
			want := p.Broken(given, nil, false)
			if got := m.Broken(rules, &Seen{Values: given, bounded: rule.Bounded(given)}); !slices.Equal(got, want) {
				t.Fatalf("%s of %v: %q, want %q", expression, given, got, want)
			}
		}
		remembered += int(m.looks[0].hits.Load())
	}
	if remembered < 1000 {
		t.Errorf("only %d answers were remembered", remembered)
	}
}
