package policy

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/lazy"
)

// The types of what rules at stage acquire can look at. docs/policy.md has a table
// of them.
var (
	grantType = object("Grant", map[string]*apiservercel.DeclType{
		"kind": text, "namespace": text, "name": text, "role": text, "organization": text,
	})
	sourceType = object("Source", map[string]*apiservercel.DeclType{
		"repo": text, "path": text, "branch": text, "role": text, "namespace": text, "private": apiservercel.BoolType,
	})
	classType = object("Class", map[string]*apiservercel.DeclType{
		"name": text, "description": text, "labels": textMap,
	})
	organizationType = object("Organization", map[string]*apiservercel.DeclType{
		"path": text, "name": text, "displayName": text, "labels": textMap, "owners": textList,
		"logicalClusters": apiservercel.IntType, "quota": quantities,
	})
	logicalClusterType = object("LogicalCluster", map[string]*apiservercel.DeclType{
		"key": text, "name": text, "organization": text, "class": text, "labels": textMap, "state": text,
		"backing": text, "network": text, "podSecurity": text, "regions": textList, "apis": textMap,
		"quota": quantities, "namespaces": textList, "access": apiservercel.NewListType(grantType, -1), "source": sourceType,
	})
)

var (
	text       = apiservercel.StringType
	textList   = apiservercel.NewListType(text, -1)
	textMap    = apiservercel.NewMapType(text, text, -1)
	quantities = apiservercel.NewMapType(text, apiservercel.QuantityDeclType, -1)
)

func object(name string, fields map[string]*apiservercel.DeclType) *apiservercel.DeclType {
	out := map[string]*apiservercel.DeclField{}
	for field, t := range fields {
		out[field] = apiservercel.NewDeclField(field, t, true, nil, nil)
	}
	return apiservercel.NewObjectType("tenantry."+name, out)
}

// acquireVariables are the variables of rules at stage acquire.
var acquireVariables = []declared{
	{"logicalCluster", logicalClusterType},
	{"organization", organizationType},
	{"ancestors", apiservercel.NewListType(organizationType, -1)},
	{"class", classType},
	{"siblings", apiservercel.NewListType(logicalClusterType, -1)},
}

func visitSelects(e ast.Expr, visit func(operand int64, field string)) {
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.SelectKind {
			visit(e.AsSelect().Operand().ID(), e.AsSelect().FieldName())
		}
	}))
}

// Acquire judges logical clusters by the policies at stage acquire. An error
// concerns the logical cluster's own document. One that stands unchanged, or is
// held, and breaks a policy that denies is suspended, as it is where it breaks a
// pattern: nobody keeps access by not touching a file. A rule that looks at other
// logical clusters suspends nobody, since it is never one alone that breaks it.
//
// changed reports whether a document differs from its last good version or has
// none.
func (p *Policies) Acquire(changed func(schema.Kind, string, string) bool) []tenancy.Finding {
	var list []*Policy
	for _, one := range p.All {
		if one.Stage == schema.Acquire {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return nil
	}
	f := newFacts(p.tenancy, slices.ContainsFunc(list, func(p *Policy) bool { return p.program.sums }))
	lcs := p.tenancy.LogicalClusters
	memos := newMemos(list)
	found := make([][]tenancy.Finding, len(lcs))
	parallel.Each(len(lcs), func(i int) {
		if lc := lcs[i]; lc.State != schema.Deleted {
			found[i] = p.judge(f, memos, lc, !lc.Held && changed(lc.Kind, lc.Key, lc.Dir))
		}
	})
	return slices.Concat(found...)
}

// judge judges one logical cluster.
func (p *Policies) judge(f *facts, memos *memos, lc *tenancy.LogicalCluster, changed bool) (out []tenancy.Finding) {
	var given *facing
	for _, e := range p.Of(lc) {
		if e.Stage != schema.Acquire || e.Exemption != nil {
			continue
		}
		if given == nil {
			given = f.facing(lc)
		}
		for i, message := range memos.broken(e.Policy, given) {
			if message != "" {
				out = append(out, p.violation(e.Policy, i, message, lc, changed))
			}
		}
	}
	return out
}

// violation says what becomes of a logical cluster that breaks a rule.
func (p *Policies) violation(policy *Policy, rule int, message string, lc *tenancy.LogicalCluster, changed bool) tenancy.Finding {
	code := map[schema.Enforcement]diag.Code{schema.Deny: diag.PolicyDenies, schema.Warn: diag.PolicyWarns, schema.Audit: diag.PolicyNotes}[policy.Spec.Enforcement]
	d := diag.New(code, lc.Pos, "%s: %s", lc.Key, message).
		See(policy.Pos, "policy %s stands here", policy.Key).
		See(policy.RuleAt(rule), "it demands this").About(lc.Meta.String())
	if policy.Spec.Enforcement != schema.Deny {
		return tenancy.Finding{Diagnostic: d}
	}
	if changed {
		return tenancy.Fault(&lc.Meta, d.Suggest("ask for what the policy allows, or ask its owners for an exemption"), "")
	}
	switch lapsed := p.lapsed(policy, lc); {
	case policy.Stage != schema.Acquire || policy.program.sums:
		d.Message += " (it stands as it was, and stays)"
	default:
		lc.Suspended = true
		d.Message += " (it is suspended: data and workloads stay, tenants have no access)"
		if lapsed != nil {
			// That a day passes is no reason for somebody else's merge to fail.
			d.Severity = diag.Warning
			d = d.See(lapsed.At("expires"), "exemption %s ended on %s", lapsed.Key, lapsed.Spec.Expires)
		}
	}
	if lc.Held {
		d.Severity = diag.Warning
	}
	return tenancy.Finding{Diagnostic: d}
}

// broken returns the message of each rule that is broken, and "" for those that
// are kept; nil where all are. A rule that can't be evaluated is broken, as at an API server whose
// failure policy is Fail.
func (p *program) broken(given, params map[string]any, bounded bool) []string {
	vars := &scene{program: p, given: given, params: params, bounded: bounded}
	var out []string
	for i, r := range p.rules {
		holds, err := run(r.holds, vars)
		if err == nil && holds == true {
			continue
		}
		if out == nil {
			out = make([]string, len(p.rules))
		}
		if err != nil {
			out[i] = "the rule can't be evaluated: " + err.Error()
		} else {
			out[i] = r.explain(vars)
		}
	}
	return out
}

// scene is what a program's expressions see.
type scene struct {
	program       *program
	given, params map[string]any
	variables     *lazy.MapValue // nil until an expression asks for it
	// bounded: what is given and the parameters are; see [bounded].
	bounded bool
}

// ResolveName returns the value of a variable.
func (s *scene) ResolveName(name string) (any, bool) {
	switch name {
	case ParamsVariable:
		return s.params, true
	case "variables":
		if s.variables == nil {
			s.variables = lazy.NewMapValue(s.program.variablesType)
			for _, v := range s.program.variables {
				s.variables.Append(v.name, func(*lazy.MapValue) ref.Val {
					out, _, err := v.of(s.bounded).Eval(s)
					if err != nil {
						return errorValue(err)
					}
					return out
				})
			}
		}
		return s.variables, true
	}
	v, ok := s.given[name]
	return v, ok
}

// Parent returns nil: all that is seen is here.
func (s *scene) Parent() interpreter.Activation { return nil }

// explain returns the message of a rule that is broken, by the API server's order:
// the computed one, the fixed one, the expression.
func (r *compiledRule) explain(vars *scene) string {
	if r.message != nil {
		if m, err := run(r.message, vars); err == nil {
			if s, ok := m.(string); ok && strings.TrimSpace(s) != "" && !strings.Contains(s, "\n") {
				return strings.TrimSpace(s)
			}
		}
	}
	if r.rule.Message != "" {
		return r.rule.Message
	}
	return "failed expression: " + strings.TrimSpace(r.rule.Expression)
}

// facts are what is known of organizations and logical clusters, as rules see it.
type facts struct {
	tenancy       *tenancy.Tenancy
	organizations map[*tenancy.Organization]map[string]any
	chains        map[*tenancy.Organization][]any
	clusters      map[*tenancy.LogicalCluster]map[string]any
	boundless     map[*tenancy.LogicalCluster]bool // those of clusters that are not [bounded]
	classes       map[*tenancy.Class]map[string]any
}

// newFacts gathers what logical clusters share; sums only where a rule looks at
// them.
func newFacts(t *tenancy.Tenancy, sums bool) *facts {
	f := &facts{tenancy: t, organizations: map[*tenancy.Organization]map[string]any{}, chains: map[*tenancy.Organization][]any{},
		clusters: map[*tenancy.LogicalCluster]map[string]any{}, boundless: map[*tenancy.LogicalCluster]bool{}, classes: map[*tenancy.Class]map[string]any{}}
	for _, o := range t.Organizations {
		count, total := 0, map[string]resource.Quantity{}
		if sums {
			for _, lc := range t.Below(o) {
				if lc.State == schema.Deleted {
					continue
				}
				count++
				for _, a := range lc.Quota {
					sum := total[a.Resource]
					sum.Add(a.Quantity)
					total[a.Resource] = sum
				}
			}
		}
		f.organizations[o] = map[string]any{
			"path": o.Path, "name": o.Path[strings.LastIndexByte(o.Path, '/')+1:], "displayName": o.Spec.DisplayName,
			"labels": o.Labels, "owners": o.Spec.Owners, "logicalClusters": count, "quota": quantityMap(maps.All(total)),
		}
	}
	for _, o := range t.Organizations {
		chain := []any{}
		for _, above := range o.Ancestors()[1:] {
			chain = append(chain, f.organizations[above])
		}
		f.chains[o] = chain
	}
	for _, lc := range t.LogicalClusters {
		if f.classes[lc.Class] == nil {
			f.classes[lc.Class] = map[string]any{"name": lc.Class.Name, "description": lc.Class.Spec.Description, "labels": lc.Class.Spec.Labels}
		}
		if sums && lc.State != schema.Deleted {
			f.clusters[lc] = logicalClusterFacts(lc)
			if !bounded(f.clusters[lc]) {
				f.boundless[lc] = true
			}
		}
	}
	return f
}

// facing returns what rules see of one logical cluster.
func (f *facts) facing(lc *tenancy.LogicalCluster) *facing {
	self := f.clusters[lc]
	if self == nil {
		self = logicalClusterFacts(lc)
	}
	given := map[string]any{"logicalCluster": self, "organization": f.organizations[lc.Org], "ancestors": f.chains[lc.Org], "class": f.classes[lc.Class]}
	out := &facing{values: given, bounded: bounded(given)}
	siblings := []any{}
	if f.clusters[lc] != nil {
		for _, other := range lc.Org.LogicalClusters {
			if other != lc && f.clusters[other] != nil {
				siblings = append(siblings, f.clusters[other])
				out.bounded = out.bounded && !f.boundless[other]
			}
		}
	}
	given["siblings"] = siblings
	out.bounded = out.bounded && len(siblings) <= boundedElements
	return out
}

func logicalClusterFacts(lc *tenancy.LogicalCluster) map[string]any {
	apis := make(map[string]string, len(lc.APIs))
	for _, b := range lc.APIs {
		apis[b.Version.Set.Name] = b.Version.Name
	}
	namespaces := make([]string, len(lc.Namespaces))
	for i, n := range lc.Namespaces {
		namespaces[i] = n.Name
	}
	access := make([]any, len(lc.Access))
	for i, g := range lc.Access {
		access[i] = map[string]any{"kind": g.Subject.Kind, "namespace": g.Subject.Namespace, "name": g.Subject.Name,
			"role": string(g.Role), "organization": g.Organization}
	}
	source := schema.Source{}
	if lc.Source != nil {
		source = *lc.Source
	}
	return map[string]any{
		"key": lc.Key, "name": lc.Name, "organization": lc.Org.Path, "class": lc.Class.Name, "labels": lc.Labels,
		"state": string(lc.State), "backing": string(lc.Backing), "network": string(lc.Network), "podSecurity": string(lc.PodSecurity),
		"regions": lc.Regions, "apis": apis, "quota": quantityMap(lc.Quota.All()), "namespaces": namespaces, "access": access,
		"source": map[string]any{"repo": source.Repo, "path": source.Path, "branch": source.Branch, "role": string(source.Role),
			"namespace": source.Namespace, "private": source.Private},
	}
}

func quantityMap(amounts iter.Seq2[string, resource.Quantity]) map[string]any {
	out := map[string]any{}
	for name, q := range amounts {
		out[name] = apiservercel.Quantity{Quantity: &q}
	}
	return out
}

// noWrites refuses what only policies on writes have.
func (c *compiler) noWrites(m *document.Meta, what string, stage schema.Stage, set *schema.RuleSet, held string) bool {
	if set.MatchConstraints == nil && set.MatchConditions == nil {
		return true
	}
	c.fault(m, diag.New(diag.PolicyIncomplete, m.At("matchConstraints"), "%s %s: stage %s judges logical clusters and no writes, so it has no matchConstraints and no matchConditions", what, m.Key, stage), held)
	return false
}

// compileRepo compiles the rules of a policy that the compiler itself enforces, at
// stage acquire or evolve.
func (c *compiler) compileRepo(p *Policy, m *module) bool {
	if !c.noWrites(&p.Meta, "policy", p.Stage, &p.Rules, notEnforced) {
		return false
	}
	if m != nil { // its expressions were judged with the module
		p.program = m.program
		return true
	}
	program, ok := c.compileProgram(p.rulesAt.At, p.Stage, &p.Rules, nil, func(d diag.Diagnostic) { c.fault(&p.Meta, d, notEnforced) }, func(d diag.Diagnostic) { c.add(&p.Meta, d) })
	p.program = program
	return ok
}

func (c *compiler) compileProgram(at func(...string) diag.Position, stage schema.Stage, set *schema.RuleSet, params *apiservercel.DeclType, fault, warn func(diag.Diagnostic)) (*program, bool) {
	env, err := c.environment(environmentKey{minor: latest, params: params, evolve: stage == schema.Evolve})
	if err != nil {
		fault(diag.New(diag.ExpressionInvalid, at("rules"), "the rules can't be compiled: %v", err))
		return nil, false
	}
	program, problems := compileRules(set, env, c.costs(at, warn))
	for _, d := range c.problems(diag.ExpressionInvalid, at, problems, "") {
		fault(d)
	}
	return program, len(problems) == 0
}
