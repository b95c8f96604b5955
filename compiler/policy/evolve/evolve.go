// Package evolve judges by the policies at stage evolve what goes to another version of an
// API set.
package evolve

import (
	"fmt"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// Moves is what the policies at stage evolve need to know besides the tenancy.
type Moves struct {
	// AsOf is the date of the run.
	AsOf string
	// Before returns the versions that a logical cluster bound before, by API set;
	// known is false where nothing says so.
	Before func(*tenancy.LogicalCluster) (versions map[string]string, known bool)
	// Verdict returns the class of the change between two versions.
	Verdict func(old, new *tenancy.APIVersion) string
	// Changed reports whether a document differs from its last good version or has
	// none.
	Changed func(schema.Kind, string, string) bool
}

// Check judges each binding that goes to another version than before, or is new, by
// the policies at stage evolve. A move that is denied does not take place: the
// logical cluster stays at the version that it had, and gets no API that it had not.
// It is an error where its own document asks for it; where a channel moved, or
// somebody above, it is a warning, since it fails nobody's request.
//
// It returns the policies with whom they reach after that: what API sets demand is
// demanded of those that bind the version.
func Check(policies *policy.Policies, m Moves) (*policy.Policies, []tenancy.Finding) {
	e := &evolution{Moves: m, policies: policies, verdicts: map[[2]*tenancy.APIVersion]string{}}
	var rules []*facts.Rules
	for _, p := range policies.All {
		if p.Stage == schema.Evolve {
			e.list, rules = append(e.list, p), append(rules, p.Judged)
		}
	}
	if len(rules) == 0 {
		return policies, nil
	}
	e.facts, e.memos = facts.New(policies.Tenancy, rules), facts.NewMemos(rules)
	lcs := policies.Tenancy.LogicalClusters
	found := make([][]tenancy.Finding, len(lcs))
	parallel.Each(len(lcs), func(i int) {
		if lcs[i].State != schema.Deleted {
			found[i] = e.judge(lcs[i])
		}
	})
	out := slices.Concat(found...)
	if len(out) > 0 {
		policies = policies.Rebound()
	}
	return policies, out
}

// evolution is one run over all logical clusters.
type evolution struct {
	Moves
	policies *policy.Policies
	list     []*policy.Policy
	facts    *facts.Facts
	memos    *facts.Memos

	mu       sync.Mutex
	verdicts map[[2]*tenancy.APIVersion]string
}

// judge judges the bindings of one logical cluster, and takes back what is denied.
func (e *evolution) judge(lc *tenancy.LogicalCluster) (out []tenancy.Finding) {
	if !slices.ContainsFunc(e.list, func(p *policy.Policy) bool { return p.Reaches(lc) }) {
		return nil
	}
	before, known := e.Before(lc)
	if !known {
		return nil
	}
	var given *facts.Seen
	kept := make([]tenancy.Binding, 0, len(lc.APIs))
	for _, b := range lc.APIs {
		from := before[b.Version.Set.Name]
		if from == b.Version.Name {
			kept = append(kept, b)
			continue
		}
		if given == nil {
			given = e.facts.Of(lc)
			given.Set("asOf", e.AsOf)
		}
		old := versionOf(b.Version.Set, from)
		found, denied := e.judgeMove(lc, given, b, from, old)
		out = append(out, found...)
		switch {
		case !denied || from != "" && old == nil:
			kept = append(kept, b)
		case old != nil:
			b.Version = old
			kept = append(kept, b)
		}
	}
	lc.APIs = kept
	return out
}

// judgeMove judges one binding that goes to another version, and says whether a policy
// that denies is broken. old is the version that was bound, nil where it is gone.
func (e *evolution) judgeMove(lc *tenancy.LogicalCluster, given *facts.Seen, b tenancy.Binding, from string, old *tenancy.APIVersion) (out []tenancy.Finding, denied bool) {
	channel := ""
	if b.Requested != b.Version.Name {
		channel = b.Requested
	}
	given.Set("api", b.Version.Set.Name)
	given.Set("channel", channel)
	given.Set("from", versionFacts(from, old))
	given.Set("to", versionFacts(b.Version.Name, b.Version))
	given.Set("verdict", nil)
	for _, p := range e.policies.Of(lc) {
		if p.Stage != schema.Evolve || p.Exemption != nil {
			continue
		}
		if p.Judged.Program.Names("verdict") && given.Values["verdict"] == nil {
			given.Set("verdict", e.verdict(from, old, b.Version))
		}
		for i, message := range e.memos.Broken(p.Judged, given) {
			if message != "" {
				out = append(out, move(p.Policy, i, message, lc, b, from, old, !lc.Held && e.Changed(lc.Kind, lc.Key, lc.Dir)))
				denied = denied || p.Spec.Enforcement == schema.Deny
			}
		}
	}
	return out, denied
}

func (e *evolution) verdict(from string, old, new *tenancy.APIVersion) string {
	switch {
	case from == "":
		return "compatible" // there is nothing that it could break
	case old == nil:
		return "breaking" // what it had is gone
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	pair := [2]*tenancy.APIVersion{old, new}
	if _, ok := e.verdicts[pair]; !ok {
		e.verdicts[pair] = e.Verdict(old, new)
	}
	return e.verdicts[pair]
}

// versionOf returns a version that may still be bound; nil where there is none.
func versionOf(set *tenancy.APISet, name string) *tenancy.APIVersion {
	i := slices.IndexFunc(set.Versions, func(v *tenancy.APIVersion) bool { return v.Name == name && v.Spec.Lifecycle != schema.Removed })
	if i < 0 {
		return nil
	}
	return set.Versions[i]
}

func versionFacts(name string, v *tenancy.APIVersion) map[string]any {
	out := map[string]any{"name": name, "lifecycle": "", "sunset": ""}
	if v != nil {
		out["lifecycle"], out["sunset"] = string(v.Spec.Lifecycle), v.Spec.Sunset
	} else if name != "" {
		out["lifecycle"] = string(schema.Removed)
	}
	return out
}

// move says what becomes of a move that breaks a rule.
func move(p *policy.Policy, rule int, message string, lc *tenancy.LogicalCluster, b tenancy.Binding, from string, old *tenancy.APIVersion, changed bool) tenancy.Finding {
	set := b.Version.Set.Name
	what := fmt.Sprintf("%s moves from %s to %s", set, from, b.Version.Name)
	if from == "" {
		what = fmt.Sprintf("%s is newly bound", b.Version)
	}
	code := map[schema.Enforcement]diag.Code{schema.Deny: diag.MoveDenied, schema.Warn: diag.MoveWarned, schema.Audit: diag.MoveNoted}[p.Spec.Enforcement]
	if p.Spec.Enforcement == schema.Deny {
		switch {
		case from == "":
			what = fmt.Sprintf("%s is not bound", b.Version)
		case old == nil:
			what = fmt.Sprintf("%s moves to %s although that is denied, since there is no %s any more", set, b.Version.Name, from)
		default:
			what = fmt.Sprintf("%s stays at %s and does not move to %s", set, from, b.Version.Name)
		}
	}
	d := diag.New(code, b.Pos, "%s: %s: %s", lc.Key, what, message).
		See(p.Pos, "policy %s stands here", p.Key).
		See(p.RuleAt(rule), "it demands this").About(lc.Meta.String())
	if d.Severity == diag.Error && !changed {
		d.Severity = diag.Warning
	}
	return tenancy.Finding{Diagnostic: d}
}

// Recorded reports whether what a logical cluster binds must be remembered, for
// policies to judge what comes after.
func Recorded(policies *policy.Policies, lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(policies.All, func(p *policy.Policy) bool { return p.Stage == schema.Evolve && p.Reaches(lc) })
}
