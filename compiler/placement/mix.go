package placement

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"k8s.io/apimachinery/pkg/version"
)

// blend are contents of one definition that a physical cluster serves at once.
type blend struct {
	contents []int32 // sorted
	// helper is a content that nobody binds and that does for those who don't go
	// together without it; nil if none is needed.
	helper *tenancy.CRD
	// obstacle is why they can't be served at once; nil if they can.
	obstacle *obstruction
}

// obstruction is why two contents can't be served at once.
type obstruction struct {
	a, b int32
	why  evolution.Obstacle
}

// other returns the content that one does not go together with.
func (o *obstruction) other(content int32) int32 {
	if o.a == content {
		return o.b
	}
	return o.a
}

func (o *obstruction) because() string {
	if o.why.Message == "" {
		return ""
	}
	return "; " + o.why.String()
}

// show adds where the two definitions stand.
func (o *obstruction) show(p *placer, d diag.Diagnostic) diag.Diagnostic {
	if o.why.Message == "" {
		return d
	}
	var keys []string
	if o.why.Path != "" {
		keys = evolution.Keys(o.why.Path)
	}
	for _, content := range []int32{o.a, o.b} {
		crd := p.crds.crd[content]
		text := definition.Definition{Text: crd.Data, Line: crd.Line}
		line, column := text.Find(o.why.Version, keys...)
		d = d.See(diag.Position{File: crd.File, Line: line, Column: column}, "%s says so here", p.crds.info[content])
	}
	return d
}

// with returns the mix of one and a further content, or what stands against it.
func (d *definitions) with(one, further int32) (int32, *obstruction) {
	have := d.mixes[one].contents
	if slices.Contains(have, further) {
		return one, nil
	}
	return d.mix(append(slices.Clip(have), further))
}

// mix returns the mix of contents, or what stands against it.
func (d *definitions) mix(contents []int32) (int32, *obstruction) {
	contents = slices.Sorted(slices.Values(contents))
	key := make([]byte, 0, 4*len(contents))
	for _, c := range contents {
		key = binary.LittleEndian.AppendUint32(key, uint32(c))
	}
	i, ok := d.mixed[string(key)]
	if !ok {
		i = int32(len(d.mixes))
		d.mixed[string(key)] = i
		m := blend{contents: contents}
		m.obstacle = d.obstruct(&m)
		d.mixes = append(d.mixes, m)
	}
	return i, d.mixes[i].obstacle
}

// obstruct returns what stands against serving the contents at once.
func (d *definitions) obstruct(m *blend) *obstruction {
	if len(m.contents) == 1 {
		return nil
	}
	for _, c := range m.contents[1:] {
		// API sets change without regard to each other.
		if first := m.contents[0]; d.info[c].Set != d.info[first].Set || d.crd[c].Definition == nil || d.crd[first].Definition == nil {
			return &obstruction{a: first, b: c}
		}
	}
	members, order := d.members(m)
	managed := slices.ContainsFunc(m.contents, func(c int32) bool { return d.crd[c].Managed })
	try := func(members []evolution.Member) []evolution.Obstacle {
		if !managed {
			return evolution.Joinable(members)
		}
		_, obstacles := evolution.Merge(members, evolution.Stored{})
		return obstacles
	}
	obstacles := try(members)
	if len(obstacles) == 0 {
		return nil
	}
	for _, v := range newestFirst(d.info[m.contents[0]].Set.Versions) {
		for _, r := range v.Resources {
			if r.CRD == nil || r.CRD.Name != d.crd[m.contents[0]].Name || r.CRD.Definition == nil ||
				slices.ContainsFunc(m.contents, func(c int32) bool { return d.crd[c].Digest == r.CRD.Digest }) {
				continue
			}
			helper := evolution.Member{Definition: r.CRD.Definition, Promise: v.Set.Spec.Promise}
			if len(try(append(slices.Clip(members), helper))) == 0 {
				m.helper = r.CRD
				return nil
			}
		}
	}
	why := obstacles[0]
	return &obstruction{order[why.A], order[why.B], why}
}

// members returns the contents as definitions to be merged, the newest first, and
// the contents in that order.
func (d *definitions) members(m *blend) ([]evolution.Member, []int32) {
	order := slices.Clone(m.contents)
	slices.SortStableFunc(order, func(a, b int32) int { return newer(d.info[a], d.info[b]) })
	members := make([]evolution.Member, len(order))
	for i, c := range order {
		members[i] = evolution.Member{Definition: d.crd[c].Definition, Promise: d.info[c].Set.Spec.Promise}
	}
	return members, order
}

func newestFirst(versions []*tenancy.APIVersion) []*tenancy.APIVersion {
	return slices.SortedFunc(slices.Values(versions), newer)
}

// newer orders versions of an API set as Kubernetes orders versions: v2 before
// v1, and that before v1beta1.
func newer(a, b *tenancy.APIVersion) int {
	return cmp.Or(version.CompareKubeAwareVersionStrings(b.Name, a.Name), strings.Compare(a.Name, b.Name))
}
