package placement_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"pgregory.net/rapid"
)

func at(cluster, cut string, phase pins.Phase) pins.Site {
	return pins.Site{Cluster: cluster, Cut: cut, Phase: phase}
}

func cutsOf(lcs map[string]*pins.LogicalCluster) map[string]string {
	out := map[string]string{}
	for key, lc := range lcs {
		out[key] = lc.Cut
		for i, s := range lc.Left {
			out[fmt.Sprint(key, i)] = s.Cut
		}
	}
	return out
}

// sized returns all sites of logical clusters at which something stands.
func sized(lcs map[string]*pins.LogicalCluster, size func(key string) int) []placement.Sized {
	var out []placement.Sized
	add := func(key string, s *pins.Site) {
		if s.Phase != pins.Gone {
			out = append(out, placement.Sized{Key: key, Site: s, Objects: size(key)})
		}
	}
	for key, lc := range lcs {
		add(key, &lc.Site)
		for i := range lc.Left {
			add(key, &lc.Left[i])
		}
	}
	return out
}

func TestCut(t *testing.T) {
	lcs := map[string]*pins.LogicalCluster{
		"a": {Site: at("eu-1", "", pins.Present)},
		"b": {Site: at("eu-1", "", pins.Present)},
		"c": {Site: at("eu-1", "", pins.Present)},
		"d": {Site: at("eu-2", "", pins.Present), Left: []pins.Site{at("eu-1", "", pins.Leaving)}},
		"e": {Site: at("eu-1", "", pins.Gone)},
	}
	sizes := map[string]int{"a": 50, "b": 40, "c": 30, "d": 10, "e": 10}
	size := func(key string) int { return sizes[key] }
	if found := placement.Cut(sized(lcs, size), lcs, 100); len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
	want := map[string]string{"a": "c0001", "b": "c0002", "c": "c0001", "d": "c0001", "d0": "c0002", "e": ""}
	if diff := cmp.Diff(want, cutsOf(lcs)); diff != "" {
		t.Error(diff)
	}
	// Whatever grows or comes, nobody changes cuts.
	sizes["a"] = 90
	lcs["aa"] = &pins.LogicalCluster{Site: at("eu-1", "", pins.Present)}
	sizes["aa"] = 31
	found := placement.Cut(sized(lcs, size), lcs, 100)
	want["aa"] = "c0003"
	if diff := cmp.Diff(want, cutsOf(lcs)); diff != "" {
		t.Error(diff)
	}
	if len(found) != 1 || found[0].Message != "cut c0001 of eu-1 holds 120 objects, more than settings.gitops.cut, which is 100" {
		t.Errorf("findings: %v", found)
	}
}

func TestNumbersOfCutsAreNotReused(t *testing.T) {
	lcs := map[string]*pins.LogicalCluster{
		"gone": {Site: at("eu-1", "c0007", pins.Gone)},
		"new":  {Site: at("eu-1", "", pins.Present)},
	}
	placement.Cut(sized(lcs, func(string) int { return 1 }), lcs, 100)
	if got := lcs["new"].Cut; got != "c0008" {
		t.Errorf("have %s", got)
	}
}

// A new site is never put where it overfills, always into the first cut with
// room, and a size beyond all measure gets a cut of its own.
func TestCutIsFirstFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 50
		lcs := map[string]*pins.LogicalCluster{}
		sizes := map[string]int{}
		var order []string
		for i, n := range rapid.SliceOfN(rapid.IntRange(1, 60), 1, 60).Draw(t, "sizes") {
			key := fmt.Sprintf("lc%02d", i)
			lcs[key], sizes[key] = &pins.LogicalCluster{Site: at("eu-1", "", pins.Present)}, n
			order = append(order, key)
		}
		placement.Cut(sized(lcs, func(key string) int { return sizes[key] }), lcs, most)
		var sums []int
		for _, key := range order {
			k := 0
			for k < len(sums) && sums[k]+sizes[key] > most*4/5 {
				k++
			}
			if k == len(sums) {
				sums = append(sums, 0)
			}
			sums[k] += sizes[key]
			if want := fmt.Sprintf("c%04d", k+1); lcs[key].Cut != want {
				t.Fatalf("%s: have %s, want %s", key, lcs[key].Cut, want)
			}
		}
	})
}
