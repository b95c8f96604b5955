package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/live/drift"
)

// errIncomplete ends a command that could not look at everything.
var errIncomplete = errors.New("not everything could be compared, see above")

func newDrift() *cobra.Command {
	var flags liveFlags
	var format string
	c := &cobra.Command{
		Use:   "drift [PATH]",
		Short: "Show where clusters differ from what is rendered",
		Long: `drift compares clusters with the output: which objects are missing, which
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
answer.`,
		Example: `  tenantry drift
  tenantry drift acme/payments --out origin/rendered:
  tenantry drift --kubeconfig mgmt.kubeconfig --kubeconfig eu-1=eu-1.kubeconfig
  tenantry drift --on eu-1 -o json | jq '.clusters[].findings[] | select(.what == "unmanaged")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("-o is text or json, not %q", format)
			}
			o, err := flags.read(c, args)
			if err != nil {
				return err
			}
			sites, err := flags.chosen(o)
			if err != nil {
				return err
			}
			targets, err := flags.connect(c.Context(), o, sites)
			if err != nil {
				return err
			}
			options := drift.Options{Sites: sites, On: flags.isOn, Clusters: flags.clusters, Workers: objectsAtATime, Progress: progress(c)}
			if flags.selector == "" && flags.class == "" {
				options.Other = flags.other
			}
			r, err := drift.Compare(c.Context(), o, targets, options)
			if err != nil {
				return err
			}
			if format == "json" {
				err = r.WriteJSON(c.OutOrStdout())
			} else {
				err = r.WriteText(c.OutOrStdout())
			}
			switch {
			case err != nil:
				return err
			case r.Hindered():
				return errIncomplete
			case r.Drifted():
				return errFindings
			case r.Unanswered():
				return errIncomplete
			}
			return nil
		},
	}
	flags.register(c)
	c.Flags().StringVarP(&format, "output", "o", "text", "format: text or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// objectsAtATime bounds the requests to one cluster.
const objectsAtATime = 16
