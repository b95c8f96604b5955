package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/list"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/internal/cli"
	"k8s.io/apimachinery/pkg/labels"
)

const listHelp = `list prints the logical clusters of the tenancy repo: where they stand, what
they bind and what they may take.

PATH narrows them: it is ` + selection.Help + `.`

type listFlags struct {
	queryFlags
	selector, cluster, class string
	state                    cli.Choice
	output                   cli.Output[list.List]
}

func newList() *cobra.Command {
	var f listFlags
	c := &cobra.Command{
		Use:   "list [PATH]",
		Short: "List logical clusters",
		Long:  listHelp,
		Example: `  tenantry list
  tenantry list acme/payments -l env=prod
  tenantry list --on eu-1 -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.register(c, outPlaces)
	fs := c.Flags()
	fs.StringVarP(&f.selector, "selector", "l", "", "only those whose labels match, as kubectl writes it: env=prod,tier!=gold")
	fs.StringVar(&f.cluster, "on", "", "only those on this physical cluster")
	fs.StringVar(&f.class, "class", "", "only those of this class")
	f.state.Register(c, "state", "", "only those in this state: active, frozen or deleted", "active", "frozen", "deleted")
	f.output.Register(c,
		cli.As("table", list.List.WriteTable),
		cli.As("json", list.List.WriteJSON),
		cli.As("yaml", list.List.WriteYAML),
	)
	return c
}

func (f *listFlags) run(c *cobra.Command, args []string) (err error) {
	filter := list.Filter{Cluster: f.cluster, Class: f.class, State: f.state.String()}
	if filter.Path, err = pathArg(args); err != nil {
		return err
	}
	if filter.Labels, err = labels.Parse(f.selector); err != nil {
		return fmt.Errorf("--selector: %w", err)
	}
	r, err := f.compileAndReport(c)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), list.Of(r, filter)); err != nil {
		return err
	}
	return findings(r.Diagnostics)
}
