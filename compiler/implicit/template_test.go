package implicit

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"
)

var somebody = &Values{
	Organization: "acme/payments", OrganizationLabel: "acme.payments",
	LogicalCluster: "acme/payments/prod", LogicalClusterLabel: "acme.payments.prod",
	Namespace: "acme-payments-prod", Region: "eu", PhysicalCluster: "eu-1", Labels: map[string]string{"env": "prod"},
}

func TestPlaceholders(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"${tenantry.dev/organization}":          "acme/payments",
		"${tenantry.dev/organization.dotted}-x": "acme.payments-x",
		"x/${tenantry.dev/logicalCluster}":      "x/acme/payments/prod",
		"${tenantry.dev/logicalCluster.dotted}": "acme.payments.prod",
		"${tenantry.dev/namespace}${tenantry.dev/region}":   "acme-payments-prodeu",
		"${tenantry.dev/physicalCluster}":                   "eu-1",
		"${tenantry.dev/labels.env}":                        "prod",
		"$${tenantry.dev/region}":                           "${tenantry.dev/region}",
		"a $${tenantry.dev/ b ${tenantry.dev/region}":       "a ${tenantry.dev/ b eu",
		"${HOME} $(X) {{ .Values.x }} ${tenantry} $$ ${":    "${HOME} $(X) {{ .Values.x }} ${tenantry} $$ ${",
		"${x:-${tenantry.dev/region}}":                      "${x:-eu}",
		"${tenantry.dev/region}${tenantry.dev/labels.none}": "eu",
	} {
		text, problem := parseText(in)
		if problem != "" {
			t.Errorf("%q: %s", in, problem)
		} else if got := text.fill(somebody); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"${tenantry.dev/}":               "there is no placeholder ${tenantry.dev/}",
		"${tenantry.dev/Region}":         "there is no placeholder ${tenantry.dev/Region}",
		"${tenantry.dev/labels.}":        "there is no placeholder",
		"${tenantry.dev/namespace.name}": "there is no placeholder",
		"x ${tenantry.dev/region":        "has no end",
	} {
		if _, problem := parseText(in); !strings.Contains(problem, want) {
			t.Errorf("%q: %q, want %q", in, problem, want)
		}
	}
}

// What holds no opening reads as it stands, whatever else it holds.
func TestTextWithoutPlaceholdersIsLeftAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[${}./a-z]{0,30}`)).Filter(func(s string) bool { return !strings.Contains(s, opening) }).Draw(t, "text")
		got, problem := parseText(s)
		if problem != "" || got.templated() || got.fill(somebody) != s {
			t.Fatalf("%q gives %q, %s", s, got.fill(somebody), problem)
		}
	})
}

// What is valid for the samples of a text is valid whatever it comes to.
func TestSamplesStandForAll(t *testing.T) {
	name := rapid.StringMatching(`[a-z0-9]([a-z0-9]|-[a-z0-9]){0,19}`)
	dotted := rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(name, 1, 6).Draw(t, "names"), ".")
		if len(s) > 63 {
			s = strings.TrimRight(s[:41], "-.") + "--0123456789abcdef0123"
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			if rapid.Bool().Draw(t, "literal") {
				in.WriteString(rapid.StringMatching(`[-a-z0-9.A_]{0,20}`).Draw(t, "text"))
				continue
			}
			names := []string{"labels.env"}
			for _, f := range fields {
				names = append(names, f.name)
			}
			in.WriteString(opening + rapid.SampledFrom(names).Draw(t, "field") + "}")
		}
		v := &Values{Organization: "acme/" + name.Draw(t, "o"), OrganizationLabel: dotted.Draw(t, "O"),
			LogicalCluster: "acme/" + name.Draw(t, "l"), LogicalClusterLabel: dotted.Draw(t, "L"),
			Namespace: name.Draw(t, "ns"), Region: name.Draw(t, "r"), PhysicalCluster: name.Draw(t, "c"),
			Labels: map[string]string{"env": rapid.StringMatching(`([a-zA-Z0-9]([a-zA-Z0-9_.-]{0,8}[a-zA-Z0-9])?)?`).Draw(t, "env")}}
		text, problem := parseText(in.String())
		if problem != "" {
			t.Fatal(problem)
		}
		for kind, check := range map[string]func(string) []string{
			"name": validation.IsDNS1123Subdomain, "label": validation.IsValidLabelValue, "namespace": validation.IsDNS1123Label,
		} {
			valid := true
			for _, s := range text.samples() {
				valid = valid && len(check(s)) == 0
			}
			if got := text.fill(v); valid && len(check(got)) > 0 {
				t.Fatalf("%q is a %s by its samples, and comes to %q: %v", in.String(), kind, got, check(got))
			}
		}
	})
}
