package diff

import (
	"slices"

	"github.com/tenantry/tenantry/internal/fields"
	"github.com/tenantry/tenantry/schema"
)

// wider reports whether a selector lets through all that another does: whatever
// it requires, the other requires too.
func wider(was, is *schema.Selector) bool {
	had := requirements(was)
	return !slices.ContainsFunc(requirements(is), func(r schema.Requirement) bool {
		return !slices.ContainsFunc(had, func(h schema.Requirement) bool { return implies(h, r) })
	})
}

func requirements(s *schema.Selector) []schema.Requirement {
	if s == nil {
		return nil
	}
	out := slices.Clone(s.MatchExpressions)
	for key, value := range s.MatchLabels {
		out = append(out, schema.Requirement{Key: key, Operator: "In", Values: []string{value}})
	}
	return out
}

// implies reports whether whatever meets one requirement meets the other.
func implies(a, b schema.Requirement) bool {
	switch {
	case a.Key != b.Key:
		return false
	case a.Operator == "In" && b.Operator == "Exists", a.Operator == "DoesNotExist" && b.Operator == "NotIn":
		return true
	case a.Operator != b.Operator:
		return false
	case a.Operator == "In":
		return contains(b.Values, a.Values)
	case a.Operator == "NotIn":
		return contains(a.Values, b.Values)
	}
	return true
}

func selectorText(s *schema.Selector) string {
	if s == nil {
		return "any"
	}
	return fields.Text(s)
}
