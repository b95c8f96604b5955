package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/library"
)

// Admission are the rules of a policy on writes as the API server enforces them: one
// for each distinct content, whoever it reaches.
type Admission struct {
	// ID is the policy's key and a hash of the content.
	ID          string
	Enforcement schema.Enforcement
	// Spec holds the match constraints and conditions, the variables and the
	// validations. Who is exempt, and which namespaces it is for, is not in it.
	Spec admissionv1.ValidatingAdmissionPolicySpec
}

// The names of variables that an admission policy has besides those of its author.
const (
	PlatformVariable    = "platform"
	TerminatingVariable = "terminating"
)

// Admitted returns the rules on writes that hold for a logical cluster.
func (p *Policies) Admitted(lc *tenancy.LogicalCluster) []*Admission {
	if !p.admits {
		return nil
	}
	var out []*Admission
	for _, e := range p.Of(lc) {
		if e.Admission != nil && e.Exemption == nil && !slices.ContainsFunc(out, func(a *Admission) bool { return a.ID == e.Admission.ID }) {
			out = append(out, e.Admission)
		}
	}
	slices.SortFunc(out, func(a, b *Admission) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Write is a write that the compiler itself brings about.
type Write struct {
	admission.Attributes
	// Namespace is where it goes to.
	Namespace *corev1.Namespace
	// What names the object for people: RoleBinding tenantry-view-0123.
	What string
}

// Judges reports whether a policy at stage admit judges writes of a resource that
// is created.
func (p *Policies) Judges(resource kubeschema.GroupVersionResource) bool {
	attributes := admission.NewAttributesRecord(nil, nil, kubeschema.GroupVersionKind{}, "x", "", resource, "", admission.Create, nil, false, nil)
	return slices.ContainsFunc(p.All, func(one *Policy) bool {
		return one.Stage == schema.Admit && one.Demanded == nil && matches(one.Admission.Spec.MatchConstraints.ResourceRules, attributes)
	})
}

// Admit judges what the compiler renders for a logical cluster, as if a tenant
// wrote it: what a policy denies to tenants, the platform does not do for them
// either. As with any write, what stands is not judged anew: an error holds a new
// or changed document, and suspends nobody. judges are kept from one call to the
// next; it is not safe for concurrent use.
func (p *Policies) Admit(lc *tenancy.LogicalCluster, minor int, writes []Write, judges map[string]*Judge, changed bool) (out []tenancy.Finding) {
	for _, e := range p.Of(lc) {
		if e.Stage != schema.Admit || e.Exemption != nil || e.Demanded != nil { // nothing transforms what is rendered, nor does it go through an API set
			continue
		}
		id := fmt.Sprintf("%s %d", e.Admission.ID, minor)
		j := judges[id]
		if j == nil {
			var err error
			if j, err = e.Admission.Judge(minor); err != nil {
				continue // said of the policy
			}
			judges[id] = j
		}
		for _, w := range writes {
			for _, d := range j.Denied(context.Background(), w.Attributes, w.Namespace, authorizerfactory.NewAlwaysDenyAuthorizer()) {
				out = append(out, p.Violation(e.Policy, max(d.Rule, 0), w.What+" would be denied: "+d.Message, lc, changed))
			}
		}
	}
	return out
}

// admitVariables are the variables of rules at stage admit, for objects of a type.
func admitVariables(object, params *apiservercel.DeclType) []rule.Variable {
	vars := []rule.Variable{
		{Name: plugincel.ObjectVarName, Type: object}, {Name: plugincel.OldObjectVarName, Type: object},
		{Name: plugincel.RequestVarName, Type: plugincel.BuildRequestType()},
		{Name: plugincel.NamespaceVarName, Type: plugincel.BuildNamespaceType()},
	}
	if params != nil {
		vars = append(vars, rule.Variable{Name: rule.Params, Type: params})
	}
	return vars
}

// authorizerVariables are the variables by which rules ask what the user may do.
var authorizerVariables = []cel.EnvOption{
	cel.Variable(plugincel.AuthorizerVarName, library.AuthorizerType),
	cel.Variable(plugincel.RequestResourceAuthorizerVarName, library.ResourceCheckType),
}

// checkWrites judges the expressions of a document on writes: by the library
// of the Kubernetes release of each physical cluster, and with the types of the
// resources that the match constraints name.
func (c *compiler) checkWrites(m *document.Meta, stage schema.Stage, set *schema.RuleSet, params *apiservercel.DeclType, held string) bool {
	if set.MatchConstraints == nil {
		c.fault(m, diag.New(diag.PolicyIncomplete, m.Pos, "%s has no matchConstraints: which writes is it about?", m.Key).
			Suggest("add matchConstraints: resourceRules"), held)
		return false
	}
	if !c.refused(m, set, held) || stage == schema.Transform && !c.checkMutations(m, set, held) {
		return false
	}
	for i, v := range set.Variables {
		switch v.Name {
		case rule.Params, PlatformVariable, TerminatingVariable, appliesVariable:
			c.fault(m, diag.New(diag.ExpressionInvalid, m.At("variables", itoa(i), "name"), "variables[%d].name: the name %s is reserved", i, v.Name), held)
			return false
		}
	}
	types := c.objectTypes(set.MatchConstraints)
	ok := true
	for n, minor := range c.minors() {
		where := ""
		if len(c.minors()) > 1 {
			where = fmt.Sprintf(" (Kubernetes 1.%d)", minor)
		}
		costs := rule.WarnOfCosts(m.At, func(d diag.Diagnostic) { c.add(m, d) })
		if n > 0 {
			costs = nil
		}
		env, err := c.environment(environmentKey{minor: minor, object: apiservercel.DynType, params: params})
		if err != nil {
			c.fault(m, diag.New(diag.ExpressionInvalid, m.At("rules"), "the rules can't be compiled%s: %v", where, err), held)
			return false
		}
		_, problems := rule.Compile(set, env, costs)
		for _, d := range rule.Diagnostics(diag.ExpressionInvalid, c.sources, m.At, problems, where) {
			c.fault(m, d, held)
		}
		if len(problems) > 0 {
			return false
		}
		if n == 0 {
			ok = c.checkTypes(m, set, params, minor, types, held)
		}
	}
	return ok
}

// checkTypes holds the rules against the types of the objects that they judge.
// What fits no type is an error; what fits some and not others may be meant so.
func (c *compiler) checkTypes(m *document.Meta, set *schema.RuleSet, params *apiservercel.DeclType, minor int, types []objectType, held string) bool {
	var wrong []objectType
	var first []rule.Problem
	for _, t := range types {
		env, err := c.environment(environmentKey{minor: minor, object: t.typ, params: params})
		if err != nil {
			continue
		}
		_, problems := rule.Compile(set, env, nil)
		if len(problems) == 0 {
			continue
		}
		if wrong = append(wrong, t); first == nil {
			first = problems
		}
	}
	if len(wrong) == 0 {
		return true
	}
	if len(wrong) == len(types) {
		for _, d := range rule.Diagnostics(diag.ExpressionInvalid, c.sources, m.At, first, " (for "+wrong[0].name+")") {
			c.fault(m, d, held)
		}
		return false
	}
	for _, d := range rule.Diagnostics(diag.ExpressionDoubtful, c.sources, m.At, first, " (for "+wrong[0].name+")") {
		c.add(m, d.Suggest("for objects of that kind the rule fails and the write is refused, unless a condition keeps it from being judged"))
	}
	return true
}

// minors returns the minor numbers of the physical clusters' Kubernetes releases,
// the lowest first.
func (c *compiler) minors() []int {
	if c.releases == nil {
		for _, cluster := range c.tenancy.Clusters {
			c.releases = append(c.releases, min(cluster.Minor, rule.Latest))
		}
		slices.Sort(c.releases)
		if c.releases = slices.Compact(c.releases); len(c.releases) == 0 {
			c.releases = []int{rule.Latest}
		}
	}
	return c.releases
}

// parts are the expressions of a policy with its parameters in them, as the API
// server takes them.
type parts struct {
	conditions  []admissionv1.MatchCondition
	variables   []admissionv1.Variable
	mutations   []admissionv1.Mutation
	validations []admissionv1.Validation
}

func (p *Policy) parts() (out parts, failed error) {
	literal := ""
	if p.Parameters != nil {
		literal = rule.Literal(p.Parameters)
		out.variables = append(out.variables, admissionv1.Variable{Name: rule.Params, Expression: literal})
	}
	const variable = "variables." + rule.Params
	replace := func(text, by string) string {
		if p.Parameters == nil {
			return text
		}
		out, err := rule.ReplaceIdentifier(text, rule.Params, by)
		if err != nil {
			failed = err
		}
		return out
	}
	for _, m := range p.Rules.MatchConditions { // these can't see variables
		out.conditions = append(out.conditions, admissionv1.MatchCondition{Name: m.Name, Expression: replace(m.Expression, "("+literal+")")})
	}
	for _, v := range p.Rules.Variables {
		out.variables = append(out.variables, admissionv1.Variable{Name: v.Name, Expression: replace(v.Expression, variable)})
	}
	for _, m := range p.Rules.Mutations {
		out.mutations = append(out.mutations, mutationOf(m, replace(rule.MutationText(m), variable)))
	}
	for _, r := range p.Rules.Rules {
		v := admissionv1.Validation{Expression: replace(r.Expression, variable), Message: r.Message}
		if r.MessageExpression != "" {
			v.MessageExpression = replace(r.MessageExpression, variable)
		}
		out.validations = append(out.validations, v)
	}
	return out, failed
}

// admission puts the rules of a policy together as the API server takes them.
func (p *Policy) admission(parts parts) (*Admission, error) {
	a := &Admission{Enforcement: p.Spec.Enforcement}
	fail := admissionv1.Fail
	a.Spec.FailurePolicy = &fail
	a.Spec.MatchConstraints = p.matchConstraints()
	a.Spec.MatchConditions, a.Spec.Variables, a.Spec.Validations = parts.conditions, parts.variables, parts.validations
	content, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	a.ID = contentID(p.contentKey(), content)
	return a, nil
}

// contentKey names the policy in a cluster. What different API sets demand of one
// resource is one where it is the same.
func (p *Policy) contentKey() string {
	if p.Demanded == nil {
		return p.Key
	}
	const most = 40 // the name is a part of a label's key
	plural := p.Demanded.Resource.Plural
	return "api-" + strings.TrimRight(plural[:min(len(plural), most-len("api-"))], "-")
}

// contentID names what is one for each distinct content.
func contentID(key string, content []byte) string {
	sum := sha256.Sum256(content)
	return key + "-" + hex.EncodeToString(sum[:10])
}

func (p *Policy) matchConstraints() *admissionv1.MatchResources {
	equivalent := admissionv1.Equivalent
	return &admissionv1.MatchResources{
		MatchPolicy:          &equivalent,
		ResourceRules:        resourceRules(p.Rules.MatchConstraints.ResourceRules),
		ExcludeResourceRules: resourceRules(p.Rules.MatchConstraints.ExcludeResourceRules),
	}
}

func resourceRules(in []schema.ResourceRule) (out []admissionv1.NamedRuleWithOperations) {
	scope := admissionv1.NamespacedScope
	for _, r := range in {
		n := admissionv1.NamedRuleWithOperations{ResourceNames: r.ResourceNames}
		n.APIGroups, n.APIVersions, n.Resources, n.Scope = r.APIGroups, r.APIVersions, r.Resources, &scope
		if n.APIVersions == nil {
			n.APIVersions = []string{"*"}
		}
		for _, o := range r.Operations {
			n.Operations = append(n.Operations, admissionv1.OperationType(o))
		}
		if n.Operations == nil {
			n.Operations = []admissionv1.OperationType{admissionv1.Create, admissionv1.Update}
		}
		out = append(out, n)
	}
	return out
}

// compileWrites compiles a policy on writes, at stage admit or transform.
func (c *compiler) compileWrites(p *Policy, m *module) bool {
	if m == nil && !c.checkWrites(&p.Meta, p.Stage, &p.Rules, nil, notEnforced) {
		return false
	}
	if err := p.compose(); err != nil {
		return c.notComposed(p, err)
	}
	if err := c.accepted(p); err != nil {
		return c.notComposed(p, err)
	}
	return true
}

// compose puts a policy on writes together as the API server takes it.
func (p *Policy) compose() (err error) {
	if p.parsed, err = p.parts(); err != nil {
		return err
	}
	if len(p.Rules.Rules) > 0 {
		p.Admission, err = p.admission(p.parsed)
	}
	return err
}

func (c *compiler) notComposed(p *Policy, err error) bool {
	c.fault(p.document(), diag.New(diag.ExpressionInvalid, p.Pos, "policy %s can't be put into an admission policy: %s", p.Key, rule.PlainMessage(err.Error())), notEnforced)
	return false
}

// accepted compiles a policy once more, as it will stand in the physical clusters.
func (c *compiler) accepted(p *Policy) error {
	set := &schema.RuleSet{}
	for _, m := range p.parsed.conditions {
		set.MatchConditions = append(set.MatchConditions, schema.Expression(m))
	}
	for _, v := range p.parsed.variables {
		set.Variables = append(set.Variables, schema.Expression(v))
	}
	for _, m := range p.parsed.mutations {
		set.Mutations = append(set.Mutations, mutationIn(m))
	}
	for _, v := range p.parsed.validations {
		set.Rules = append(set.Rules, schema.Rule{Expression: v.Expression, MessageExpression: v.MessageExpression})
	}
	for _, minor := range c.minors() {
		env, err := c.environment(environmentKey{minor: minor, object: apiservercel.DynType})
		if err != nil {
			return err
		}
		set := *set
		if minor < MutatingMinor {
			set.Mutations = nil // it makes none
		}
		if _, problems := rule.Compile(&set, env, nil); len(problems) > 0 {
			return errors.New(rule.FieldName(problems[0].Path) + ": " + problems[0].Message)
		}
	}
	return nil
}
