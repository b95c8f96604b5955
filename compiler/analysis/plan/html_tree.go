package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// orgTree is the organizations that a plan speaks of, each before those below
// it. Everything below one therefore has numbers in one range, and an item is
// found by comparing numbers, however many logical clusters it stands for.
type orgTree struct {
	Roots  []*orgNode
	Folded int // organizations that the tree has no room for
	ids    map[string]int
	nodes  []*orgNode
}

type orgNode struct {
	Name, Path  string
	First, Last int // the numbers of the organization and those below
	// Added, Changed and Gone count the logical clusters below.
	Added, Changed, Gone int
	Below                []*orgNode
}

// treeLimit is how many organizations the tree shows.
const treeLimit = 2000

func (p *Plan) orgTree() *orgTree {
	paths := map[string]bool{}
	see := func(key string) {
		for dir := path.Dir(key); dir != "." && dir != "/" && !paths[dir]; dir = path.Dir(dir) {
			paths[dir] = true
		}
	}
	for i := range p.LogicalClusters {
		for _, key := range p.LogicalClusters[i].Keys {
			see(key)
		}
		see(p.LogicalClusters[i].Formerly)
	}
	for i := range p.Access {
		for _, place := range p.Access[i].In {
			see(place.LogicalCluster)
		}
	}
	for i := range p.Objects {
		for j := range p.Objects[i].Changes {
			for _, o := range p.Objects[i].Changes[j].Objects {
				see(o.LogicalCluster)
			}
		}
	}
	for i := range p.Documents {
		see(p.Documents[i].of())
	}
	for i := range p.APIs {
		for _, key := range p.APIs[i].LogicalClusters {
			see(key)
		}
	}
	for i := range p.Implicit {
		for _, key := range p.Implicit[i].keys() {
			see(key)
		}
	}
	if p.Policy != nil {
		for i := range p.Policy.Limits {
			for j := range p.Policy.Limits[i].Details {
				for _, key := range p.Policy.Limits[i].Details[j].LogicalClusters {
					see(key)
				}
			}
		}
		for i := range p.Policy.Judgements {
			see(p.Policy.Judgements[i].LogicalCluster)
		}
	}
	if p.Cost != nil {
		for i := range p.Cost.Rows {
			see(p.Cost.Rows[i].Key)
		}
	}
	t := &orgTree{ids: map[string]int{}}
	sorted := slices.Collect(maps.Keys(paths))
	slices.SortFunc(sorted, func(a, b string) int { return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) })
	var open []*orgNode // from a root to the last one
	for i, name := range sorted {
		n := &orgNode{Name: path.Base(name), Path: name, First: i, Last: i}
		t.ids[name] = i
		t.nodes = append(t.nodes, n)
		for len(open) > 0 && !strings.HasPrefix(name, open[len(open)-1].Path+"/") {
			open = open[:len(open)-1]
		}
		for _, above := range open {
			above.Last = i
		}
		if len(open) == 0 {
			t.Roots = append(t.Roots, n)
		} else {
			above := open[len(open)-1]
			above.Below = append(above.Below, n)
		}
		open = append(open, n)
	}
	for i := range p.LogicalClusters {
		l := &p.LogicalClusters[i]
		for _, key := range l.Keys {
			for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
				n := t.nodes[t.ids[dir]]
				switch signs[l.Action] {
				case "+":
					n.Added++
				case "-", "!":
					n.Gone++
				default:
					n.Changed++
				}
			}
		}
	}
	t.fold()
	return t
}

// fold leaves the deepest levels away until the tree fits.
func (t *orgTree) fold() {
	depth := func(n *orgNode) int { return strings.Count(n.Path, "/") }
	levels := map[int]int{}
	for _, n := range t.nodes {
		levels[depth(n)]++
	}
	shown, deepest := 0, 0
	for d := 0; levels[d] > 0 && (d == 0 || shown+levels[d] <= treeLimit); d++ {
		shown, deepest = shown+levels[d], d
	}
	t.Folded = len(t.nodes) - shown
	for _, n := range t.nodes {
		if depth(n) == deepest {
			n.Below = nil
		}
	}
}

// ranges returns the numbers of the organizations of logical clusters, as "0-3 7".
func (t *orgTree) ranges(keys []string) string {
	seen := map[int]bool{}
	for _, key := range keys {
		if id, ok := t.ids[path.Dir(key)]; ok {
			seen[id] = true
		}
	}
	var b strings.Builder
	ids := slices.Sorted(maps.Keys(seen))
	for i := 0; i < len(ids); i++ {
		from := ids[i]
		for i+1 < len(ids) && ids[i+1] == ids[i]+1 {
			i++
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if fmt.Fprint(&b, from); from != ids[i] {
			fmt.Fprintf(&b, "-%d", ids[i])
		}
	}
	return b.String()
}

// of returns a name below the organization that the document belongs to.
func (d *Document) of() string {
	if d.Kind == "organizations" {
		return d.Key + "/"
	}
	if dir, ok := strings.CutPrefix(d.Dir, "orgs/"); ok {
		return dir + "/"
	}
	return ""
}
