// Package example tries the cases that modules and policies come with.
package example

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// Case is an example of what a module or a policy allows or denies.
type Case struct {
	// Document is the module or policy, as `modules "allowed-images"`.
	Document string
	Name     string
	Pos      diag.Position
	Want     schema.Case
	// Policy has the rules and the parameters of the case; nil where Problem says why
	// there is none.
	Policy  *policy.Policy
	Problem string
}

// CaseResult is what came of one case.
type CaseResult struct {
	Case
	// Allowed is what the rules say, and Messages with what they deny.
	Allowed  bool
	Messages []string
	// Problem says why the case fails; empty where it passes.
	Problem string
}

// Cases returns the cases of all modules and policies, by document and name. A
// module or policy that is in error has none: Compile says what is wrong with it.
func Cases(policies *policy.Policies) []Case {
	var out []Case
	add := func(m *document.Meta, name string, want schema.Case) *Case {
		out = append(out, Case{Document: m.String(), Name: name, Pos: m.At("cases", name, "allowed"), Want: want})
		return &out[len(out)-1]
	}
	for _, m := range policies.Modules() {
		for _, name := range slices.Sorted(maps.Keys(m.Spec.Cases)) {
			c := add(&m.Meta, name, m.Spec.Cases[name])
			c.Policy, c.Problem = m.Example(c.Want.Parameters)
		}
	}
	for _, one := range policies.All {
		for _, name := range slices.Sorted(maps.Keys(one.Spec.Cases)) {
			c := add(&one.Meta, name, one.Spec.Cases[name])
			if c.Policy = one; c.Want.Parameters != nil {
				c.Policy, c.Problem = nil, "a policy's case has the policy's own parameters"
			}
		}
	}
	return out
}

// Test tries cases, on all processors.
func Test(ctx context.Context, policies *policy.Policies, cases []Case) []CaseResult {
	out := make([]CaseResult, len(cases))
	parallel.Each(len(cases), func(i int) {
		r := CaseResult{Case: cases[i], Problem: cases[i].Problem}
		if r.Problem == "" {
			r.Messages, r.Problem = try(ctx, policies, r.Policy, r.Want)
			if r.Problem == "" {
				r.Allowed = len(r.Messages) == 0
				r.Problem = verdict(r.Want, r.Messages)
			}
		}
		out[i] = r
	})
	return out
}

// verdict says what is wrong with an answer; empty where it is the one wanted.
func verdict(want schema.Case, messages []string) string {
	said := strings.Join(messages, "; ")
	switch {
	case want.Allowed && len(messages) > 0:
		return "it is denied: " + said
	case !want.Allowed && len(messages) == 0:
		return "it is allowed"
	case !want.Allowed && !strings.Contains(said, want.Message):
		return fmt.Sprintf("the message is %q and has no %q", said, want.Message)
	}
	return ""
}

// try returns the messages with which the rules deny a case.
func try(ctx context.Context, policies *policy.Policies, p *policy.Policy, c schema.Case) (messages []string, problem string) {
	switch {
	case p.Judged != nil:
		return tryJudged(p, c)
	case p.Patches != nil:
		return tryPatches(policies.Tenancy, p, c)
	case p.Stage == schema.Admit || p.Stage == schema.Transform:
		return tryWrite(ctx, policies, p, c)
	}
	return nil, fmt.Sprintf("stage %s can't be tried", p.Stage)
}

// tryJudged returns the messages of the rules that are broken by what a case gives to
// their variables.
func tryJudged(p *policy.Policy, c schema.Case) (messages []string, problem string) {
	if c.Object != nil || c.OldObject != nil {
		return nil, fmt.Sprintf("stage %s judges no objects: use given", p.Stage)
	}
	variables := facts.Acquire
	if p.Stage == schema.Evolve {
		variables = facts.Evolve
	}
	given, err := givenOf(c.Given, variables)
	if err != nil {
		return nil, err.Error()
	}
	for _, m := range p.Judged.Program.Broken(given, p.Parameters, false) {
		if m != "" {
			messages = append(messages, m)
		}
	}
	return messages, ""
}

// tryWrite returns the messages with which the API server would refuse the write of a
// case.
func tryWrite(ctx context.Context, policies *policy.Policies, p *policy.Policy, c schema.Case) (messages []string, problem string) {
	if c.Given != nil {
		return nil, fmt.Sprintf("stage %s looks at objects: use object and oldObject", p.Stage)
	}
	attributes, err := Write(policies.Tenancy, c)
	if err != nil {
		return nil, err.Error()
	}
	if p.Stage == schema.Transform {
		if attributes, messages, problem = change(ctx, policies.Schemas(), p, c, attributes); len(messages) > 0 || problem != "" {
			return messages, problem
		}
	}
	if p.Admission == nil {
		return nil, ""
	}
	judge, err := p.Admission.Judge(policies.OldestMinor())
	if err != nil {
		return nil, rule.PlainMessage(err.Error())
	}
	for _, d := range judge.Denied(ctx, attributes, Namespace(c, attributes), authorizerfactory.NewAlwaysDenyAuthorizer()) {
		messages = append(messages, d.Message)
	}
	return messages, ""
}
