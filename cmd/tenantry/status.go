package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/compiler/analysis/live/status"
	"github.com/tenantry/tenantry/internal/cli"
)

const statusHelp = `status shows how each logical cluster of the output stands on its cluster:

  ready        the GitOps engine has applied it, and it stands as it is rendered
  progressing  the engine is at it, or has not come to it yet
  failed       the engine cannot apply it, and why
  drifted      it stands otherwise than it is rendered ("tenantry drift" says all)
  missing      its namespaces, or what applies it, do not stand
  unmanaged    it stands and is not rendered
  unknown      its cluster can't be asked

Clusters and their parts, such as the platform, are named where they are not as
they should be. Nothing is changed. It takes the right to list what is rendered,
and to patch what differs, which is done as a dry run.
` + liveHelp + `

Exit codes: 0 all is ready, 1 something is not, 2 the command could not run, or
no cluster answered.`

type statusFlags struct {
	liveFlags
	output cli.Output[*status.Report]
	wait   bool
	limit  time.Duration
}

func newStatus() *cobra.Command {
	var f statusFlags
	c := &cobra.Command{
		Use:   "status [PATH]",
		Short: "Show how far the clusters have come towards what is rendered",
		Long:  statusHelp,
		Example: `  tenantry status
  tenantry status acme/payments --out origin/rendered: --wait --timeout 5m
  tenantry status --kubeconfig mgmt.kubeconfig --management-only
  tenantry status -o json | jq '.logicalClusters[] | select(.state != "ready")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.register(c)
	f.output.Register(c,
		cli.As("table", (*status.Report).WriteTable),
		cli.As("json", (*status.Report).WriteJSON),
		cli.As("yaml", (*status.Report).WriteYAML),
	)
	fs := c.Flags()
	fs.BoolVar(&f.wait, "wait", false, "look again until all is ready, and tell what has changed")
	fs.DurationVar(&f.limit, "timeout", 10*time.Minute, "how long to wait")
	fs.BoolVar(&f.managementOnly, "management-only", false, "take the GitOps engine's word, and leave physical clusters out")
	return c
}

func (f *statusFlags) run(c *cobra.Command, args []string) error {
	if c.Flags().Changed("timeout") && !f.wait {
		return errors.New("--timeout is how long to --wait")
	}
	o, sites, err := f.read(c, args)
	if err != nil {
		return err
	}
	r, err := f.look(c, o, sites)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), r); err != nil {
		return err
	}
	if r.Differs() && o.Commit == "" {
		fmt.Fprintf(c.ErrOrStderr(), "note: this is compared with %s as it stands on disk; to compare with what was published, name its branch: --out BRANCH:\n", o.Name)
	}
	if !r.Ready() {
		return cli.Findings{}
	}
	return nil
}

// look asks the clusters, with --wait again until all is ready.
func (f *statusFlags) look(c *cobra.Command, o *live.Output, sites map[*live.Site]bool) (*status.Report, error) {
	options := status.Options{Sites: sites, On: f.isOn, Other: f.others(), Trust: f.managementOnly, Clusters: f.clusters, Workers: objectsAtATime}
	if !f.wait {
		options.Progress = cli.Progress(c.ErrOrStderr())
	}
	once := func(ctx context.Context) (*status.Report, error) {
		targets, err := f.connect(ctx, o, sites)
		if err != nil {
			return nil, err
		}
		return status.Look(ctx, o, targets, options)
	}
	if !f.wait {
		return once(c.Context())
	}
	ticker := cli.NewTicker(c.ErrOrStderr())
	defer ticker.End()
	r, over, err := status.Await(c.Context(), f.limit, once, ticker.Tell)
	if over {
		ticker.Keep()
	}
	return r, err
}
