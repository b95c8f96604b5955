package main

import (
	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/policies"
	"github.com/tenantry/tenantry/internal/cli"
)

const policyTestHelp = `test runs the cases of all modules and policies: examples of what their rules
allow and what they deny, with a part of the message.

Cases of policies on writes are judged by the API server's own validator, with
the features of the oldest Kubernetes release among the physical clusters.`

type policyTestFlags struct {
	queryFlags
	output cli.Output[policies.Tested]
}

func newPolicyTest() *cobra.Command {
	var f policyTestFlags
	c := &cobra.Command{
		Use:   "test",
		Short: "Run the cases of modules and policies",
		Long:  policyTestHelp,
		Example: `  tenantry policy test
  tenantry policy test -o junit > policies.xml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c, outHelp)
	f.output.Register(c,
		cli.As("text", policies.Tested.WriteText),
		cli.As("json", policies.Tested.WriteJSON),
		cli.As("junit", policies.Tested.WriteJUnit),
	)
	return c
}

func (f *policyTestFlags) run(c *cobra.Command) error {
	r, err := f.compileAndReport(c)
	if err != nil {
		return err
	}
	tested := policies.Test(c.Context(), r.Policies)
	if err := f.output.Write(c.OutOrStdout(), tested); err != nil {
		return err
	}
	if tested.Failed() > 0 {
		return cli.Findings{}
	}
	return findings(r.Diagnostics)
}
