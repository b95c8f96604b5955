package main

import (
	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/policies"
	"github.com/tenantry/tenantry/internal/cli"
)

const policyListHelp = `list prints the policies of the tenancy repo and how many logical clusters each
reaches. With --in it prints those that reach one logical cluster, in the order
in which they stand: the uppermost directory first. An exemption that lifts one
is named.`

type policyListFlags struct {
	queryFlags
	in     string
	output cli.Output[policies.List]
}

func newPolicyList() *cobra.Command {
	var f policyListFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "List policies, or those that hold for a logical cluster",
		Long:  policyListHelp,
		Example: `  tenantry policy list
  tenantry policy list --in acme/payments/prod
  tenantry policy list --in acme/payments/prod -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c, outHelp)
	c.Flags().StringVar(&f.in, "in", "", "only those that reach this logical cluster")
	f.output.Register(c,
		cli.As("table", policies.List.WriteTable),
		cli.As("json", policies.List.WriteJSON),
	)
	return c
}

func (f *policyListFlags) run(c *cobra.Command) error {
	r, err := f.compileAndReport(c)
	if err != nil {
		return err
	}
	list := policies.All(r)
	if f.in != "" {
		if list, err = policies.Of(r, f.in); err != nil {
			return err
		}
	}
	if err := f.output.Write(c.OutOrStdout(), list); err != nil {
		return err
	}
	return findings(r.Diagnostics)
}
