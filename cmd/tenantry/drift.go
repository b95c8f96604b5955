package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/live/drift"
	"github.com/tenantry/tenantry/internal/cli"
)

const driftHelp = `drift compares clusters with the output: which objects are missing, which
fields differ, and which objects carry Tenantry's label and are not rendered any
more, such as a RoleBinding that has outlived its revocation.

Each object is applied as a dry run, as the GitOps engine would, and the API
server's answer is compared with what stands. Nothing is changed. It takes the
right to patch what is rendered, and to list all kinds.
` + liveHelp + `
With PATH, -l or --class, only the objects of those logical clusters are
compared; else those of the platform too.

Exit codes: 0 no drift, 1 something differs, 2 the command could not run, was
hindered on a cluster that answers, or found nothing while a cluster did not
answer.`

type driftFlags struct {
	liveFlags
	output cli.Output[*drift.Report]
}

func newDrift() *cobra.Command {
	var f driftFlags
	c := &cobra.Command{
		Use:   "drift [PATH]",
		Short: "Show where clusters differ from what is rendered",
		Long:  driftHelp,
		Example: `  tenantry drift
  tenantry drift acme/payments --out origin/rendered:
  tenantry drift --kubeconfig mgmt.kubeconfig --kubeconfig eu-1=eu-1.kubeconfig
  tenantry drift --on eu-1 -o json | jq '.clusters[].findings[] | select(.what == "unmanaged")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.register(c)
	f.output.Register(c,
		cli.As("text", (*drift.Report).WriteText),
		cli.As("json", (*drift.Report).WriteJSON),
	)
	return c
}

func (f *driftFlags) run(c *cobra.Command, args []string) error {
	o, sites, err := f.read(c, args)
	if err != nil {
		return err
	}
	targets, err := f.connect(c.Context(), o, sites)
	if err != nil {
		return err
	}
	r, err := drift.Compare(c.Context(), o, targets, drift.Options{
		Sites: sites, On: f.isOn, Other: f.others(), Clusters: f.clusters, Workers: objectsAtATime, Progress: cli.Progress(c.ErrOrStderr()),
	})
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), r); err != nil {
		return err
	}
	incomplete := errors.New("not everything could be compared, see above")
	switch {
	case r.Hindered():
		return incomplete
	case r.Drifted():
		return cli.Findings{}
	case r.Unanswered():
		return incomplete
	}
	return nil
}
