package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/locks"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
)

const lockHelp = `lock compares the implicit resources of the tenancy repo with their locks, and
shows for each that differs which logical clusters it would newly touch (+),
take its objects away from (-) or give others (~), by organization.

--accept writes the lock beside the document, or removes that of a document
which is gone. Commit it together with the change: until then every logical
cluster stays with what was accepted last. A logical cluster that is new, or
that newly matches, needs no change of a lock.

An implicit resource is named as implicit/NAME, with its directory in front
where several have the name: orgs/acme/implicit/NAME.

lock exits 1 while anything waits to be accepted.`

type lockFlags struct {
	queryFlags
	accept   []string
	maxReach int
	yes      bool
	output   cli.Output[*locks.Report]
}

func newLock() *cobra.Command {
	var f lockFlags
	c := &cobra.Command{
		Use:   "lock",
		Short: "Show what of the implicit resources waits to be accepted, or accept it",
		Long:  lockHelp,
		Example: `  tenantry lock
  tenantry lock --accept implicit/auditors
  tenantry lock --accept orgs/acme/implicit/registry --max-reach 50`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c, outHelp)
	fs := c.Flags()
	fs.StringArrayVar(&f.accept, "accept", nil, "record an implicit resource as it stands: implicit/NAME; may be repeated")
	fs.IntVar(&f.maxReach, "max-reach", -1, "refuse to accept what changes anything for more logical clusters than this")
	fs.BoolVar(&f.yes, "yes", false, "accept it although it is above --max-reach")
	f.output.Register(c,
		cli.As("text", (*locks.Report).WriteText),
		cli.As("json", (*locks.Report).WriteJSON),
	)
	return c
}

func (f *lockFlags) run(c *cobra.Command) error {
	if len(f.accept) > 0 && f.revision != "" {
		return errors.New("--accept writes into the files on disk, and --revision reads others")
	}
	if f.maxReach < -1 {
		return fmt.Errorf("--max-reach is a number of logical clusters, not %d", f.maxReach)
	}
	r, err := f.compile(c)
	if err != nil {
		return err
	}
	chosen, err := locks.Choose(r.Changes, f.accept)
	if err != nil {
		return err
	}
	if len(f.accept) > 0 {
		w := c.ErrOrStderr()
		accepted, err := locks.Acceptance{
			Dir: f.dir, MaxReach: f.maxReach, Yes: f.yes, Log: w,
			Invalid: func() error { return foundIn{r, &f.repoFlags}.write(w, diag.Text) },
		}.Accept(r, chosen)
		if err == nil && !accepted {
			err = cli.Findings{}
		}
		return err
	}
	report := locks.Of(r)
	if err := f.output.Write(c.OutOrStdout(), report); err != nil {
		return err
	}
	if report.Pending() {
		return cli.Findings{}
	}
	return nil
}
