package apis

import (
	"context"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/internal/diag"
)

// Diff is what changes from one side to another.
type Diff struct {
	evolution.Report
	old, new *Side
}

// Compare compares two sides, resource by resource. With witness, breaking changes come
// with objects that show them.
func Compare(ctx context.Context, old, new *Side, toolVersion string, config evolution.Config, witness bool) (*Diff, error) {
	changes := impact.NewComparer(nil, toolVersion, config).Changes(&old.API, &new.API)
	if witness {
		if err := addWitnesses(ctx, changes, &old.API, &new.API); err != nil {
			return nil, err
		}
	}
	return &Diff{evolution.NewReport(changes, config.Promise), old, new}, nil
}

// addWitnesses gives the changes, which are in the order of their resources, the
// objects that show them.
func addWitnesses(ctx context.Context, changes []evolution.Change, old, new *impact.API) error {
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].Resource == changes[0].Resource {
			n++
		}
		was, is := old.Find(changes[0].Resource), new.Find(changes[0].Resource)
		if was != nil && is != nil {
			if err := instance.AddWitnesses(ctx, changes[:n], was.Writable(), is.Writable()); err != nil {
				return err
			}
		}
		changes = changes[n:]
	}
	return nil
}

// Findings are the changes as diagnostics, where the new side has them, or else the old.
func (d *Diff) Findings() diag.Report {
	return diag.Report{Diagnostics: d.Diagnostics(func(change *evolution.Change) diag.Position {
		if at := d.new.Position(change); !at.IsZero() {
			return at
		}
		return d.old.Position(change)
	})}
}
