package tenancy

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// amount is one entry of a quota.
type amount struct {
	name  string // as ResourceQuota has it
	key   string // as the document has it
	value resource.Quantity
	// quota says where the quota's fields stand. Most positions are never asked for.
	quota positions
}

func (a *amount) pos() diag.Position { return a.quota(a.key) }

// positions returns where a field of a document stands.
type positions func(path ...string) diag.Position

// amounts reads a quota, by resource name. What can't be read is reported and
// left out.
func amounts(quota schema.Quota, m *document.Meta, at positions, out *findings) []amount {
	if len(quota) == 0 {
		return nil
	}
	list := make([]amount, 0, len(quota))
	for key, text := range quota {
		a := amount{name: schema.ResourceName(key), key: key, quota: at}
		var problem string
		// What no API server takes would keep its neighbours from being applied too.
		if strings.Contains(a.name, "/") && len(validation.IsQualifiedName(a.name)) > 0 {
			problem = "Kubernetes takes no quota of this name"
		} else {
			a.value, problem = parseAmount(a.name, string(text))
		}
		if problem != "" {
			out.fault(m, diag.New(diag.AmountInvalid, a.pos(), "%s: %s", key, problem), "the amount is left out")
			continue
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b amount) int {
		return cmp.Or(strings.Compare(a.name, b.name), a.value.Cmp(b.value), strings.Compare(a.key, b.key))
	})
	for i := range list {
		a := &list[i]
		if isBytes(a.name) && a.value.Sign() > 0 && a.value.CmpInt64(1<<20) < 0 {
			out.add(m, diag.New(diag.AmountTiny, a.pos(), "%s is %s bytes", a.key, a.value.String()).Suggest(`write a unit, as in "%sGi"`, a.value.String()))
		}
	}
	// Only documents from before an amount had one name can name it twice: the lower
	// one holds.
	return slices.CompactFunc(list, func(a, b amount) bool { return a.name == b.name })
}

// Quota is how much there is of each resource, by the names that ResourceQuota uses,
// sorted. Many share one: it is never changed in place.
type Quota []Amount

// Amount is how much there is of a resource.
type Amount struct {
	Resource string
	Quantity resource.Quantity
}

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

// mergeQuota puts the amounts of a layer upon a quota, which has none of what the
// layer divides from a budget.
func mergeQuota(far Quota, l *layer) Quota {
	out := make(Quota, 0, len(far)+len(l.quota))
	for _, near := range l.quota {
		for len(far) > 0 && far[0].Resource < near.name {
			out, far = append(out, far[0]), far[1:]
		}
		if len(far) > 0 && far[0].Resource == near.name {
			far = far[1:]
		}
		out = append(out, Amount{near.name, near.value})
	}
	out = append(out, far...)
	return slices.DeleteFunc(out, func(a Amount) bool { return weighted(l.weights, a.Resource) })
}

// find returns the amount of a resource name.
func find(list []amount, name string) (amount, bool) {
	i, ok := slices.BinarySearchFunc(list, name, func(a amount, name string) int { return strings.Compare(a.name, name) })
	if !ok {
		return amount{}, false
	}
	return list[i], true
}

func isCPU(name string) bool { return name == "requests.cpu" || name == "limits.cpu" }

func isBytes(name string) bool {
	return strings.HasSuffix(name, ".memory") || strings.HasSuffix(name, ".storage") || strings.HasSuffix(name, "storage.k8s.io/requests.storage") ||
		strings.HasSuffix(name, ".ephemeral-storage")
}

// parseAmount reads an amount. The problem is empty where it can be counted in
// whole units: thousandths of a core, bytes, or pieces.
func parseAmount(name, text string) (resource.Quantity, string) {
	q, err := resource.ParseQuantity(text)
	switch {
	case err != nil:
		return q, fmt.Sprintf("%q is no amount", text)
	case q.Sign() < 0:
		return q, fmt.Sprintf("%s is below nothing", text)
	}
	per := int64(1)
	if isCPU(name) {
		per = 1000
	}
	if q.CmpInt64(math.MaxInt64/per) > 0 {
		return q, fmt.Sprintf("%s is more than can be counted", text)
	}
	if back := fromUnits(name, units(name, q), q.Format); back.Cmp(q) != 0 {
		switch {
		case isCPU(name):
			return q, fmt.Sprintf("%s is finer than a thousandth of a core", text)
		case isBytes(name):
			return q, fmt.Sprintf(`%s is not a whole number of bytes`, text)
		}
		return q, fmt.Sprintf("%s is not a whole number", text)
	}
	return q, ""
}

// units counts an amount that parseAmount accepted.
func units(name string, q resource.Quantity) int64 {
	if isCPU(name) {
		return q.MilliValue()
	}
	return q.Value()
}

func fromUnits(name string, n int64, format resource.Format) resource.Quantity {
	if isCPU(name) {
		return *resource.NewMilliQuantity(n, format)
	}
	return *resource.NewQuantity(n, format)
}

// part is what a namespace asks of one resource: an amount of its own, or a
// share of what is left.
type part struct {
	own   int64
	fixed bool
	share int64
}

// divide divides a total among parts. Own amounts are served first, in order;
// the rest goes by shares, and what division leaves over to the largest
// remainders, the first of equals. left is what nobody may take.
func divide(total int64, parts []part) (out []int64, left int64) {
	out = make([]int64, len(parts))
	rest, shares := total, int64(0)
	for i, p := range parts {
		if p.fixed {
			out[i] = min(p.own, rest)
			rest -= out[i]
		} else {
			shares += p.share
		}
	}
	if shares == 0 || rest == 0 {
		return out, rest
	}
	type remainder struct {
		index int
		value uint64
	}
	var remainders []remainder
	left = rest
	for i, p := range parts {
		if p.fixed || p.share == 0 {
			continue
		}
		high, low := bits.Mul64(uint64(rest), uint64(p.share))
		quotient, rem := bits.Div64(high, low, uint64(shares))
		out[i] = int64(quotient)
		left -= out[i]
		remainders = append(remainders, remainder{i, rem})
	}
	slices.SortStableFunc(remainders, func(a, b remainder) int { return cmp.Compare(b.value, a.value) })
	for i := range left { // fewer than there are remainders
		out[remainders[i].index]++
	}
	return out, 0
}

// namespaceNames returns the namespaces without their parts of the quota.
func namespaceNames(lc *LogicalCluster) []Namespace {
	if len(lc.Spec.Namespaces) == 0 {
		return []Namespace{{Name: lc.Name}}
	}
	var out []Namespace
	for _, name := range slices.Sorted(maps.Keys(lc.Spec.Namespaces)) {
		out = append(out, Namespace{Name: name})
	}
	return out
}

// namespaces divides the logical cluster's quota among its namespaces.
func namespaces(lc *LogicalCluster, out *findings) []Namespace {
	declared := lc.Spec.Namespaces
	if len(declared) == 0 {
		return []Namespace{{Name: lc.Name, Quota: lc.Quota}}
	}
	names := slices.Sorted(maps.Keys(declared))
	list := make([]Namespace, len(names))
	own := make([][]amount, len(names))
	for i, name := range names {
		list[i].Name = name
		if quota := declared[name].Quota; len(quota) > 0 {
			own[i] = amounts(quota, &lc.Meta, func(path ...string) diag.Position {
				return lc.At(append([]string{"namespaces", name, "quota"}, path...)...)
			}, out)
		}
		for _, a := range own[i] {
			if _, ok := lc.Quota.Of(a.name); !ok {
				out.fault(&lc.Meta, diag.New(diag.NamespaceQuota, a.pos(), "namespace %s has a quota of %s, and the logical cluster has none", name, a.key).
					Suggest("give the logical cluster a quota of %s, of which this is a part", a.key), "the amount is left out")
			}
		}
	}
	if len(lc.Quota) == 0 {
		return list
	}
	if len(list) == 1 && len(own[0]) == 0 && declared[names[0]].Share == nil {
		list[0].Quota = lc.Quota
		return list
	}
	for i := range list {
		list[i].Quota = make(Quota, 0, len(lc.Quota))
	}
	parts := make([]part, len(names))
	for _, amount := range lc.Quota {
		resourceName, total := amount.Resource, amount.Quantity
		sum := resource.Quantity{Format: total.Format}
		for i, name := range names {
			parts[i] = part{share: 1}
			if share := declared[name].Share; share != nil {
				parts[i].share = int64(*share)
			}
			if a, ok := find(own[i], resourceName); ok {
				parts[i] = part{own: units(resourceName, a.value), fixed: true}
				sum.Add(a.value)
			}
		}
		if sum.Cmp(total) > 0 {
			d := diag.New(diag.NamespaceQuota, lc.At("namespaces"), "the namespaces take %s of %s, and the logical cluster has %s", sum.String(), resourceName, total.String())
			for i := range names {
				if a, ok := find(own[i], resourceName); ok {
					d = d.See(a.pos(), "%s takes %s", names[i], a.value.String())
				}
			}
			out.fault(&lc.Meta, d.See(lc.Origins()["quota."+resourceName].Pos, "the total stands here"), "what is above the total falls away")
		}
		amounts, left := divide(units(resourceName, total), parts)
		if left > 0 {
			rest := fromUnits(resourceName, left, total.Format)
			out.add(&lc.Meta, diag.New(diag.QuotaLeft, lc.At("namespaces"), "%s of %s goes to no namespace", rest.String(), resourceName).
				See(lc.Origins()["quota."+resourceName].Pos, "the total stands here").Suggest("give a namespace a share, or lower the total"))
		}
		for i := range list {
			list[i].Quota = append(list[i].Quota, Amount{resourceName, fromUnits(resourceName, amounts[i], total.Format)})
		}
	}
	return list
}
