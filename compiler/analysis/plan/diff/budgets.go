package diff

import (
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// budgeted is a budget as a document has it.
type budgeted struct{ budget, overcommit schema.Money }

func budgetOf(o *tenancy.Organization) budgeted {
	if o == nil {
		return budgeted{}
	}
	return budgeted{o.Spec.Budget, o.Spec.Overcommit}
}

// amounts reads what the compiler has judged; what it could not read bounds
// nothing.
func (b budgeted) amounts() (budget, overcommit *cost.Money) {
	read := func(text schema.Money) *cost.Money {
		m, err := cost.Parse(string(text))
		if err != nil {
			return nil
		}
		return &m
	}
	if budget = read(b.budget); budget != nil {
		overcommit = read(b.overcommit)
	}
	return budget, overcommit
}

func equal(a, b *cost.Money) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(*b) == 0
}
