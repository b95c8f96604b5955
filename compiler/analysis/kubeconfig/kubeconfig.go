// Package kubeconfig makes what a tenant needs to connect to a logical cluster.
package kubeconfig

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	api "k8s.io/client-go/tools/clientcmd/api/v1"
)

// tokenPlaceholder stands where a tenant puts a token of their own.
const tokenPlaceholder = "PUT-YOUR-TOKEN-HERE"

// Options say what the kubeconfig holds besides the addresses.
type Options struct {
	// Namespace is that of the current context, as the document names it; empty for the
	// first.
	Namespace string
	// Command is the credential plugin to log in with, and Args its arguments. Without
	// one, a placeholder stands where a token belongs.
	Command string
	Args    []string
}

// For returns the kubeconfig of a logical cluster, with one context for each of its
// namespaces and no credentials. The error says why there is none.
func For(r *compiler.Result, key string, o Options) (*api.Config, error) {
	lc, cluster, err := find(r, key)
	if err != nil {
		return nil, err
	}
	site := r.Sites[key]
	var names []string
	for _, n := range site.Namespaces {
		names = append(names, n.Name)
	}
	if o.Namespace == "" {
		o.Namespace = names[0]
	}
	if !slices.Contains(names, o.Namespace) {
		return nil, fmt.Errorf("%s has no namespace %q; it has %s", key, o.Namespace, strings.Join(names, ", "))
	}
	config := &api.Config{
		Kind: "Config", APIVersion: "v1", CurrentContext: contextName(lc, o.Namespace),
		Clusters:  []api.NamedCluster{{Name: cluster.Name, Cluster: api.Cluster{Server: cluster.Server, CertificateAuthorityData: []byte(cluster.CA)}}},
		AuthInfos: []api.NamedAuthInfo{{Name: key, AuthInfo: o.user()}},
	}
	for _, n := range site.Namespaces {
		config.Contexts = append(config.Contexts, api.NamedContext{
			Name: contextName(lc, n.Name), Context: api.Context{Cluster: cluster.Name, AuthInfo: key, Namespace: n.Physical},
		})
	}
	return config, nil
}

func (o *Options) user() api.AuthInfo {
	if o.Command == "" {
		return api.AuthInfo{Token: tokenPlaceholder}
	}
	return api.AuthInfo{Exec: &api.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: o.Command, Args: o.Args, InteractiveMode: api.IfAvailableExecInteractiveMode,
	}}
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
	lc := r.Tenancy.LogicalCluster(key)
	if lc == nil {
		return nil, nil, missing(r, key)
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

func missing(r *compiler.Result, key string) error {
	message := fmt.Sprintf("there is no logical cluster %q", key)
	if diag.HasErrors(r.Diagnostics) {
		return errors.New(message + ", or its document is in error: \"tenantry vet\" tells")
	}
	var keys []string
	for _, lc := range r.Tenancy.LogicalClusters {
		keys = append(keys, lc.Key)
	}
	return errors.New(message + diag.Hint(key, keys))
}
