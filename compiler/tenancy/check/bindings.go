package check

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

// bindings checks that what is bound is offered, alive and of one mind.
func (c *checker) bindings(lc *subject, out *tenancy.Findings) {
	for _, b := range lc.APIs {
		above := lc.Org.Offers.Refusing(func(f *tenancy.Offer) bool { return f.API(b.Version) })
		if above == nil {
			continue
		}
		d := apiNotOffered(lc.Key, b, above)
		if !lc.FromDocument(b.Version.Set.Name) {
			d.Message += " (bound by " + lc.Origins()["apis."+b.Version.Set.Name].From + ")"
		}
		above.Fault(out, &lc.Meta, d, "the binding falls away")
	}
	if lc.Held {
		lc.narrowAPIs()
	}
	for _, b := range lc.APIs {
		if !b.Version.PastSunset(c.AsOf) {
			continue
		}
		// A binding that it inherits and that stood before is its class's or
		// organization's concern.
		own := lc.FromDocument(b.Version.Set.Name)
		if own || !lc.stood {
			c.sunset(&lc.Meta, b, lc.changed, out)
		}
	}
	for i, b := range lc.APIs {
		for _, x := range c.conflicts[b.Version] {
			for _, other := range lc.APIs[:i] {
				if other.Version == x.with {
					out.Fault(&lc.Meta, diag.New(diag.CRDConflict, b.Pos, "%s and %s define %s differently", other.Version, b.Version, x.crd).
						See(other.Pos, "%s is bound here", other.Version).
						See(diag.Position{File: x.file}, "%s has it here", b.Version).
						See(diag.Position{File: x.withFile}, "%s has it here", x.with).
						Suggest("bind versions that define it alike"), "it can't be placed anew")
				}
			}
		}
	}
}

// channels reports the channels that moved to versions that organizations do not offer,
// once for each offer: those that had bound another version by them stay at it.
func (c *checker) channels() {
	type move struct {
		offer   *tenancy.Offer
		version *tenancy.APIVersion
		channel string
	}
	stay := map[move][]*tenancy.LogicalCluster{}
	var moves []move
	for _, lc := range c.t.LogicalClusters {
		for _, b := range lc.APIs {
			if b.Refused == nil {
				continue
			}
			m := move{lc.Org.Offers.Refusing(func(o *tenancy.Offer) bool { return o.API(b.Refused) }), b.Refused, b.Requested}
			if stay[m] == nil {
				moves = append(moves, m)
			}
			stay[m] = append(stay[m], lc)
		}
	}
	for _, m := range moves {
		lcs, o, set := stay[m], m.offer.Organization, m.version.Set
		who := lcs[0].Key + " stays"
		if n := len(lcs) - 1; n > 0 {
			who = fmt.Sprintf("%s and %d more stay", lcs[0].Key, n)
		}
		c.found.Add(&o.Meta, diag.New(diag.ChannelNotOffered, o.At("offers", "apis"), "channel %s of API set %s names %s, which %s does not offer: %s at the version bound before",
			m.channel, set.Name, m.version.Name, o.Path, who).
			See(set.At("channels", m.channel), "the channel moved here").
			Suggest("offer %s, or move the channel back", m.version))
	}
}

func apiNotOffered(who string, b tenancy.Binding, above *tenancy.Offer) diag.Diagnostic {
	return diag.New(diag.APINotOffered, b.Pos, "%s binds %s, which %s does not offer", who, b.Version, above.Organization.Path).
		See(above.Organization.At("offers", "apis"), "the offer of %s stands here", above.Organization.Path).
		Suggest("bind what is offered, or ask the owners of %s to offer it", above.Organization.Path)
}

// sunsets judges the bindings that a class or an organization's defaults make.
func (c *checker) sunsets(m *document.Meta, bindings []tenancy.Binding) {
	for _, b := range bindings {
		if b.Version.PastSunset(c.AsOf) {
			c.sunset(m, b, c.History.Changed(m), &c.found)
		}
	}
}

// sunset reports a binding past the last day of its version. Whoever stands
// there unchanged is warned only: a date that passes breaks nobody.
func (c *checker) sunset(m *document.Meta, b tenancy.Binding, changed bool, out *tenancy.Findings) {
	set := b.Version.Set
	d := diag.New(diag.SunsetPassed, b.Pos, "%s can't be newly bound after %s", b.Version, b.Version.Spec.Sunset).
		See(set.At("versions", b.Version.Name, "sunset"), "its sunset stands here")
	d = set.SuggestUpgrade(d, "bind", b.Version)
	if changed {
		out.Fault(m, d, "the binding stays for now")
		return
	}
	d.Severity = diag.Warning
	out.Add(m, d)
}
