package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/live/status"
)

func newStatus() *cobra.Command {
	var flags liveFlags
	var format string
	var wait bool
	var limit time.Duration
	c := &cobra.Command{
		Use:   "status [PATH]",
		Short: "Show how far the clusters have come towards what is rendered",
		Long: `status shows how each logical cluster of the output stands on its cluster:

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
no cluster answered.`,
		Example: `  tenantry status
  tenantry status acme/payments --out origin/rendered: --wait --timeout 5m
  tenantry status --kubeconfig mgmt.kubeconfig --management-only
  tenantry status -o json | jq '.logicalClusters[] | select(.state != "ready")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := map[string]func(*status.Report, io.Writer) error{
				"table": (*status.Report).WriteTable, "json": (*status.Report).WriteJSON, "yaml": (*status.Report).WriteYAML,
			}[format]
			if !ok {
				return fmt.Errorf("-o is table, json or yaml, not %q", format)
			}
			if c.Flags().Changed("timeout") && !wait {
				return fmt.Errorf("--timeout is how long to --wait")
			}
			o, err := flags.read(c, args)
			if err != nil {
				return err
			}
			sites, err := flags.chosen(o)
			if err != nil {
				return err
			}
			look := func(ctx context.Context) (*status.Report, error) {
				targets, err := flags.connect(ctx, o, sites)
				if err != nil {
					return nil, err
				}
				options := status.Options{Sites: sites, On: flags.isOn, Trust: flags.managementOnly, Clusters: flags.clusters, Workers: objectsAtATime}
				if flags.selector == "" && flags.class == "" {
					options.Other = flags.other
				}
				if !wait {
					options.Progress = progress(c)
				}
				return status.Look(ctx, o, targets, options)
			}
			r, err := look(c.Context())
			if wait && err == nil {
				r, err = awaitReady(c, r, limit, look)
			}
			if err != nil {
				return err
			}
			if err := write(r, c.OutOrStdout()); err != nil {
				return err
			}
			if differs(r) && o.Commit == "" {
				fmt.Fprintf(c.ErrOrStderr(), "note: this is compared with %s as it stands on disk; to compare with what was published, name its branch: --out BRANCH:\n", o.Name)
			}
			if !r.Ready() {
				return errFindings
			}
			return nil
		},
	}
	flags.register(c)
	f := c.Flags()
	f.StringVarP(&format, "output", "o", "table", "format: table, json or yaml")
	f.BoolVar(&wait, "wait", false, "look again until all is ready, and tell what has changed")
	f.DurationVar(&limit, "timeout", 10*time.Minute, "how long to wait")
	f.BoolVar(&flags.managementOnly, "management-only", false, "take the GitOps engine's word, and leave physical clusters out")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// pause is how long a look is waited for after the last one.
const pause = 2 * time.Second

// awaitReady looks again until all is ready or the time is over, and returns the
// last look. A cluster that can't be asked any more may come back.
func awaitReady(c *cobra.Command, r *status.Report, limit time.Duration, look func(context.Context) (*status.Report, error)) (*status.Report, error) {
	ctx, cancel := context.WithTimeout(c.Context(), limit)
	defer cancel()
	w := c.ErrOrStderr()
	terminal, told := isTerminal(w), ""
	tell := func(text string) {
		switch {
		case text == told:
		case terminal:
			fmt.Fprintf(w, "\r\x1b[K%s", text)
		default:
			fmt.Fprintln(w, text)
		}
		told = text
	}
	if terminal {
		defer fmt.Fprint(w, "\r\x1b[K")
	}
	for !r.Ready() {
		tell("waiting: " + r.Summary())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		next, err := look(ctx)
		switch {
		case c.Context().Err() != nil:
			return nil, c.Context().Err()
		case ctx.Err() != nil:
			tell(fmt.Sprintf("not ready after %s", limit))
			if terminal {
				fmt.Fprintln(w)
			}
			return r, nil
		case err != nil:
			tell("waiting: " + strings.ReplaceAll(err.Error(), "\n", "; "))
		default:
			r = next
		}
	}
	return r, nil
}

// differs reports whether something stands otherwise than the output has it.
func differs(r *status.Report) bool {
	return r.Counts[status.Drifted]+r.Counts[status.Missing]+r.Counts[status.Unmanaged] > 0
}
