package report

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// nodes are the directories of a Tree, each before those below it. Everything
// below one therefore has numbers in one range, and an item is found by comparing
// numbers, however many keys it stands for.
type nodes struct {
	Roots  []*node
	Folded int // directories that the tree has no room for
	ids    map[string]int
	all    []*node
}

type node struct {
	Name, Path  string
	First, Last int // the numbers of the directory and those below
	// Added, Changed and Gone count the leaves below.
	Added, Changed, Gone int
	Below                []*node
}

// treeLimit is how many directories the tree shows.
const treeLimit = 2000

func newNodes(of *Tree) *nodes {
	paths := map[string]bool{}
	for _, key := range of.Keys {
		for dir := path.Dir(key); dir != "." && dir != "/" && !paths[dir]; dir = path.Dir(dir) {
			paths[dir] = true
		}
	}
	t := &nodes{ids: map[string]int{}}
	sorted := slices.Collect(maps.Keys(paths))
	slices.SortFunc(sorted, func(a, b string) int { return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) })
	var open []*node // from a root to the last one
	for i, name := range sorted {
		n := &node{Name: path.Base(name), Path: name, First: i, Last: i}
		t.ids[name] = i
		t.all = append(t.all, n)
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
	t.count(of.Leaves)
	t.fold()
	return t
}

// count counts leaves in all directories above them.
func (t *nodes) count(leaves []Leaf) {
	for i := range leaves {
		for dir := path.Dir(leaves[i].Key); dir != "."; dir = path.Dir(dir) {
			n := t.all[t.ids[dir]]
			switch leaves[i].Sign {
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

// fold leaves the deepest levels away until the tree fits.
func (t *nodes) fold() {
	depth := func(n *node) int { return strings.Count(n.Path, "/") }
	levels := map[int]int{}
	for _, n := range t.all {
		levels[depth(n)]++
	}
	shown, deepest := 0, 0
	for d := 0; levels[d] > 0 && (d == 0 || shown+levels[d] <= treeLimit); d++ {
		shown, deepest = shown+levels[d], d
	}
	t.Folded = len(t.all) - shown
	for _, n := range t.all {
		if depth(n) == deepest {
			n.Below = nil
		}
	}
}

// ranges returns the numbers of the directories of keys, as "0-3 7".
func (t *nodes) ranges(keys []string) string {
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
