// Package quota is how much there is of resources: amounts with the names that a
// ResourceQuota uses, and how they are counted and divided.
//
// Amounts are exact. A document's amounts become a Quota when the tenancy is resolved,
// and a Quota becomes text when manifests are written; everything between the two
// counts and compares these.
package quota

import (
	"iter"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Amount is how much there is of a resource.
type Amount struct {
	Resource string
	Quantity resource.Quantity
}

// Quota is how much there is of each resource, by the names that ResourceQuota uses,
// sorted. Many share one: it is never changed in place.
type Quota []Amount

// Of returns how much there is of a resource, and whether that has a bound.
func (q Quota) Of(name string) (resource.Quantity, bool) {
	i, ok := q.find(name)
	if !ok {
		return resource.Quantity{}, false
	}
	return q[i].Quantity, true
}

// All yields each resource with how much there is of it, in order.
func (q Quota) All() iter.Seq2[string, resource.Quantity] {
	return func(yield func(string, resource.Quantity) bool) {
		for _, a := range q {
			if !yield(a.Resource, a.Quantity) {
				return
			}
		}
	}
}

func (q Quota) find(name string) (int, bool) {
	return slices.BinarySearchFunc(q, name, func(a Amount, name string) int { return strings.Compare(a.Resource, name) })
}

// With returns a quota that has so much of a resource, and of all others what q has.
func (q Quota) With(name string, amount resource.Quantity) Quota {
	i, ok := q.find(name)
	end := i
	if ok {
		end++
	}
	return slices.Concat(q[:i], Quota{{name, amount}}, q[end:])
}
