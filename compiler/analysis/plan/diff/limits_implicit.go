package diff

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/schema"
)

// implicit marks implicit documents that give somebody access by what was
// accepted, and those whose changes wait no more, or do now. That logical clusters
// which newly match get what everybody has is growth.
func (l *limits) implicit(accesses []granted) {
	for id, d := range l.by {
		if id.Kind != schema.KindImplicit {
			continue
		}
		for i := range d.Fields {
			f := &d.Fields[i]
			switch {
			case f.Elements[0] != "locked":
			case f.After == true:
				l.add(limitLock, implicit.Ref(d.Dir, d.Key), change.Tightens, "its changes wait until they are accepted", []change.Cause{f.Cause(d)})
			default:
				l.add(limitLock, implicit.Ref(d.Dir, d.Key), change.Loosens, "its changes no longer wait until they are accepted", []change.Cause{f.Cause(d)})
			}
		}
	}
	for i := range accesses {
		a := &accesses[i]
		if a.Change == change.Loses {
			continue
		}
		for _, s := range a.sources {
			if s.Implicit == "" {
				continue
			}
			d := l.implicitDocument(s.Implicit)
			if d == nil {
				continue
			}
			detail := l.add(limitImplicit, s.Implicit, change.Loosens, a.Subject+" gains "+s.Role, d.Causes())
			for _, in := range a.In {
				if !slices.Contains(detail.LogicalClusters, in.LogicalCluster) {
					detail.LogicalClusters = append(detail.LogicalClusters, in.LogicalCluster)
				}
			}
		}
	}
}

// implicitDocument returns the implicit document of a name, if it differs.
func (c *comparison) implicitDocument(ref string) *change.Document {
	for id, d := range c.by {
		if id.Kind == schema.KindImplicit && implicit.Ref(d.Dir, d.Key) == ref {
			return d
		}
	}
	return nil
}
