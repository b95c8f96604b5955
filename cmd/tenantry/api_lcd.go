package main

import (
	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/apis"
	"github.com/tenantry/tenantry/internal/cli"
)

const apiLCDHelp = `lcd prints CustomResourceDefinitions that accept only what both sides accept: an
object that is valid under one of them, with its defaults, is valid under A and
under B, and means the same. Whoever keeps to it can work with either.

What one side has and the result has not is told as comments. A field by which the
sides do not go together is left out; where it can't be, there is no common
denominator. Where the sides fill in different defaults, a value must be given.

A and B are each one of
  FILE or DIRECTORY    with CustomResourceDefinitions in YAML or JSON
  -                    standard input
  REV:PATH             a file or directory in a git revision, from the root of the
                       repository that --dir lies in
  SET@VERSION          a version or channel of an API set of the tenancy repo

Exit codes: 0 every resource of both sides has one, 1 one has none, or no resource
is on both sides, 2 the command could not run.`

type apiLCDFlags struct {
	repoFlags
	output cli.Output[apis.Denominators]
}

func newAPILCD() *cobra.Command {
	var f apiLCDFlags
	c := &cobra.Command{
		Use:   "lcd A B",
		Short: "Find the lowest common denominator of two APIs",
		Long:  apiLCDHelp,
		Example: `  tenantry api lcd database@v1 database@v2
  tenantry api lcd v1.20:config/crd v1.21:config/crd -o json
  tenantry api lcd a.yaml b.yaml > common.yaml`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0], args[1]) },
	}
	f.register(c)
	f.output.RegisterAs(c, cli.Wording{Usage: "format: yaml, json"},
		cli.As("yaml", apis.Denominators.WriteYAML),
		cli.As("json", apis.Denominators.WriteJSON),
	)
	return c
}

func (f *apiLCDFlags) run(c *cobra.Command, first, second string) error {
	a, b, err := f.sides(c).ReadBoth(c.Context(), first, second)
	if err != nil {
		return err
	}
	common, err := apis.Common(a, b)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), common); err != nil {
		return err
	}
	if !common.Complete() {
		return cli.Findings{}
	}
	return nil
}
