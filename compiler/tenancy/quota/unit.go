package quota

import (
	"fmt"
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Unit is what an amount of a resource is priced by.
type Unit string

// The units: a core, a GiB, a piece.
const (
	Core  Unit = "core"
	GiB   Unit = "GiB"
	Piece Unit = "piece"
)

// UnitOf returns the unit of a resource by its name in a ResourceQuota.
func UnitOf(name string) Unit {
	switch {
	case isCPU(name):
		return Core
	case IsBytes(name):
		return GiB
	}
	return Piece
}

func isCPU(name string) bool { return name == "requests.cpu" || name == "limits.cpu" }

// IsBytes reports whether a resource is counted in bytes.
func IsBytes(name string) bool {
	return strings.HasSuffix(name, ".memory") || strings.HasSuffix(name, ".storage") || strings.HasSuffix(name, "storage.k8s.io/requests.storage") ||
		strings.HasSuffix(name, ".ephemeral-storage")
}

// Parse reads an amount of a resource. The problem is empty where it can be counted in
// whole units: thousandths of a core, bytes, or pieces.
func Parse(name, text string) (resource.Quantity, string) {
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
	if back := FromUnits(name, Units(name, q), q.Format); back.Cmp(q) != 0 {
		switch {
		case isCPU(name):
			return q, fmt.Sprintf("%s is finer than a thousandth of a core", text)
		case IsBytes(name):
			return q, fmt.Sprintf(`%s is not a whole number of bytes`, text)
		}
		return q, fmt.Sprintf("%s is not a whole number", text)
	}
	return q, ""
}

// Units counts an amount of a resource in thousandths of a core, bytes or pieces.
// What Parse accepts is a whole number of these.
func Units(name string, q resource.Quantity) int64 {
	if isCPU(name) {
		return q.MilliValue()
	}
	return q.Value()
}

// Quantity returns an amount that is counted in thousandths of a core, bytes or
// pieces as a quota has it.
func Quantity(name string, n int64) resource.Quantity {
	format := resource.DecimalSI
	if IsBytes(name) {
		format = resource.BinarySI
	}
	return FromUnits(name, n, format)
}

// FromUnits returns the amount that Units counts as n, in the given format.
func FromUnits(name string, n int64, format resource.Format) resource.Quantity {
	if isCPU(name) {
		return *resource.NewMilliQuantity(n, format)
	}
	return *resource.NewQuantity(n, format)
}
