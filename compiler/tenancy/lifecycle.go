package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
)

// sunsets judges the bindings that a class or an organization's defaults make.
func (c *checker) sunsets(m *document.Meta, bindings []Binding) {
	for _, b := range bindings {
		if sunset(b.Version, c.asOf) {
			c.sunset(m, b, c.changed(m), &c.found)
		}
	}
}

// sunset reports a binding past the last day of its version. Whoever stands
// there unchanged is warned only: a date that passes breaks nobody.
func (c *checker) sunset(m *document.Meta, b Binding, changed bool, out *findings) {
	set := b.Version.Set
	d := diag.New(diag.SunsetPassed, b.Pos, "%s can't be newly bound after %s", b.Version, b.Version.Spec.Sunset).
		See(set.At("versions", b.Version.Name, "sunset"), "its sunset stands here")
	d = set.suggest(d, "bind", b.Version)
	if changed {
		out.fault(m, d, "the binding stays for now")
		return
	}
	d.Severity = diag.Warning
	out.add(m, d)
}

// names refuses names that would collide with others' on a physical cluster.
func (c *checker) names() {
	for _, o := range c.t.Organizations {
		if o.Parent == nil && o.Missing == nil && c.reserved(o.Path) {
			c.found.fault(&o.Meta, diag.New(diag.ReservedName, o.Pos, "an organization at the top can't be named %s", o.Path).
				Suggest("choose a name that begins otherwise"), "it stays")
		}
	}
}

func (c *checker) reserved(name string) bool {
	if slices.Contains([]string{"kube", "openshift", "default", "tenantry"}, name) || slices.Contains(c.t.Targets.Engines.Installed(), name) {
		return true
	}
	for _, prefix := range []string{"kube-", "openshift-", "tenantry-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
