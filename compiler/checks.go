package compiler

import (
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/acquire"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/check"
)

// A Check judges one aspect of what the stages made so far. It changes nothing but what
// check.Tenancy and evolve.Check say that they withhold.
type Check struct {
	Name    string
	Purpose string
	// After is the stage after which it runs; see Stages.
	After string

	find func(*facts) []tenancy.Finding
}

// Checks returns the checks of a compilation in the order in which they run. A new check
// is a function and its row here.
func Checks() []Check {
	return []Check{
		{"unread", "every YAML and JSON file in the organization tree is read by somebody", stageResolve, checkUnread},
		{"crowded", "files with many logical clusters have no organizations and limits in them, which vet advises", stageResolve, checkCrowded},
		{"promises", "API sets keep what they promise to those who bind them", stageResolve, checkPromises},
		{"source", "the settings name a source that the GitOps engines can read", stageDivide, checkSource},
		{"documents", "documents say only what they may: offers, classes, regions, labels, names, ceilings, sunsets", stageDivide, checkDocuments},
		{"backings", "backings can do what logical clusters ask for", stageDivide, checkBackings},
		{"caps", "amounts divided from a budget are as large as the budget allows", stageDivide, checkCaps},
		{"evolve", "policies allow the API versions that bindings move to", stagePolicies, checkMoves},
		{"acquire", "policies allow what logical clusters ask for", stagePolicies, checkRequests},
		{"bound", "everything that costs money has a quota", stagePolicies, checkBounds},
		{"budgets", "worst-case costs are within the budgets", stagePlace, checkBudgets},
		{"enforced", "physical clusters can enforce the policies on writes", stageExpand, checkEnforced},
		{"patches", "patches leave rendered objects valid", stageExpand, checkPatches},
		{"admit", "policies admit the objects that are rendered", stageExpand, checkAdmission},
	}
}

func checkPromises(f *facts) []tenancy.Finding {
	if f.options.Unpromised {
		return nil
	}
	return impact.Promises(f.tenancy, f.published.set(f.documents), f.comparer)
}

// checkSource finds settings with which no GitOps engine could read the output. They
// are held like any other document: what an engine reads today is never taken away by
// them.
func checkSource(f *facts) []tenancy.Finding {
	findings := f.options.Targets.Check(f.tenancy)
	if d := f.documents.Settings; d != nil && !d.Held {
		for i := range findings {
			findings[i].Concerns = []document.ID{d.Meta.ID()}
		}
	}
	return findings
}

func checkBackings(f *facts) []tenancy.Finding { return f.options.Targets.Able(f.tenancy) }

func checkDocuments(f *facts) []tenancy.Finding {
	narrowed, found := check.Tenancy(check.Input{
		Tenancy: f.tenancy, History: f.former, AsOf: f.history.AsOf, Standing: f.history.placed(), LabelsGiven: f.labels,
	})
	f.tenancy = narrowed
	return found
}

func checkCaps(f *facts) []tenancy.Finding { return cost.Capped(f.tenancy) }

func checkRequests(f *facts) []tenancy.Finding { return acquire.Check(f.policies, f.documents.Changed) }

func checkBounds(f *facts) []tenancy.Finding { return cost.Bound(f.tenancy, f.former) }

func checkBudgets(f *facts) []tenancy.Finding {
	return cost.Check(f.tenancy, f.costs, f.history.Pins, f.former)
}
