package policy

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

var versionType = object("Version", map[string]*apiservercel.DeclType{
	"name": text, "lifecycle": text, "sunset": text,
})

// evolveVariables are the variables of rules at stage evolve.
var evolveVariables = append(slices.Clone(acquireVariables),
	declared{"api", text}, declared{"channel", text}, declared{"from", versionType}, declared{"to", versionType},
	declared{"verdict", text}, declared{"asOf", text},
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

// Evolve judges each binding that goes to another version than before, or is new, by
// the policies at stage evolve. A move that is denied does not take place: the
// logical cluster stays at the version that it had, and gets no API that it had not.
// It is an error where its own document asks for it; where a channel moved, or
// somebody above, it is a warning, since it fails nobody's request.
func (p *Policies) Evolve(m Moves) []tenancy.Finding {
	var list []*Policy
	for _, one := range p.All {
		if one.Stage == schema.Evolve {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return nil
	}
	var f *facts
	verdicts := map[[2]*tenancy.APIVersion]string{}
	verdict := func(old, new *tenancy.APIVersion) string {
		pair := [2]*tenancy.APIVersion{old, new}
		if _, ok := verdicts[pair]; !ok {
			verdicts[pair] = m.Verdict(old, new)
		}
		return verdicts[pair]
	}
	var out []tenancy.Finding
	for _, lc := range p.tenancy.LogicalClusters {
		if lc.State == schema.Deleted || !slices.ContainsFunc(list, func(p *Policy) bool { return p.reaches(lc) }) {
			continue
		}
		before, known := m.Before(lc)
		if !known {
			continue
		}
		kept := make([]tenancy.Binding, 0, len(lc.APIs))
		for _, b := range lc.APIs {
			from := before[b.Version.Set.Name]
			if from == b.Version.Name {
				kept = append(kept, b)
				continue
			}
			if f == nil {
				f = newFacts(p.tenancy, slices.ContainsFunc(list, func(p *Policy) bool { return p.program.sums }))
			}
			old := versionOf(b.Version.Set, from)
			given := f.given(lc)
			given["api"], given["channel"], given["asOf"] = b.Version.Set.Name, "", m.AsOf
			if b.Requested != b.Version.Name {
				given["channel"] = b.Requested
			}
			given["from"], given["to"] = versionFacts(from, old), versionFacts(b.Version.Name, b.Version)
			denied := false
			for _, e := range p.Of(lc) {
				if e.Stage != schema.Evolve || e.Exemption != nil {
					continue
				}
				if e.program.uses["verdict"] && given["verdict"] == nil {
					given["verdict"] = verdictOf(from, old, b.Version, verdict)
				}
				for i, message := range e.program.broken(given, e.Parameters) {
					if message != "" {
						out = append(out, p.move(e.Policy, i, message, lc, b, from, old, !lc.Held && m.Changed(lc.Kind, lc.Key, lc.Dir)))
						denied = denied || e.Spec.Enforcement == schema.Deny
					}
				}
			}
			switch {
			case !denied || from != "" && old == nil:
				kept = append(kept, b)
			case old != nil:
				b.Version = old
				kept = append(kept, b)
			}
		}
		lc.APIs = kept
	}
	return out
}

func verdictOf(from string, old, new *tenancy.APIVersion, compare func(old, new *tenancy.APIVersion) string) string {
	switch {
	case from == "":
		return "compatible" // there is nothing that it could break
	case old == nil:
		return "breaking" // what it had is gone
	}
	return compare(old, new)
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
func (p *Policies) move(policy *Policy, rule int, message string, lc *tenancy.LogicalCluster, b tenancy.Binding, from string, old *tenancy.APIVersion, changed bool) tenancy.Finding {
	set := b.Version.Set.Name
	what := fmt.Sprintf("%s moves from %s to %s", set, from, b.Version.Name)
	if from == "" {
		what = fmt.Sprintf("%s is newly bound", b.Version)
	}
	code := map[schema.Enforcement]diag.Code{schema.Deny: diag.MoveDenied, schema.Warn: diag.MoveWarned, schema.Audit: diag.MoveNoted}[policy.Spec.Enforcement]
	if policy.Spec.Enforcement == schema.Deny {
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
		See(policy.Pos, "policy %s stands here", policy.Key).
		See(policy.rulesAt.At("rules", itoa(rule), "expression"), "it demands this").About(lc.Meta.String())
	if d.Severity == diag.Error && !changed {
		d.Severity = diag.Warning
	}
	return tenancy.Finding{Diagnostic: d}
}

// Recorded reports whether what a logical cluster binds must be remembered, for
// policies to judge what comes after.
func (p *Policies) Recorded(lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(p.All, func(one *Policy) bool { return one.Stage == schema.Evolve && one.reaches(lc) })
}
