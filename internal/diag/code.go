package diag

import (
	"slices"
	"strings"
)

// Code names a kind of diagnostic: TEN and four digits. A code is permanent;
// the number of a retired one is never used again.
//
// The hundreds say which pass speaks: 01 source and load, 02 resolve, 03
// check, 04 place, 05 policy, 06 lower, 07 render, 08 the output directory,
// 09 plan, 10 cost, 11 implicit resources, 12 API sets.
type Code string

// Entry is what is known of a code apart from any run.
type Entry struct {
	Code     Code
	Severity Severity
	// Title is a short sentence without a full stop.
	Title string
	// Explain tells what happened, why it matters and what to do, as `tenantry
	// explain CODE` prints it: a few sentences of plain text.
	Explain string
}

// Entry returns what is known of the code. An unregistered code yields an
// error entry without text.
func (c Code) Entry() Entry {
	if i, ok := slices.BinarySearchFunc(Entries(), c, func(e Entry, c Code) int {
		return strings.Compare(string(e.Code), string(c))
	}); ok {
		return entries[i]
	}
	return Entry{Code: c, Severity: Error}
}

// Entries returns all codes in order. The slice must not be changed.
func Entries() []Entry { return entries }

var entries = func() []Entry {
	all := slices.Concat(sourceEntries, loadEntries, resolveEntries, checkEntries, evolutionEntries, promiseEntries, placeEntries, pinsEntries, policiesEntries, patchesEntries, renderEntries, planEntries, costEntries, implicitEntries, admitEntries, definitionEntries)
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
}()
