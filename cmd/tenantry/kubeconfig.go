package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	api "k8s.io/client-go/tools/clientcmd/api/v1"
	"sigs.k8s.io/yaml"
)

// tokenPlaceholder stands where a tenant puts a token of their own.
const tokenPlaceholder = "PUT-YOUR-TOKEN-HERE"

func newKubeconfig() *cobra.Command {
	var repo repoFlags
	var out, namespace, command string
	var commandArgs []string
	c := &cobra.Command{
		Use:   "kubeconfig LOGICAL-CLUSTER",
		Short: "Print what a tenant needs to connect to a logical cluster",
		Long: `kubeconfig prints a kubeconfig for a logical cluster: the API server's address
and certificate authority, and one context for each of its namespaces.

It holds no credentials. With --exec-command it names the credential plugin that
your users log in with; without, a placeholder stands where a token belongs.`,
		Example: `  tenantry kubeconfig acme/payments/prod --out rendered > prod.kubeconfig
  tenantry kubeconfig acme/payments/prod --out rendered --exec-command kubelogin --exec-arg get-token`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := repo.compile(c, out)
			if err != nil {
				return err
			}
			config, err := kubeconfigOf(r, args[0], namespace, command, commandArgs)
			if err != nil {
				return err
			}
			if r.Provisional {
				fmt.Fprintln(c.ErrOrStderr(), "note: there are no pins, so where it stands is provisional; name the output with --out")
			}
			data, err := yaml.Marshal(config)
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(data)
			return err
		},
	}
	repo.register(c)
	f := c.Flags()
	f.StringVar(&out, "out", "", "the output whose pins say where it stands; by default rendered, where the repo has it")
	f.StringVarP(&namespace, "namespace", "n", "", "the namespace of the current context, as the document names it")
	f.StringVar(&command, "exec-command", "", "the credential plugin to log in with")
	f.StringArrayVar(&commandArgs, "exec-arg", nil, "an argument of the credential plugin (repeatable)")
	_ = c.MarkFlagDirname("out")
	return c
}

func kubeconfigOf(r *compiler.Result, key, namespace, command string, args []string) (*api.Config, error) {
	lc, cluster, err := find(r, key)
	if err != nil {
		return nil, err
	}
	site := r.Sites[key]
	var names []string
	for _, n := range site.Namespaces {
		names = append(names, n.Name)
	}
	if namespace == "" {
		namespace = names[0]
	}
	if !slices.Contains(names, namespace) {
		return nil, fmt.Errorf("%s has no namespace %q; it has %s", key, namespace, strings.Join(names, ", "))
	}
	user := api.AuthInfo{Token: tokenPlaceholder}
	if command != "" {
		user = api.AuthInfo{Exec: &api.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: command, Args: args, InteractiveMode: api.IfAvailableExecInteractiveMode,
		}}
	}
	config := &api.Config{
		Kind: "Config", APIVersion: "v1", CurrentContext: contextName(lc, namespace),
		Clusters:  []api.NamedCluster{{Name: cluster.Name, Cluster: api.Cluster{Server: cluster.Server, CertificateAuthorityData: []byte(cluster.CA)}}},
		AuthInfos: []api.NamedAuthInfo{{Name: key, AuthInfo: user}},
	}
	for _, n := range site.Namespaces {
		config.Contexts = append(config.Contexts, api.NamedContext{
			Name: contextName(lc, n.Name), Context: api.Context{Cluster: cluster.Name, AuthInfo: key, Namespace: n.Physical},
		})
	}
	return config, nil
}

// contextName is the logical cluster's key, and the namespace where it has
// declared some.
func contextName(lc *tenancy.LogicalCluster, namespace string) string {
	if len(lc.Spec.Namespaces) == 0 {
		return lc.Key
	}
	return lc.Key + ":" + namespace
}

// find returns a logical cluster that stands somewhere.
func find(r *compiler.Result, key string) (*tenancy.LogicalCluster, *tenancy.PhysicalCluster, error) {
	var keys []string
	for _, lc := range r.Tenancy.LogicalClusters {
		keys = append(keys, lc.Key)
		if lc.Key != key {
			continue
		}
		site := r.Sites[key]
		if site == nil {
			return nil, nil, fmt.Errorf("%s is placed nowhere; \"tenantry vet\" says why", key)
		}
		if site.Phase == pins.Gone {
			return nil, nil, fmt.Errorf("%s was deleted and left %s on %s", key, site.Cluster, site.Since)
		}
		for _, p := range r.Tenancy.Clusters {
			if p.Name == site.Cluster {
				return lc, p, nil
			}
		}
		return nil, nil, fmt.Errorf("%s stands on physical cluster %s, which the repo does not have", key, site.Cluster)
	}
	message := fmt.Sprintf("there is no logical cluster %q", key)
	if diag.HasErrors(r.Diagnostics) {
		message += ", or its document is in error: \"tenantry vet\" tells"
	} else if hint := diag.DidYouMean(key, keys); hint != "" {
		message += "; " + hint
	}
	return nil, nil, errors.New(message)
}
