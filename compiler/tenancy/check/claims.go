package check

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
)

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
	if other != nil && l.c.History.Changed(m) {
		l.c.found.Fault(m, diag.New(diag.FormerKeyStands, pos, "%s still stands", key).
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
	case !l.c.History.Changed(m) && l.c.History.Changed(other.by):
		// Whoever was there first keeps the claim.
		l.by[key] = mine
		mine, other = other, mine
	}
	l.c.found.Fault(mine.by, diag.New(diag.FormerKeyTwice, mine.pos, "%s is claimed by %s too", key, other.by).
		See(other.pos, "the other claim stands here"), "it is not taken over")
}
