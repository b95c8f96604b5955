package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/kubeconfig"
	"github.com/tenantry/tenantry/internal/cli"
	"sigs.k8s.io/yaml"
)

const kubeconfigHelp = `kubeconfig prints a kubeconfig for a logical cluster: the API server's address
and certificate authority, and one context for each of its namespaces.

It holds no credentials. With --exec-command it names the credential plugin that
your users log in with; without, a placeholder stands where a token belongs.`

type kubeconfigFlags struct {
	queryFlags
	kubeconfig.Options
}

func newKubeconfig() *cobra.Command {
	var f kubeconfigFlags
	c := &cobra.Command{
		Use:   "kubeconfig LOGICAL-CLUSTER",
		Short: "Print what a tenant needs to connect to a logical cluster",
		Long:  kubeconfigHelp,
		Example: `  tenantry kubeconfig acme/payments/prod --out rendered > prod.kubeconfig
  tenantry kubeconfig acme/payments/prod --out rendered --exec-command kubelogin --exec-arg get-token`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.register(c, "the output whose pins say where it stands; by default rendered, where the repo has it")
	fs := c.Flags()
	fs.StringVarP(&f.Namespace, "namespace", "n", "", "the namespace of the current context, as the document names it")
	fs.StringVar(&f.Command, "exec-command", "", "the credential plugin to log in with")
	fs.StringArrayVar(&f.Args, "exec-arg", nil, "an argument of the credential plugin (repeatable)")
	return c
}

func (f *kubeconfigFlags) run(c *cobra.Command, key string) error {
	r, err := f.compile(c)
	if err != nil {
		return err
	}
	config, err := kubeconfig.For(r, key, f.Options)
	if err != nil {
		return err
	}
	switch {
	case r.From.Provisional && f.pins == noPins:
		fmt.Fprintln(c.ErrOrStderr(), "note: without pins, where it is placed is provisional")
	case r.From.Provisional:
		fmt.Fprintf(c.ErrOrStderr(), "there are no pins here, so it is not known where %s is; fetch the branch that is published, or name the output with --out (--pins none shows where it would be placed)\n", key)
		return cli.Findings{}
	}
	data, err := yaml.Marshal(config)
	if err != nil {
		return err
	}
	_, err = c.OutOrStdout().Write(data)
	return err
}
