package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// FormerKeys returns the keys that a logical cluster had under its own former
// names and those of the organizations above it, sorted. formerly returns the
// former paths of an organization.
func FormerKeys(key string, own []string, formerly func(organization string) []string) []string {
	out := append([]string{key}, own...)
	for path := parentPath(key); path != ""; path = parentPath(path) {
		for _, former := range formerly(path) {
			for _, k := range out {
				if rest, ok := strings.CutPrefix(k, path+"/"); ok {
					out = append(out, former+"/"+rest)
				}
			}
		}
	}
	out = slices.DeleteFunc(out, func(k string) bool { return k == key })
	slices.Sort(out)
	return slices.Compact(out)
}

// formerKeys returns all keys that a logical cluster had before.
func (c *checker) formerKeys(lc *LogicalCluster) []string {
	if len(lc.Spec.Formerly) == 0 && !c.renamed[lc.Org] {
		return nil
	}
	return FormerKeys(lc.Key, lc.Spec.Formerly, func(path string) []string { return c.t.Organization(path).Spec.Formerly })
}

// stood reports whether the logical cluster stands in the pins, under this key
// or an earlier one.
func (c *checker) stood(lc *LogicalCluster) bool {
	return c.former[lc.Key] || slices.ContainsFunc(c.formerKeys(lc), func(key string) bool { return c.former[key] })
}

// formerly checks that nobody takes over what somebody else has or claims.
func (c *checker) formerly() {
	c.renamed = map[*Organization]bool{}
	orgs := claims{c: c, stands: func(key string) *document.Meta {
		if o := c.t.Organization(key); o != nil && !o.Held { // a held one may well be the one that was renamed
			return &o.Meta
		}
		return nil
	}}
	for _, o := range c.t.Organizations {
		if len(o.Spec.Formerly) > 0 || c.renamed[o.Parent] {
			c.renamed[o] = true
		}
		for i, key := range o.Spec.Formerly {
			pos := o.At("formerly", itoa(i))
			if !orgs.stand(&o.Meta, key, pos) {
				orgs.claim(&o.Meta, key, pos)
			}
			// One at the top has no other way to be renamed.
			if o.Parent != nil && top(key) != top(o.Path) && c.stoodBelow(key) {
				c.found.add(&o.Meta, diag.New(diag.FormerKeyElsewhere, pos, "%s takes over the namespaces and data of all that stood below %s, which is another organization", o.Path, key))
			}
		}
	}
	lcs := claims{c: c, stands: func(key string) *document.Meta {
		if lc := c.t.LogicalCluster(key); lc != nil {
			return &lc.Meta
		}
		return nil
	}}
	for _, lc := range c.t.LogicalClusters {
		own := lc.Spec.Formerly
		deleted := lc.State == schema.Deleted && !c.former[lc.Key]
		if deleted {
			c.takesToDelete(lc)
		}
		for _, key := range c.formerKeys(lc) {
			pos := lc.Pos
			if i := slices.Index(own, key); i >= 0 {
				pos = lc.At("formerly", itoa(i))
				if !deleted {
					c.elsewhere(lc, key, pos)
				}
			}
			// Who has a place of their own, or wants none, keeps nobody from theirs.
			if !lcs.stand(&lc.Meta, key, pos) && !deleted && !c.former[lc.Key] {
				lcs.claim(&lc.Meta, key, pos)
			}
		}
		if i := slices.Index(own, lc.Key); i >= 0 {
			lcs.stand(&lc.Meta, lc.Key, lc.At("formerly", itoa(i)))
		}
	}
}

// takesToDelete refuses a document that would take over what somebody has only
// to delete it: what is deleted is deleted under its own key.
func (c *checker) takesToDelete(lc *LogicalCluster) {
	for _, key := range c.formerKeys(lc) {
		if c.former[key] {
			c.found.fault(&lc.Meta, diag.New(diag.FormerKeyDeleted, lc.At("formerly"), "%s would take over %s to delete it", lc.Key, key).
				Suggest("say state: \"deleted\" in the document of %s", key), "it is not taken over")
		}
	}
}

// elsewhere warns where a logical cluster takes over from an organization that
// is not an earlier name of its own.
func (c *checker) elsewhere(lc *LogicalCluster, key string, pos diag.Position) {
	if !c.former[key] || top(key) == top(lc.Key) {
		return
	}
	renamed := FormerKeys(lc.Key, nil, func(path string) []string { return c.t.Organization(path).Spec.Formerly })
	if slices.ContainsFunc(renamed, func(k string) bool { return top(k) == top(key) }) {
		return
	}
	c.found.add(&lc.Meta, diag.New(diag.FormerKeyElsewhere, pos, "%s takes over the namespaces and data of %s, which belongs to another organization", lc.Key, key))
}

// top returns the name of the organization at the top.
func top(key string) string {
	name, _, _ := strings.Cut(key, "/")
	return name
}

// stoodBelow reports whether a logical cluster below the path stands in the pins.
func (c *checker) stoodBelow(path string) bool {
	for key, stands := range c.former {
		if stands && strings.HasPrefix(key, path+"/") {
			return true
		}
	}
	return false
}

type claim struct {
	by  *document.Meta
	pos diag.Position
}

// claims are the former keys of documents of one kind.
type claims struct {
	c      *checker
	stands func(key string) *document.Meta
	by     map[string]claim
}

// stand reports whether somebody stands under the key. That is no matter where
// the claiming document has not changed: whatever it took over, it took over long
// ago.
func (l *claims) stand(m *document.Meta, key string, pos diag.Position) bool {
	other := l.stands(key)
	if other != nil && l.c.changed(m) {
		l.c.found.fault(m, diag.New(diag.FormerKeyStands, pos, "%s still stands", key).
			See(other.Pos, "it stands here").Suggest("leave it out of formerly, or remove the other document"), "it is not taken over")
	}
	return other != nil
}

// claim enters a document's claim.
func (l *claims) claim(m *document.Meta, key string, pos diag.Position) {
	mine := claim{m, pos}
	other, taken := l.by[key]
	switch {
	case !taken:
		if l.by == nil {
			l.by = map[string]claim{}
		}
		l.by[key] = mine
		return
	case other.by == m:
		return // named twice
	case !l.c.changed(m) && l.c.changed(other.by):
		// Whoever was there first keeps the claim.
		l.by[key] = mine
		mine, other = other, mine
	}
	l.c.found.fault(mine.by, diag.New(diag.FormerKeyTwice, mine.pos, "%s is claimed by %s too", key, other.by).
		See(other.pos, "the other claim stands here"), "it is not taken over")
}
