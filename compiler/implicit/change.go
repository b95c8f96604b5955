package implicit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// Status is how an implicit document stands to its lock.
type Status string

// The statuses.
const (
	// Accepted: it is as was accepted.
	Accepted Status = "accepted"
	// Unlocked: it has no lock and needs none.
	Unlocked Status = "unlocked"
	// New: nothing of it was accepted yet.
	New Status = "new"
	// Changed: it differs from what was accepted.
	Changed Status = "changed"
	// Gone: what was accepted has no document any more, or one that is not locked.
	Gone Status = "gone"
	// Damaged: its lock cannot be read.
	Damaged Status = "damaged"
)

// Change is an implicit document beside its lock, and what accepting it would do.
type Change struct {
	// Dir and Key identify the document.
	Dir, Key string
	Status   Status
	// Content and Selector say what differs from what was accepted.
	Content, Selector bool
	// Proposed is the document as it stands; nil where there is none.
	Proposed *Source
	// Lock is nil where there is none.
	Lock *Lock
	// Invalid: the document is in error and cannot be accepted.
	Invalid bool

	// Reach are the logical clusters that the document reaches, by key.
	Reach []string
	// Touch are those that would newly get objects of it, Lose those that would lose
	// all of theirs, Alter those that would have others than now.
	Touch, Lose, Alter []string
}

// Propose sets the document as the repo has it, and compares it with the lock.
func (c *Change) Propose(s *Source) {
	c.Proposed, c.Invalid = s, len(s.Problems) > 0
	if l := c.Lock; l != nil && l.Damage == "" && s.Locked {
		c.Status, c.Content, c.Selector = Accepted, !l.sameContent(s), !l.sameSelector(s)
		if c.Content || c.Selector {
			c.Status = Changed
		}
	}
}

// Ref names the document.
func (c *Change) Ref() string { return Ref(c.Dir, c.Key) }

// Pending reports whether the document waits to be accepted.
func (c *Change) Pending() bool { return c.Status != Accepted && c.Status != Unlocked }

// Touched returns the number of logical clusters for which accepting the document
// would change anything.
func (c *Change) Touched() int { return len(c.Touch) + len(c.Lose) + len(c.Alter) }

// Next returns the lock with the document accepted as it stands; nil where it needs
// none. Compare comes first.
func (c *Change) Next() *Lock {
	if c.Proposed == nil || !c.Proposed.Locked {
		return nil
	}
	return &Lock{Dir: c.Dir, Key: c.Key, File: LockFile(c.Dir, c.Key), Content: c.Proposed.Content, Reach: c.Reach}
}

// Compare fills in what accepting the document would do. now is what is in effect.
func (c *Change) Compare(t *tenancy.Tenancy, now *Set) []tenancy.Finding {
	var next *Set
	var found []tenancy.Finding
	if c.Proposed != nil {
		next, found = Compile(t, []*Source{c.Proposed})
	}
	c.Reach, c.Touch, c.Lose, c.Alter = nil, nil, nil, nil
	ref := c.Ref()
	of := func(s *Set, key string) []*Object {
		var out []*Object
		for _, o := range s.Given(key) {
			if o.Ref == ref {
				out = append(out, o)
			}
		}
		return out
	}
	for _, lc := range t.LogicalClusters {
		if next != nil && len(next.Resources) == 1 && next.Resources[0].Reaches(lc) {
			c.Reach = append(c.Reach, lc.Key)
		}
		before, after := of(now, lc.Key), of(next, lc.Key)
		switch {
		case len(before) == 0 && len(after) == 0:
		case len(before) == 0:
			c.Touch = append(c.Touch, lc.Key)
		case len(after) == 0:
			c.Lose = append(c.Lose, lc.Key)
		case !slices.EqualFunc(before, after, func(a, b *Object) bool { return a.Digest == b.Digest }):
			c.Alter = append(c.Alter, lc.Key)
		}
	}
	return found
}

// Summary says what accepting the document does: "newly touches 2, alters 40
// logical clusters (acme/payments +2 ~3, acme/shop ~37)".
func (c *Change) Summary() string {
	var parts []string
	for _, p := range []struct {
		keys []string
		verb string
	}{{c.Touch, "newly touches"}, {c.Lose, "takes away from"}, {c.Alter, "alters"}} {
		if len(p.keys) > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", p.verb, len(p.keys)))
		}
	}
	if len(parts) == 0 {
		return "changes nothing for any logical cluster"
	}
	const most = 6
	var orgs []string
	list := c.ByOrganization()
	for i, o := range list {
		if i == most {
			orgs = append(orgs, fmt.Sprintf("%d more organizations", len(list)-most))
			break
		}
		orgs = append(orgs, o.String())
	}
	noun := "logical clusters"
	if c.Touched() == 1 {
		noun = "logical cluster"
	}
	return strings.Join(parts, ", ") + " " + noun + " (" + strings.Join(orgs, ", ") + ")"
}

// organizationChange is what accepting a document would do in one organization.
type organizationChange struct {
	Organization       string
	Touch, Lose, Alter []string
}

// String returns "acme/payments +2 -1 ~3".
func (o organizationChange) String() string {
	s := o.Organization
	for _, p := range []struct {
		sign string
		keys []string
	}{{"+", o.Touch}, {"-", o.Lose}, {"~", o.Alter}} {
		if len(p.keys) > 0 {
			s += fmt.Sprintf(" %s%d", p.sign, len(p.keys))
		}
	}
	return s
}

// ByOrganization groups what accepting the document would do, by organization.
func (c *Change) ByOrganization() []organizationChange {
	var out []organizationChange
	in := func(key string) *organizationChange {
		org := string(schema.Key(key).Organization())
		i, ok := slices.BinarySearchFunc(out, org, func(o organizationChange, org string) int { return strings.Compare(o.Organization, org) })
		if !ok {
			out = slices.Insert(out, i, organizationChange{Organization: org})
		}
		return &out[i]
	}
	for _, key := range c.Touch {
		o := in(key)
		o.Touch = append(o.Touch, key)
	}
	for _, key := range c.Lose {
		o := in(key)
		o.Lose = append(o.Lose, key)
	}
	for _, key := range c.Alter {
		o := in(key)
		o.Alter = append(o.Alter, key)
	}
	return out
}
