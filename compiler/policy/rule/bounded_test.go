package rule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// writer writes rules that compile, of any shape.
type writer struct{ *rand.Rand }

func (w writer) text(depth int) string {
	switch w.IntN(9) {
	case 0:
		return fmt.Sprintf("'%s'", strings.Repeat("a", w.IntN(4)))
	case 1:
		return "logicalCluster.labels['env']"
	case 2:
		return "logicalCluster.labels[?'env'].orValue('')"
	case 3:
		return "class.name"
	case 4:
		return "params.name"
	case 5:
		return "variables.both"
	case 6:
		if depth > 0 {
			return "(" + w.text(depth-1) + " + " + w.text(depth-1) + ")"
		}
	case 7:
		return "logicalCluster.namespaces[0]"
	}
	return "logicalCluster.name"
}

func (w writer) loop(depth int, list, of string) string {
	body := []string{"x == %s", "x.startsWith(%s)", "%s.endsWith(x)", "x.contains(%s)", "x.matches(%s)", "x < %s", "size(x) > size(%s)"}[w.IntN(7)]
	body = fmt.Sprintf(strings.ReplaceAll(body, "x", "x"+of), w.text(0))
	if depth > 0 && w.IntN(2) == 0 {
		body += []string{" && ", " || "}[w.IntN(2)] + w.rule(depth-1)
	}
	return fmt.Sprintf("%s.%s(x, %s)", list, []string{"all", "exists", "exists_one"}[w.IntN(3)], body)
}

func (w writer) rule(depth int) string {
	switch w.IntN(12) {
	case 0:
		return w.loop(depth, "logicalCluster.namespaces", "")
	case 1:
		return w.loop(depth, "logicalCluster.access", ".name")
	case 2:
		return w.loop(depth, "siblings", ".name")
	case 3:
		return w.loop(depth, "logicalCluster.labels", "")
	case 4:
		return "size(siblings.filter(x, x.name == " + w.text(0) + ").map(x, x.class)) < 3"
	case 5:
		return "logicalCluster.quota['cpu'].isLessThan(quantity('2'))"
	case 6:
		return w.text(1) + " in logicalCluster.namespaces"
	case 7:
		return "has(logicalCluster.source.repo) && logicalCluster.source.repo.matches(" + w.text(0) + ")"
	case 8:
		return "logicalCluster.labels == organization.labels"
	case 9:
		if depth > 0 {
			return "(" + w.rule(depth-1) + " ? " + w.rule(depth-1) + " : !(" + w.rule(depth-1) + "))"
		}
	case 10:
		if depth > 0 {
			return "(" + w.rule(depth-1) + []string{" && ", " || "}[w.IntN(2)] + w.rule(depth-1) + ")"
		}
	}
	return w.text(2) + []string{" == ", " != ", " < "}[w.IntN(3)] + w.text(2)
}

// TestUncounted: an expression that is run without counting its costs says what it
// says with them, and costs less than the API server's limit, whatever is given to it
// that is bounded.
func TestUncounted(t *testing.T) {
	params := apiservercel.NewObjectType("tenantry.Parameters", map[string]*apiservercel.DeclField{"name": apiservercel.NewDeclField("name", apiservercel.StringType, true, nil, nil)})
	env, err := rule.NewEnvironment(rule.Latest, append(slices.Clone(facts.Acquire), rule.Variable{Name: rule.Params, Type: params}))
	if err != nil {
		t.Fatal(err)
	}
	env.Given = append(slices.Clone(facts.Acquire), rule.Variable{Name: rule.Params, Type: params})
	w := writer{rand.New(rand.NewPCG(3, 4))}
	given := func(elements, size int) map[string]any {
		word := func() string {
			if w.IntN(3) > 0 {
				return strings.Repeat("a", w.IntN(4))
			}
			return strings.Repeat(string("ab"[w.IntN(2)]), w.IntN(size+1))
		}
		labels := map[string]string{"env": word()}
		for i := range w.IntN(elements) {
			labels[fmt.Sprint(i)] = word()
		}
		q := resource.MustParse("1500m")
		cluster := func() map[string]any {
			access, namespaces := []any{}, []string{}
			for range w.IntN(elements) {
				access, namespaces = append(access, map[string]any{"name": word()}), append(namespaces, word())
			}
			return map[string]any{"key": word(), "name": word(), "class": word(), "labels": labels, "quota": map[string]any{"cpu": apiservercel.Quantity{Quantity: &q}},
				"access": access, "namespaces": namespaces, "source": map[string]any{"repo": word()}}
		}
		siblings := []any{}
		for range w.IntN(elements) {
			siblings = append(siblings, cluster())
		}
		return map[string]any{"logicalCluster": cluster(), "siblings": siblings, "ancestors": []any{},
			"class": map[string]any{"name": word()}, "organization": map[string]any{"labels": labels}}
	}
	uncounted, counted, exceeded := 0, 0, 0
	for i := range 600 {
		expression := w.rule(2)
		p, problems := rule.Compile(&schema.RuleSet{
			Variables: []schema.Expression{{Name: "both", Expression: "logicalCluster.name + class.name"}},
			Rules:     []schema.Rule{{Expression: expression, MessageExpression: "'not ' + logicalCluster.name"}},
		}, env, nil)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", expression, problems)
		}
		params := map[string]any{"name": strings.Repeat("a", w.IntN(rule.BoundedText))}
		for _, size := range [][2]int{{3, 3}, {3, rule.BoundedText}, {40, 20}} {
			given := given(size[0], size[1])
			if !rule.Bounded(given) {
				t.Fatal("it is to be bounded")
			}
			want := p.Broken(given, params, false)
			if got := p.Broken(given, params, true); !slices.Equal(got, want) {
				t.Fatalf("%s of %v: %q, want %q", expression, given, got, want)
			}
			cost, free, _ := p.Cost(given, params)
			switch {
			case !free:
				counted++
			case cost > celconfig.PerCallLimit:
				t.Fatalf("%s costs %d", expression, cost)
			default:
				uncounted++
			}
		}
		if i%4 > 0 {
			continue
		}
		// What is not bounded is counted, and may reach the limit.
		huge := given(2, 3)
		huge["logicalCluster"].(map[string]any)["namespaces"] = slices.Repeat([]string{strings.Repeat("a", 40000)}, 300)
		if rule.Bounded(huge) {
			t.Fatal("it is not to be bounded")
		}
		if out := p.Broken(huge, params, rule.Bounded(huge)); out != nil && strings.Contains(out[0], "cost limit exceeded") {
			exceeded++
		}
	}
	if uncounted < 600 || counted < 200 || exceeded < 3 {
		t.Errorf("%d uncounted, %d counted, %d beyond the limit: the test shows too little", uncounted, counted, exceeded)
	}
}

// TestEdgeOfBounds: no value at the edge of what is bounded costs more than is
// estimated.
func TestEdgeOfBounds(t *testing.T) {
	env, err := rule.NewEnvironment(rule.Latest, facts.Acquire)
	if err != nil {
		t.Fatal(err)
	}
	env.Given = facts.Acquire
	full := strings.Repeat("a", rule.BoundedText)
	names := slices.Repeat([]string{full}, rule.BoundedElements)
	access := slices.Repeat([]any{map[string]any{"name": full, "role": full}}, rule.BoundedElements)
	labels := map[string]string{}
	for i := range rule.BoundedElements {
		labels[fmt.Sprintf("%s%03d", full[3:], i)] = full
	}
	q := resource.MustParse("1")
	given := map[string]any{"logicalCluster": map[string]any{"name": full, "key": full, "namespaces": names, "access": access, "labels": labels,
		"quota": map[string]any{"cpu": apiservercel.Quantity{Quantity: &q}}, "regions": names, "apis": labels},
		"class": map[string]any{"name": full, "labels": labels}, "organization": map[string]any{"path": full, "labels": labels}}
	if !rule.Bounded(given) {
		t.Fatal("it is to be bounded")
	}
	for expression, free := range map[string]bool{
		"logicalCluster.name.startsWith('a') && logicalCluster.name.endsWith('a')":                         true,
		"logicalCluster.name.matches('^a+$')":                                                              true,
		"logicalCluster.name.contains(class.name)":                                                         true,
		"logicalCluster.namespaces.all(n, n.startsWith('a'))":                                              true,
		"logicalCluster.namespaces.all(n, n == class.name)":                                                true,
		"logicalCluster.access.all(a, a.name != 'b' && a.role == a.name)":                                  true,
		"logicalCluster.labels.all(k, k == logicalCluster.labels[k] || k != class.labels[?k].orValue(''))": true,
		"logicalCluster.namespaces.all(n, logicalCluster.regions.exists(r, r == n))":                       false,
		"logicalCluster.access.map(a, a.name).all(n, n == class.name)":                                     true,
		"logicalCluster.regions.filter(r, r in logicalCluster.namespaces).size() > 0":                      true,
		"logicalCluster.quota.all(k, !logicalCluster.quota[k].isGreaterThan(quantity('100')))":             true,
		"class.name.split('a').size() > 2":                                                                 false, // it is not known to be estimated well
	} {
		p, problems := rule.Compile(&schema.RuleSet{Rules: []schema.Rule{{Expression: expression}}}, env, nil)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", expression, problems)
		}
		cost, got, err := p.Cost(given, nil)
		if got != free {
			t.Errorf("%s: uncounted is %v, want %v", expression, got, free)
		}
		if free && (err != nil || cost > celconfig.PerCallLimit/2) {
			t.Errorf("%s costs %d: %v", expression, cost, err)
		}
	}
}
