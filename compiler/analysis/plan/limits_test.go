package plan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

// limited draws a tenancy with limits of every kind.
func limited(t *rapid.T, name string) documents {
	pick := func(what string, values ...any) any { return rapid.SampledFrom(values).Draw(t, name+" "+what) }
	put := func(m map[string]any, key string, v any) {
		if v != nil {
			m[key] = v
		}
	}
	organization := map[string]any{}
	if bound := pick("count", nil, 5, 6); bound != nil {
		organization["ceilings"] = map[string]any{"logicalClusters": bound, "quota": map[string]any{"cpu": pick("cpu", 30, 40)}}
	}
	put(organization, "budget", pick("budget", nil, 5000, 6000))
	if regions := pick("regions", nil, []any{"eu"}, []any{"eu", "us"}); regions != nil {
		organization["offers"] = map[string]any{"regions": regions}
	}
	class := map[string]any{"quota": map[string]any{"cpu": 1}, "apis": map[string]any{"workloads": "v1"}}
	put(class, "podSecurity", pick("level", nil, "privileged", "restricted"))
	put(class, "network", pick("stance", nil, "open", "closed", "organization"))
	resources := map[string]any{"pods": map[string]any{}}
	if pick("services", true, false) == true {
		resources["services"] = map[string]any{}
	}
	acme := map[string]any{}
	clusters := map[string]any{}
	for _, key := range []string{"acme/a", "acme/b"} {
		lc := map[string]any{"class": "standard", "regions": []any{"eu"}, "labels": map[string]any{"env": pick(key+" env", "prod", "test")}}
		put(lc, "state", pick(key+" state", nil, nil, "frozen"))
		clusters[key] = lc
	}
	policies := map[string]any{}
	for _, key := range []string{"owned", "small"} {
		if pick(key, true, true, false) == false {
			continue
		}
		rules := []any{map[string]any{"expression": "logicalCluster.name != 'nobody'"}}
		if pick(key+" rule", true, false) == true {
			rules = append(rules, map[string]any{"expression": "logicalCluster.name != 'somebody'"})
		}
		p := map[string]any{"stage": "acquire", "rules": rules, "enforcement": pick(key+" enforcement", "deny", "warn", "audit")}
		if env := pick(key+" selector", nil, []any{"prod"}, []any{"prod", "test"}); env != nil {
			p["selector"] = map[string]any{"matchExpressions": []any{map[string]any{"key": "env", "operator": "In", "values": env}}}
		}
		policies[key] = p
	}
	if len(policies) > 0 {
		acme["policies"] = policies
		exempt := slices.Sorted(maps.Keys(policies))[0]
		if end := pick("exemption", nil, "2027-01-01", "2027-06-01", "2026-01-01"); end != nil {
			acme["exemptions"] = map[string]any{"x": map[string]any{"policy": exempt, "target": pick("target", "acme", "acme/a"), "reason": "moves", "expires": end}}
		}
	}
	acme["organizations"], acme["logicalClusters"] = map[string]any{"acme": organization}, clusters
	env := map[string]any{"owner": "team"}
	put(env, "values", pick("values", nil, []any{"prod", "test"}))
	labels := map[string]any{"env": env}
	settings := map[string]any{"currency": "EUR", "gitops": map[string]any{"engine": "flux", "source": map[string]any{"url": "https://git.acme.example/rendered"}}, "labels": labels}
	return documents{
		"": {"settings": settings,
			"physicalClusters": map[string]any{
				"eu-1": map[string]any{"region": "eu", "kubernetes": "1.36", "server": "https://eu-1.acme.example"},
				"us-1": map[string]any{"region": "us", "kubernetes": "1.36", "server": "https://us-1.acme.example"}},
			"apiSets": map[string]any{"workloads": map[string]any{"promise": pick("promise", "none", "full"), "versions": map[string]any{"v1": map[string]any{"resources": resources}}}},
			"prices":  map[string]any{"book": map[string]any{"withoutQuota": "zero", "quota": map[string]any{"cpu": 1}}},
			"classes": map[string]any{"standard": class}},
		"orgs/acme": acme,
	}
}

// strength is how much a logical cluster is bound, limit by limit: the more, the
// more is refused.
func strength(r *compiler.Result) map[string]int {
	out := map[string]int{}
	rank := func(list []string, v string) int { return slices.Index(list, v) + 1 }
	for _, lc := range r.Tenancy.LogicalClusters {
		out[lc.Key+" pod security"] = rank([]string{"privileged", "baseline", "restricted"}, string(lc.PodSecurity))
		out[lc.Key+" network"] = rank([]string{"open", "organization", "logical-cluster", "closed"}, string(lc.Network))
		if lc.State == schema.Frozen {
			out[lc.Key+" frozen"] = 1
		}
		for _, e := range r.Policies.Of(lc) {
			if e.Exemption != nil {
				continue
			}
			for _, rule := range e.Rules.Rules {
				out[lc.Key+" "+e.ID()+" "+rule.Expression] = rank([]string{"audit", "warn", "deny"}, string(e.Spec.Enforcement))
			}
		}
		for _, s := range r.States {
			if s.Key != lc.Key {
				continue
			}
			for _, p := range r.Platforms {
				for _, g := range p.Gates {
					if p.Cluster == s.Cluster && g.Name == s.Gate {
						out[lc.Key+" gate"] = 100 - len(g.Allowed)
					}
				}
			}
		}
	}
	o := r.Tenancy.Organization("acme")
	unbounded := 1 << 20
	bound := func(name string, n int) { out["acme "+name] = unbounded - n }
	bound("budget", unbounded)
	if o.Spec.Budget != "" {
		var n int
		fmt.Sscan(string(o.Spec.Budget), &n)
		bound("budget", n)
	}
	bound("count", unbounded)
	bound("cpu", unbounded)
	if c := o.Spec.Ceilings; c != nil {
		bound("count", *c.LogicalClusters)
		var n int
		fmt.Sscan(string(c.Quota["cpu"]), &n)
		bound("cpu", n)
	}
	bound("regions", unbounded)
	if c := o.Spec.Offers; c != nil && c.Regions != nil {
		bound("regions", len(c.Regions))
	}
	out["promise"] = rank([]string{"none", "backward", "full"}, string(r.Tenancy.APISets[0].Spec.Promise))
	if rule, ok := r.Tenancy.Settings.Labels["env"]; ok && rule.Values != nil {
		out["label values"] = 1
	}
	return out
}

// limitKinds are the kinds of limits of which one must tell that a strength fell.
func limitKinds(name string) []string {
	for suffix, kind := range map[string]string{" pod security": "pod security", " network": "network", " frozen": "frozen", " gate": "API gate",
		"acme budget": "budget", "acme count": "ceiling", "acme cpu": "ceiling", "acme regions": "offer", "promise": "API promise", "label values": "label"} {
		if strings.HasSuffix(name, suffix) {
			return []string{kind}
		}
	}
	return []string{"policy", "exemption"}
}

// TestNoLooseningIsOverlooked: wherever anything is bound less than before, a limit
// of that kind says that it loosens; where none does and a limit is said to
// tighten, something is bound more.
func TestNoLooseningIsOverlooked(t *testing.T) {
	store, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Rounds(t, 60)
	rapid.Check(t, func(rt *rapid.T) {
		base, changed := limited(rt, "before"), limited(rt, "after")
		before := compiled(t, base.files(t), nil, store)
		after := compiled(t, changed.files(t), before, store)
		if errs := errorsOf(before); errs != nil {
			rt.Fatalf("the documents have errors: %v", errs)
		}
		if slices.ContainsFunc(after.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == diag.PromiseBroken }) {
			return // the API set is held at what it was
		}
		if errs := errorsOf(after); errs != nil {
			rt.Fatalf("the documents have errors: %v", errs)
		}
		p := compared(t, before, after)
		was, is := strength(before), strength(after)
		weaker, stronger := []string{}, []string{}
		for name := range was {
			if is[name] < was[name] {
				weaker = append(weaker, name)
			}
		}
		for name := range is {
			if is[name] > was[name] {
				stronger = append(stronger, name)
			}
		}
		text, _ := json.MarshalIndent(p.Policy, "", "  ")
		for _, name := range weaker {
			if p.Policy == nil || !slices.ContainsFunc(p.Policy.Limits, func(l change.Limit) bool { return l.Loosens && slices.Contains(limitKinds(name), l.Kind) }) {
				rt.Fatalf("%s is bound less, and the plan does not say so: %s", name, text)
			}
		}
		if p.Policy != nil && p.Summary.Loosened == 0 && len(stronger) == 0 && slices.ContainsFunc(p.Policy.Limits, func(l change.Limit) bool { return l.Change == change.Tightened }) {
			rt.Fatalf("nothing is bound more, and the plan says so: %s", text)
		}
		if p := compared(t, before, compiled(t, base.files(t), before, store)); !p.Empty() {
			rt.Fatalf("the same documents are no empty plan")
		}
	})
}
