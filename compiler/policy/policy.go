// Package policy is what the policies of a tenancy repo demand, and of whom.
//
// A policy is a use of a module, or rules of its own, in CEL: the language of the
// API server's admission policies, compiled here by the API server's own library.
// It reaches the logical clusters of its directory's subtree that its selector
// and its classes pick, and nothing above. Policies only add up: whatever reaches
// a logical cluster holds, and no policy lifts another. Only an exemption does,
// and it stands where the policy's owners are.
//
// Compile turns documents into policies and judges the documents themselves.
// Acquire judges logical clusters by those at stage acquire. Those at stage admit
// become admission policies of the physical clusters, and a Judge says what the
// API server would answer by one. Those at stage transform become admission policies
// as well, or change what is rendered: see package patch.
package policy

import (
	"strconv"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// Policy is a policy that can be enforced.
type Policy struct {
	document.Meta
	Spec  *schema.Policy
	Stage schema.Stage
	// Demanded is where it comes from if no document of a policy does: an API set; nil
	// for all others.
	Demanded *Demanded
	// Module is the module that it uses, nil where it has rules of its own.
	Module *document.Document[schema.Module]
	// Rules are the module's or its own.
	Rules schema.RuleSet
	// Parameters as the module's schema completes them; nil where there are none.
	Parameters map[string]any

	path     string // of the organization whose subtree it reaches; empty: everybody
	selector labels.Selector
	// RulesAt is the document that the rules stand in.
	RulesAt *document.Meta
	// Judged are its rules as the compiler itself runs them; nil at stages on writes.
	Judged *facts.Rules
	// Admission are its rules on writes as the API server enforces them; nil where it
	// has none.
	Admission *apiserver.Admission
	// Source is what the API server gets of it, of a policy on writes; nil for others.
	Source *apiserver.Source
	// Patches are what it changes in what is rendered; nil where it changes nothing.
	Patches *patch.Link
}

// ID names the policy by its directory and key: "orgs/acme/no-public". Siblings
// may use the same key.
func (p *Policy) ID() string {
	if p.Dir == "" || p.Demanded != nil {
		return p.Key
	}
	return p.Dir + "/" + p.Key
}

// document is the document that declares it.
func (p *Policy) document() *document.Meta {
	if p.Demanded != nil {
		return &p.Demanded.Version.Set.Meta
	}
	return &p.Meta
}

// RuleAt is where one of its rules stands.
func (p *Policy) RuleAt(i int) diag.Position {
	if p.Demanded != nil {
		return p.Demanded.positions[i]
	}
	return p.RulesAt.At("rules", strconv.Itoa(i), "expression")
}
