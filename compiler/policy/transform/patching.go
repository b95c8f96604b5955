// Package transform says what is wrong with the policies at stage transform where they are
// used: physical clusters that can't enforce them, and patches that fail or undo each other.
package transform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Patching gathers what patches came to, for one logical cluster after the other.
type Patching struct {
	policies *policy.Policies
	changed  func(kind schema.Kind, key, dir string) bool
	reached  []*patch.Step // in the order in which they were met
	matched  map[*patch.Step]bool
	failures []*failing
	pairs    []*overriding
	out      []tenancy.Finding
}

// failing is a failure that is the same in several logical clusters.
type failing struct {
	patch.Failure
	lc   *tenancy.LogicalCluster // the first
	more int
}

// overriding is a step that sets what another set before it.
type overriding struct {
	lower, upper patch.Made
	lc, last     *tenancy.LogicalCluster
	more         int // than the first
}

// NewPatching begins with nothing. changed reports whether a document is new or differs
// from its last good version.
func NewPatching(policies *policy.Policies, changed func(kind schema.Kind, key, dir string) bool) *Patching {
	return &Patching{policies: policies, changed: changed, matched: map[*patch.Step]bool{}}
}

// Add takes what came of the patches of a logical cluster, and reports whether that is
// nothing to speak of, whatever became of the steps that selected no object.
func (x *Patching) Add(lc *tenancy.LogicalCluster, t *patch.Trace) (fine bool) {
	for _, s := range x.policies.Patches(lc).Steps() {
		if !slices.Contains(x.reached, s) {
			x.reached = append(x.reached, s)
		}
	}
	maps.Copy(x.matched, t.Matched)
	x.fail(lc, t)
	return !x.override(lc, t) && len(t.Failures) == 0
}

// fail notes failures: of a policy or a module that is new or changed it is the fault,
// and else of a logical cluster that is.
func (x *Patching) fail(lc *tenancy.LogicalCluster, t *patch.Trace) {
	seen := map[*patch.Link]bool{}
	for _, f := range t.Failures {
		if seen[f.Step.Link] {
			continue // one is enough for a logical cluster
		}
		seen[f.Step.Link] = true
		if x.blame(f.Step) == nil && !lc.Held && x.changed(lc.Kind, lc.Key, lc.Dir) {
			p, _ := x.policies.PatchedBy(f.Step)
			d := x.diagnostic(&failing{f, lc, 0})
			if p.Spec.Enforcement == schema.Deny {
				x.out = append(x.out, tenancy.Fault(&lc.Meta, d.See(lc.Pos, "%s stands here", lc.Key), ""))
			} else {
				x.out = append(x.out, tenancy.Finding{Diagnostic: d.About(lc.Meta.String())})
			}
			continue
		}
		same := func(o *failing) bool {
			return o.Step == f.Step && o.Object.Kind == f.Object.Kind && o.Message == f.Message
		}
		if i := slices.IndexFunc(x.failures, same); i >= 0 {
			x.failures[i].more++
		} else {
			x.failures = append(x.failures, &failing{f, lc, 0})
		}
	}
}

// blame returns the document whose change a failure is taken for; nil where neither the
// policy nor its module differ.
func (x *Patching) blame(s *patch.Step) *document.Meta {
	p, _ := x.policies.PatchedBy(s)
	for _, m := range []*document.Meta{p.RulesAt, &p.Meta} {
		if m.Held || x.changed(m.Kind, m.Key, m.Dir) {
			return m
		}
	}
	return nil
}

func (x *Patching) diagnostic(f *failing) diag.Diagnostic {
	p, at := x.policies.PatchedBy(f.Step)
	of := fmt.Sprintf("%s, of %s", f.Object, f.lc.Key)
	if f.more > 0 {
		of += fmt.Sprintf(" and %d more", f.more)
	}
	d := diag.New(diag.PatchFailed, at, "policy %s can't patch %s: %s", p.Key, of, f.Message)
	if f.Refused {
		d = diag.New(diag.PatchRefused, at, "policy %s may not change %s of %s: %s", p.Key, strings.Join(f.Path, "."), of, f.Message)
	}
	if p.Module != nil {
		d = d.See(p.Pos, "policy %s stands here", p.Key)
	}
	switch p.Spec.Enforcement {
	case schema.Warn:
		d.Severity = diag.Warning
	case schema.Audit:
		d.Severity = diag.Note
	}
	return d
}

// override notes what is overridden, and reports whether anything is.
func (x *Patching) override(lc *tenancy.LogicalCluster, t *patch.Trace) (found bool) {
	for i, upper := range t.Made {
		for _, lower := range t.Made[:i] {
			if !upper.Overrides(&lower) {
				continue
			}
			found = true
			same := func(o *overriding) bool {
				return o.lower.Step.Link == lower.Step.Link && o.upper.Step.Link == upper.Step.Link
			}
			if i := slices.IndexFunc(x.pairs, same); i < 0 {
				x.pairs = append(x.pairs, &overriding{lower, upper, lc, lc, 0})
			} else if x.pairs[i].last != lc {
				x.pairs[i].last = lc
				x.pairs[i].more++
			}
		}
	}
	return found
}

// Findings returns what is to be said of all of them.
func (x *Patching) Findings() []tenancy.Finding {
	out := x.out
	for _, f := range x.failures {
		p, _ := x.policies.PatchedBy(f.Step)
		d := x.diagnostic(f)
		m := x.blame(f.Step)
		switch {
		case m != nil && p.Spec.Enforcement == schema.Deny:
			out = append(out, tenancy.Fault(m, d, "the object stays as it is without the policy"))
		default:
			d.Message += " (the object stays as it is without the policy)"
			out = append(out, tenancy.Finding{Diagnostic: d.About(p.Meta.String())})
		}
	}
	for _, o := range x.pairs {
		lower, at := x.policies.PatchedBy(o.lower.Step)
		upper, above := x.policies.PatchedBy(o.upper.Step)
		of := fmt.Sprintf("%s of %s, of %s", strings.Join(o.upper.Change.Path, "."), o.upper.Object, o.lc.Key)
		if o.more > 0 {
			of += fmt.Sprintf(" and %d more", o.more)
		}
		out = append(out, tenancy.Finding{Diagnostic: diag.New(diag.PatchOverridden, at, "policies %s and %s set %s, to different values: that of %s holds", lower.Key, upper.Key, of, upper.Key).
			See(above, "policy %s sets it here", upper.Key).About(lower.Meta.String())})
	}
	for _, s := range x.reached {
		if p, at := x.policies.PatchedBy(s); !x.matched[s] {
			out = append(out, tenancy.Finding{Diagnostic: diag.New(diag.PatchUnmatched, at, "policy %s changes no object by %s: none that is rendered for those whom it reaches fits the target",
				p.Key, s.Name()).About(p.Meta.String())})
		}
	}
	return out
}
