package evolution

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// rule explains one kind of difference.
type rule struct {
	ID string
	// Looks says what the rule compares.
	Looks string
	// Reason says why it is judged as it is.
	Reason string
	// Cases are the outcomes that it tells apart.
	Cases []ruleCase

	// Exactly one of these is set.
	definition func(*definitions)
	version    func(*versions)
	schema     func(*node)
}

// ruleCase is one outcome of a rule.
type ruleCase struct {
	ID      string
	Writers Class
	Readers Class
	// WritersIf and ReadersIf name the condition of a conditional class.
	WritersIf, ReadersIf string
	// What happened, for the table of rules.
	What string
	// effect is what the change does to an object that was valid, or to how
	// validation rules see it.
	effect effect
}

type effect int

const (
	_ effect = iota // an object that was valid keeps its value
	// altersValue: an object can have another value than before once it is pruned and
	// defaulted, and whatever looks at more than this field can notice.
	altersValue
	// altersType: the value stays, and CEL sees it as another type.
	altersType
)

func (r *rule) find(kind string) ruleCase {
	for _, c := range r.Cases {
		if c.ID == kind {
			return c
		}
	}
	panic(fmt.Sprintf("rule %s has no case %s", r.ID, kind))
}

// conditionTexts are what a conditional class may depend on, by name.
var conditionTexts = map[string]string{
	"default-suits":               "the default is what those want who left the field out",
	"no-explicit-nulls":           "nobody writes null for the field to have it left out",
	"exact-numbers":               "nobody writes whole numbers with a fraction or an exponent, as 2.0 or 1e9",
	"single-applier":              "no two appliers own parts of the value by server-side apply",
	"stored-objects-migrated":     "stored objects are written anew in the storage version before a version goes",
	"webhook-converts":            "the webhook converts between all versions without loss",
	"readers-tolerate-new-values": "readers cope with values that could not be there before",
	"readers-tolerate-absence":    "readers cope with the field being absent",
	"readers-tolerate-tables":     "nobody parses the columns that kubectl prints",
	"readers-tolerate-names":      "no script uses the name on a command line",
}

// rules returns all rules, by level and id.
var rules = sync.OnceValue(func() []*rule {
	return []*rule{
		// definitions
		resourceRule, groupRule, scopeRule, namesRule, shortNamesRule, versionsRule, storageRule, conversionRule, roundTripRule,
		unknownFieldsEverywhereRule, metadataRule,
		// versions
		deprecationRule, statusRule, scaleRule, selectableFieldsRule, printerColumnsRule,
		// schemas
		documentationRule, typeRule, nullableRule, formatRule, minimumRule, maximumRule, multipleOfRule, lengthRule, itemCountRule,
		propertyCountRule, patternRule, uniqueItemsRule, enumRule, requiredRule, defaultRule, unknownFieldsRule, embeddedResourceRule,
		listTypeRule, mapTypeRule, allOfRule, anyOfRule, oneOfRule, notRule, validationsRule, mapValuesRule, itemsRule, propertiesRule,
		// what no rule above has explained
		unexplainedRule,
	}
})

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// unexplainedRule is what holds the others to completeness.
var unexplainedRule = &rule{
	ID:     "unexplained",
	Looks:  "whatever is different and no other rule has explained",
	Reason: "A difference that nobody has thought about may do anything.",
	Cases:  []ruleCase{{ID: "changed", Writers: Breaking, Readers: Breaking, What: "something else changed"}},
}
