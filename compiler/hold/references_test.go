package hold_test

import (
	"fmt"
	"testing"
)

// TestWhatRefersToAnErrorStays states that a document which takes something from another one of
// its directory does not get what that one says in an edit that is in error, in whichever way
// it takes it; and that it does when the error is mended.
func TestWhatRefersToAnErrorStays(t *testing.T) {
	for name, reference := range map[string]string{
		"field":         `access: logicalClusters["acme/t/a"].access`,
		"loop":          `access: {for s, r in logicalClusters["acme/t/a"].access {(s): r}}`,
		"condition":     `if logicalClusters["acme/t/a"].quota.cpu > 4 {access: "group:new": "admin"}`,
		"interpolation": `labels: size: "s\(logicalClusters["acme/t/a"].quota.cpu)"`,
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization("acme")
			in := func(giver string) map[string]string {
				return join(platform, o.files(), map[string]string{
					"orgs/acme/t/team.cue": "package tenancy\n\norganizations: \"acme/t\": {}\n",
					"orgs/acme/t/docs.cue": fmt.Sprintf("package tenancy\n\nlogicalClusters: \"acme/t/a\": {class: \"acme\", regions: [\"eu\"], %s}\n"+
						"logicalClusters: \"acme/t/b\": {class: \"acme\", regions: [\"eu\"], %s}\n", giver, reference),
				})
			}
			const was, is = `quota: cpu: 1, access: "group:old": "view"`, `quota: cpu: 9, access: {"group:old": "view", "group:new": "admin"}`
			b := newBuilder(t)
			first := b.build(in(was), nil)
			first.clean(t, "the first build")
			for _, mistake := range []string{`apis: nosuch: "v1"`, `nonsens: "x"`, `budget: "much"`, `formerly: ["acme/t/a"]`} {
				wrong := b.build(in(is+", "+mistake), first)
				if len(wrong.errors) == 0 {
					t.Fatalf("%s is no mistake", mistake)
				}
				if wrong.states["acme/t/b"] != first.states["acme/t/b"] {
					t.Errorf("%s in the other: access %s, was %s", mistake, wrong.subjects["acme/t/b"], first.subjects["acme/t/b"])
				}
				mended := b.build(in(is), wrong)
				mended.clean(t, "mended")
				if mended.states["acme/t/b"] == first.states["acme/t/b"] {
					t.Error("mended, it does not get what it refers to")
				}
			}
		})
	}
}
