package impact

import (
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// changeID tells changes apart.
type changeID struct{ kind, set, dir, channel, from, to string }

type setID struct{ name, dir string }

// difference is the work on two sides.
type difference struct {
	before, after Side
	comparer      *Comparer
	changes       map[changeID]*Change
	was, is       map[setID]*tenancy.APISet
}

func index(t *tenancy.Tenancy) map[setID]*tenancy.APISet {
	out := map[setID]*tenancy.APISet{}
	for _, set := range t.APISets {
		out[setID{set.Name, dirOf(set)}] = set
	}
	return out
}

// bindable returns the version that can be bound under a name of the set; nil
// where there is none. The set may be nil.
func bindable(set *tenancy.APISet, name string) *tenancy.APIVersion {
	if set == nil {
		return nil
	}
	v := set.Find(name)
	if v == nil || v.Spec.Lifecycle == schema.Removed {
		return nil
	}
	return v
}

// sets compares the API sets themselves.
func (d *difference) sets() {
	d.was, d.is = index(d.before.Tenancy), index(d.after.Tenancy)
	for id, was := range d.was {
		d.versions(was, d.is[id])
		d.channels(was, d.is[id])
	}
	for id, is := range d.is {
		was := d.was[id]
		for _, v := range is.Versions {
			if bindable(is, v.Name) != nil && bindable(was, v.Name) == nil {
				d.change(Added, "", nil, v)
			}
		}
	}
}

// versions compares the versions that a set had with what they are; is may be nil.
func (d *difference) versions(was, is *tenancy.APISet) {
	for _, v := range was.Versions {
		old, new := bindable(was, v.Name), bindable(is, v.Name)
		switch {
		case old == nil:
		case new == nil:
			d.change(Removed, "", old, nil)
		case d.differ(old, new):
			d.change(Edited, "", old, new)
		}
	}
}

// channels compares the channels that a set had with what they are; is may be nil.
func (d *difference) channels(was, is *tenancy.APISet) {
	for channel, target := range was.Spec.Channels {
		old, new := bindable(was, channel), bindable(is, channel)
		if old == nil || new != nil && new.Name == target || is != nil && is.Find(channel) != nil && new == nil {
			continue // it stays, or its version is removed, which is said of the version
		}
		d.change(Moved, channel, old, new)
	}
}

// differ reports whether two versions give something else.
func (d *difference) differ(old, new *tenancy.APIVersion) bool {
	return len(d.comparer.Changes(Of(old), Of(new))) > 0
}

// change returns the change from one version to another, one of which may be nil.
func (d *difference) change(kind, channel string, old, new *tenancy.APIVersion) *Change {
	c := Change{Kind: kind, Channel: channel}
	var promise schema.Promise
	at := func(v *tenancy.APIVersion) {
		c.Set, c.Dir, promise = v.Set.Name, dirOf(v.Set), v.Set.Spec.Promise
		if c.Position = v.Set.At("versions", v.Name); channel != "" {
			c.Position = v.Set.At("channels", channel)
		}
	}
	if old != nil {
		c.From, c.Old = old.Name, Of(old)
		at(old)
	}
	if new != nil {
		c.To, c.New = new.Name, Of(new)
		at(new)
	}
	id := changeID{kind, c.Set, c.Dir, channel, c.From, c.To}
	if have := d.changes[id]; have != nil {
		return have
	}
	c.Report = evolution.NewReport(d.comparer.Changes(c.Old, c.New), promise)
	d.changes[id] = &c
	return &c
}

// bindings finds whom the changes reach.
func (d *difference) bindings() {
	renamed := map[string]*tenancy.LogicalCluster{}
	for _, lc := range d.after.Tenancy.LogicalClusters {
		for _, key := range d.after.Tenancy.FormerKeys(lc) {
			renamed[key] = lc
		}
	}
	type pair struct{ old, new *tenancy.APIVersion }
	equal := map[pair]bool{}
	for _, was := range d.before.Tenancy.LogicalClusters {
		is := d.after.Tenancy.LogicalCluster(was.Key)
		if is == nil {
			is = renamed[was.Key]
		}
		if is == nil || was.State == schema.Deleted || is.State == schema.Deleted {
			continue
		}
		for _, old := range was.APIs {
			new := bindingOf(is, old.Version.Set.Name)
			p := pair{old.Version, new.Version}
			same, known := equal[p]
			if !known {
				same = p.new != nil && !d.differ(p.old, p.new)
				equal[p] = same
			}
			if !same {
				d.reach(is, old, new)
			}
		}
	}
}

// bindingOf returns the binding of a set; a zero one where there is none.
func bindingOf(lc *tenancy.LogicalCluster, set string) tenancy.Binding {
	for _, b := range lc.APIs {
		if b.Version.Set.Name == set {
			return b
		}
	}
	return tenancy.Binding{}
}

// reach adds a logical cluster to the change that it meets.
func (d *difference) reach(is *tenancy.LogicalCluster, old, new tenancy.Binding) {
	set := old.Version.Set
	id := setID{set.Name, dirOf(set)}
	today := d.is[id]
	_, follows := set.Spec.Channels[old.Requested]
	if new.Version == nil {
		// It binds nothing: because there is nothing to bind any more, or by itself.
		r := reached(d.after, is, old)
		switch {
		case bindable(today, old.Version.Name) == nil:
			d.change(Removed, "", old.Version, nil).add(r)
		case follows && bindable(today, old.Requested) == nil:
			d.change(Moved, old.Requested, old.Version, nil).add(r)
		default:
			r.Position = diag.Position{}
			d.change(Rebound, "", old.Version, nil).add(r)
		}
		return
	}
	r := reached(d.after, is, new)
	same := new.Version.Set.Name == set.Name && dirOf(new.Version.Set) == id.dir
	switch {
	case same && new.Version.Name == old.Version.Name:
		d.change(Edited, "", old.Version, new.Version).add(r)
	case same && follows && new.Requested == old.Requested:
		d.change(Moved, old.Requested, old.Version, new.Version).add(r)
	default:
		d.change(Rebound, "", old.Version, new.Version).add(r)
	}
}

func (c *Change) add(r Reached) { c.Reached = append(c.Reached, r) }
