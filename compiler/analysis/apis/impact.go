package apis

import (
	"context"
	"fmt"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
)

// Reach is a list of changes, and the run whose logical clusters they reach.
type Reach struct {
	changes []impact.Change
	result  *compiler.Result
}

// Errors returns how many errors the repo has: what is held counts as it was last good.
func (r *Reach) Errors() int {
	n := 0
	for _, d := range r.result.Diagnostics {
		if d.Severity == diag.Error {
			n++
		}
	}
	return n
}

// Between compares two versions of an API set, which are named as SET@VERSION, for those
// who bind the first.
func (s *Sides) Between(old, new, toolVersion string) (*Reach, error) {
	was, err := s.named(old)
	if err != nil {
		return nil, err
	}
	is, err := s.named(new)
	if err != nil {
		return nil, err
	}
	comparer := impact.NewComparer(nil, toolVersion, evolution.Config{})
	return &Reach{[]impact.Change{impact.Between(sideOf(s.result), was, is, comparer)}, s.result}, nil
}

// Against compares two revisions, of which the second goes on from the decisions of the
// first.
func Against(ctx context.Context, base, head compiler.Options) (*Reach, error) {
	before, err := compiler.Compile(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	head.Former, head.AsOf = before.Pins, before.AsOf
	after, err := compiler.Compile(ctx, head)
	if err != nil {
		return nil, err
	}
	comparer := impact.NewComparer(head.Cache, head.Build, evolution.Config{})
	return &Reach{impact.Compare(sideOf(before), sideOf(after), comparer), after}, nil
}

func sideOf(r *compiler.Result) impact.Side {
	return impact.Side{Tenancy: r.Tenancy, Sites: r.Sites}
}

// Judge tries objects under each change.
func (r *Reach) Judge(ctx context.Context, objects []impact.Object) (*Impact, error) {
	report := &Impact{Total: len(r.result.Tenancy.LogicalClusters)}
	namespaces := map[string]string{}
	for key, lc := range r.result.Sites {
		for _, site := range append([]pins.Site{lc.Site}, lc.Left...) {
			for _, n := range site.Namespaces {
				namespaces[n.Physical] = key
			}
		}
	}
	for i := range r.changes {
		judged := Judged{Change: r.changes[i]}
		var err error
		if judged.Objects, judged.Tried, err = r.changes[i].Judge(ctx, objects, namespaces); err != nil {
			return nil, err
		}
		report.Changes = append(report.Changes, judged)
	}
	report.settle()
	return report, nil
}
