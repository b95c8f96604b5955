package hold_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTextsAreBounded states that a directory has at most one text for each document in
// error, and the latest, however many errors came and went, and one text when the last is
// mended. It is as with documents that a comprehension makes, where an error is in all.
func TestTextsAreBounded(t *testing.T) {
	const documents, builds = 4, 24
	for _, way := range []string{"literal", "made"} {
		random := rand.New(rand.NewPCG(1, 2))
		o := newOrganization("acme")
		b := newBuilder(t)
		in := func(cpu []int, wrong []bool) map[string]string {
			var lines []string
			for i := range documents {
				more := ""
				if wrong[i] {
					more = `, nonsens: "x"`
				}
				key, body := fmt.Sprintf("acme/t/d%d", i), fmt.Sprintf("class: \"acme\", regions: [\"eu\"], quota: cpu: %d%s", cpu[i], more)
				if way == "made" {
					lines = append(lines, fmt.Sprintf("for k in [%q] {logicalClusters: (k): {%s}}", key, body))
				} else {
					lines = append(lines, fmt.Sprintf("logicalClusters: %q: {%s}", key, body))
				}
			}
			return join(platform, o.files(), map[string]string{
				"orgs/acme/t/team.cue": "package tenancy\n\norganizations: \"acme/t\": {}\n",
				"orgs/acme/t/docs.cue": "package tenancy\n\n" + strings.Join(lines, "\n") + "\n",
			})
		}
		cpu, wrong := []int{1, 1, 1, 1}, make([]bool, documents)
		base := b.build(in(cpu, wrong), nil)
		base.clean(t, "the first build")
		last, most := base, 0
		for build := range builds {
			cpu[random.IntN(documents)] = 1 + random.IntN(30)
			wrong[random.IntN(documents)] = random.IntN(3) > 0
			last = b.build(in(cpu, wrong), last)
			open := 0
			for _, is := range wrong {
				if is {
					open++
				}
			}
			if way == "made" && open > 0 {
				open = documents // whoever makes one document may make all
			}
			n := len(last.pins.Texts["orgs/acme/t"])
			most = max(most, n)
			if n > open+1 {
				t.Errorf("%s, build %d: %d documents are in error, and %d texts are kept", way, build, open, n)
			}
		}
		if most < 3 {
			t.Errorf("%s: there never were more than %d texts", way, most)
		}
		last = b.build(in(cpu, make([]bool, documents)), last)
		last.clean(t, way+", mended")
		if n := len(last.pins.Texts["orgs/acme/t"]); n != 1 {
			t.Errorf("%s, mended: %d texts are kept", way, n)
		}
		never := newBuilder(t).build(in(cpu, make([]bool, documents)), base)
		if !maps.Equal(never.texts, last.texts) {
			t.Errorf("%s, mended: the pins are not those of a history without errors", way)
		}
	}
}
