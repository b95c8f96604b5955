package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// checkMutations judges the shape of a document at stage transform.
func (c *compiler) checkMutations(m *document.Meta, set *schema.RuleSet, held string) bool {
	wrong := func(at diag.Position, format string, args ...any) bool {
		c.fault(m, diag.New(diag.PolicyIncomplete, at, format, args...), held)
		return false
	}
	if len(set.Mutations) == 0 {
		return wrong(m.Pos, "%s has no mutations: what does it change?", m.Key)
	}
	ok := true
	for i, one := range set.Mutations {
		if (one.ApplyConfiguration == "") == (one.JSONPatch == "") {
			ok = wrong(m.At("mutations", strconv.Itoa(i)), "mutations[%d] needs either applyConfiguration or jsonPatch", i)
		}
	}
	for i, r := range set.MatchConstraints.ResourceRules {
		for j, o := range r.Operations {
			if o != string(admissionv1.Create) && o != string(admissionv1.Update) {
				ok = wrong(m.At("matchConstraints", "resourceRules", strconv.Itoa(i), "operations", strconv.Itoa(j)), "a %s writes nothing that could be changed", o)
			}
		}
	}
	return ok
}

// sameVersions reports policies that change one resource in different API versions.
// The API server converts an object for each policy, and not from one mutation of a
// policy to the next.
func (c *compiler) sameVersions(chain []*Policy) {
	versions := func(p *Policy) string {
		var out []string
		for _, r := range p.Rules.MatchConstraints.ResourceRules {
			if r.APIVersions == nil {
				out = append(out, "*")
			}
			out = append(out, r.APIVersions...)
		}
		slices.Sort(out)
		return strings.Join(slices.Compact(out), ", ")
	}
	upper := chain[len(chain)-1]
	for _, p := range chain[:len(chain)-1] {
		if versions(p) == versions(upper) {
			continue
		}
		d := diag.New(diag.TransformVersions, p.RulesAt.At("matchConstraints"), "policies %s and %s change the same objects in different API versions: %s and %s",
			p.Key, upper.Key, versions(p), versions(upper)).
			See(upper.RulesAt.At("matchConstraints"), "policy %s says %s", upper.Key, versions(upper)).
			Suggest("name the same apiVersions in both")
		if !slices.ContainsFunc(c.found, func(f tenancy.Finding) bool { return f.Code == d.Code && f.Message == d.Message }) {
			c.fault(p.document(), d, notEnforced)
		}
	}
}

// platformConditions is how many conditions an admission policy of the tenancy repo
// gets besides its own.
const platformConditions = 2

// refused reports what the API server would refuse, and rules about connections to
// what nobody connects to.
func (c *compiler) refused(m *document.Meta, set *schema.RuleSet, held string) bool {
	refusals := apiserver.Refusals(set, platformConditions)
	for _, r := range refusals {
		c.fault(m, diag.New(diag.PolicyRefused, m.At(r.Path...), "%s: %s", rule.FieldName(r.Path), r.Message), held)
	}
	for i, r := range set.MatchConstraints.ResourceRules {
		for j, o := range r.Operations {
			if o == "CONNECT" && !slices.ContainsFunc(r.Resources, func(name string) bool { return strings.Contains(name, "/") }) {
				c.add(m, diag.New(diag.ConnectsToNothing, m.At("matchConstraints", "resourceRules", strconv.Itoa(i), "operations", strconv.Itoa(j)), "%s matches no connection: %s has no subresources, and only these are connected to",
					m.Key, strings.Join(r.Resources, ", ")).Suggest(`name subresources: "pods/exec", "pods/attach", "pods/portforward", "services/proxy"`))
			}
		}
	}
	return len(refusals) == 0
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
		if apiserver.Reserved(v.Name) {
			c.fault(m, diag.New(diag.ExpressionInvalid, m.At("variables", strconv.Itoa(i), "name"), "variables[%d].name: the name %s is reserved", i, v.Name), held)
			return false
		}
	}
	types := c.types.Named(set.MatchConstraints)
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
		env, err := c.environments.Of(minor, object.Any, params)
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
func (c *compiler) checkTypes(m *document.Meta, set *schema.RuleSet, params *apiservercel.DeclType, minor int, types []object.Type, held string) bool {
	var wrong []object.Type
	var first []rule.Problem
	for _, t := range types {
		env, err := c.environments.Of(minor, t, params)
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
		for _, d := range rule.Diagnostics(diag.ExpressionInvalid, c.sources, m.At, first, " (for "+wrong[0].Name+")") {
			c.fault(m, d, held)
		}
		return false
	}
	for _, d := range rule.Diagnostics(diag.ExpressionDoubtful, c.sources, m.At, first, " (for "+wrong[0].Name+")") {
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

// compileWrites compiles a policy on writes, at stage admit or transform.
func (c *compiler) compileWrites(p *Policy, m *Module) bool {
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
	if p.Source, err = apiserver.NewSource(p.contentKey(), &p.Rules, p.Parameters); err != nil {
		return err
	}
	if len(p.Rules.Rules) > 0 {
		p.Admission, err = apiserver.NewAdmission(p.Source, p.Spec.Enforcement)
	}
	return err
}

func (c *compiler) notComposed(p *Policy, err error) bool {
	c.fault(p.document(), diag.New(diag.ExpressionInvalid, p.Pos, "policy %s can't be put into an admission policy: %s", p.Key, rule.PlainMessage(err.Error())), notEnforced)
	return false
}

// accepted compiles a policy once more, as it will stand in the physical clusters.
func (c *compiler) accepted(p *Policy) error {
	set := p.Source.Composed()
	for _, minor := range c.minors() {
		env, err := c.environments.Of(minor, object.Any, nil)
		if err != nil {
			return err
		}
		set := *set
		if minor < apiserver.MutatingMinor {
			set.Mutations = nil // it makes none
		}
		if _, problems := rule.Compile(&set, env, nil); len(problems) > 0 {
			return errors.New(rule.FieldName(problems[0].Path) + ": " + problems[0].Message)
		}
	}
	return nil
}
