package main

import "github.com/spf13/cobra"

func newAPI() *cobra.Command {
	c := &cobra.Command{
		Use:   "api",
		Short: "Compare versions of APIs",
		Long: `api answers questions about the APIs that logical clusters bind: what changes
from one version to another, and for whom.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAPIDiff(), newAPILCD(), newAPIImpact())
	return c
}
