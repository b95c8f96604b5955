package diff

import (
	"cmp"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// revocations compares the revocations as documents. Whose access differs by them is told
// with all access that differs.
func (l *limits) revocations() {
	paired(l.before.Tenancy.Revocations, l.after.Tenancy.Revocations, func(x *tenancy.Revocation) *document.Meta { return &x.Meta }, l.revocation)
}

func (l *limits) revocation(was, is *tenancy.Revocation) {
	x := cmp.Or(is, was)
	causes := l.fieldCauses(schema.KindRevocations, x.Key, x.Dir)
	if len(causes) == 0 {
		return
	}
	name := nameOf(&x.Meta)
	add := func(effect, what string) { l.add(limitRevocation, name, effect, what, causes) }
	taken := x.Subject.String() + " from " + cmp.Or(x.From, "everything")
	switch {
	case was == nil:
		l.limit(limitRevocation, name).Change = change.Added
		add(change.Tightens, "it takes the access of "+taken)
	case is == nil:
		l.limit(limitRevocation, name).Change = change.Removed
		add(change.Loosens, "it no longer takes the access of "+taken)
	default:
		add(revocationEffect(was, is), "it takes the access of "+taken+" instead of "+was.Subject.String()+" from "+cmp.Or(was.From, "everything")+sinceDay(was, is))
	}
}

// revocationEffect says what a change of a revocation does.
func revocationEffect(was, is *tenancy.Revocation) string {
	wider := is.From == "" || schema.OrgPath(is.From).Contains(was.From)
	switch {
	case was.Subject != is.Subject || !wider || is.Spec.Since > was.Spec.Since:
		return change.Loosens
	case was.From != is.From || was.Spec.Since != is.Spec.Since:
		return change.Tightens
	}
	return change.Neither
}

// sinceDay tells from which day on a revocation holds, where that differs.
func sinceDay(was, is *tenancy.Revocation) string {
	if was.Spec.Since == is.Spec.Since {
		return ""
	}
	return ", since " + cmp.Or(is.Spec.Since, "now") + " instead of " + cmp.Or(was.Spec.Since, "now")
}
