package main

import (
	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/internal/cli"
)

const whoCanHelp = `who-can prints every subject that may do something in logical clusters, and the
document that gives it. The resource is written as kubectl writes it, in the
plural; its group may be left out where only one API set's resource has the name.

A subject whose role grants it and whom admission refuses, in a logical cluster
that is frozen for one, is listed too, and DENIED says why. The platform and the
administrators of physical clusters are not listed: their rights are not in the
tenancy repo.`

type whoCanFlags struct {
	accessFlags
	output cli.Output[*access.Allowed]
}

func newWhoCan() *cobra.Command {
	var f whoCanFlags
	c := &cobra.Command{
		Use:   "who-can VERB RESOURCE[.GROUP][/SUBRESOURCE]",
		Short: "Show who may do something, and where",
		Long:  whoCanHelp,
		Example: `  tenantry who-can create secrets --in 'acme/**'
  tenantry who-can create pods/exec --in acme/payments/prod
  tenantry who-can delete databases.db.acme.example -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0], args[1]) },
	}
	f.register(c)
	f.output.Register(c,
		cli.As("table", (*access.Allowed).WriteTable),
		cli.As("json", (*access.Allowed).WriteJSON),
	)
	return c
}

func (f *whoCanFlags) run(c *cobra.Command, verb, resource string) error {
	r, answer, err := f.find(c, nil)
	if err != nil {
		return err
	}
	action, err := access.ParseAction(verb, resource, r.Platforms)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), answer.WhoCan(action)); err != nil {
		return err
	}
	return findings(r.Diagnostics)
}
