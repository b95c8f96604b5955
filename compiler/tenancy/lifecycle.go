package tenancy

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/load"
)

// sunsets judges the bindings that a class or an organization's defaults make.
func (c *checker) sunsets(m *load.Meta, bindings []Binding) {
	for _, b := range bindings {
		if sunset(b.Version, c.asOf) {
			c.sunset(m, b, c.changed(m), &c.found)
		}
	}
}

// sunset reports a binding past the last day of its version. Whoever stands
// there unchanged is warned only: a date that passes breaks nobody.
func (c *checker) sunset(m *load.Meta, b Binding, changed bool, out *findings) {
	set := b.Version.Set
	d := diag.New(diag.SunsetPassed, b.Pos, "%s can't be newly bound after %s", b.Version, b.Version.Spec.Sunset).
		See(set.At("versions", b.Version.Name, "sunset"), "its sunset stands here")
	if next := set.successor(b.Version); next != nil {
		d = d.Suggest("bind %s", next.Name)
	}
	if changed {
		out.fault(m, d, "the binding stays for now")
		return
	}
	d.Severity = diag.Warning
	out.add(m, d)
}

// stood reports whether the logical cluster stands in the pins, under this key
// or an earlier one.
func (c *checker) stood(lc *LogicalCluster) bool {
	if c.former[lc.Key] {
		return true
	}
	for _, key := range lc.Spec.Formerly {
		if c.former[key] {
			return true
		}
	}
	return false
}

// names refuses names that would collide with others' on a physical cluster.
func (c *checker) names() {
	for _, o := range c.t.Organizations {
		if o.Parent == nil && o.Missing == nil && reserved(o.Path) {
			c.found.fault(&o.Meta, diag.New(diag.ReservedName, o.Pos, "an organization at the top can't be named %s", o.Path).
				Suggest("choose a name that begins otherwise"), "it stays")
		}
	}
}

func reserved(name string) bool {
	switch name {
	case "kube", "openshift", "default", "tenantry", "flux-system", "argocd":
		return true
	}
	for _, prefix := range []string{"kube-", "openshift-", "tenantry-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// formerly checks that nobody takes over what somebody else has or claims.
func (c *checker) formerly() {
	orgs := claims{c: c, stands: func(key string) *load.Meta {
		if o := c.t.Organization(key); o != nil && o.Missing != o {
			return &o.Meta
		}
		return nil
	}}
	for _, o := range c.t.Organizations {
		orgs.check(&o.Meta, o.Spec.Formerly)
	}
	lcs := claims{c: c, stands: func(key string) *load.Meta {
		if lc := c.t.LogicalCluster(key); lc != nil {
			return &lc.Meta
		}
		return nil
	}}
	for _, lc := range c.t.LogicalClusters {
		lcs.check(&lc.Meta, lc.Spec.Formerly)
		for i, key := range lc.Spec.Formerly {
			if c.former[key] && top(key) != top(lc.Key) {
				c.found.add(&lc.Meta, diag.New(diag.FormerKeyElsewhere, lc.At("formerly", itoa(i)), "%s takes over the namespaces and data of %s, which belongs to another organization", lc.Key, key))
			}
		}
	}
}

func top(key string) string {
	name, _, _ := strings.Cut(key, "/")
	return name
}

type claim struct {
	by  *load.Meta
	pos diag.Position
}

// claims are the former keys of documents of one kind.
type claims struct {
	c      *checker
	stands func(key string) *load.Meta
	by     map[string]claim
}

func (l *claims) check(m *load.Meta, formerly []string) {
	for i, key := range formerly {
		pos := m.At("formerly", itoa(i))
		if other := l.stands(key); other != nil {
			l.c.found.fault(m, diag.New(diag.FormerKeyStands, pos, "%s still stands", key).
				See(other.Pos, "it stands here").Suggest("leave it out of formerly, or remove the other document"), "it is not taken over")
			continue
		}
		mine := claim{m, pos}
		other, taken := l.by[key]
		switch {
		case !taken:
			if l.by == nil {
				l.by = map[string]claim{}
			}
			l.by[key] = mine
			continue
		case other.by == m:
			continue // named twice
		case !l.c.changed(m) && l.c.changed(other.by):
			// Whoever was there first keeps the claim.
			l.by[key] = mine
			mine, other = other, mine
		}
		l.c.found.fault(mine.by, diag.New(diag.FormerKeyTwice, mine.pos, "%s is claimed by %s too", key, other.by).
			See(other.pos, "the other claim stands here"), "it is not taken over")
	}
}
