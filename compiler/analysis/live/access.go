package live

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tenantry/tenantry/schema"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Access is how clusters are reached.
type Access struct {
	// Kubeconfig is a file for the management cluster, Context the one of its
	// contexts that holds. Both may be empty: then it is reached as kubectl would.
	Kubeconfig, Context string
	// Physical are files for physical clusters. Where there are some, and no
	// Kubeconfig, the management cluster is left out.
	Physical map[string]string
	// ManagementOnly leaves physical clusters alone, but for one that is the
	// management cluster itself.
	ManagementOnly bool
	// Timeout bounds each request.
	Timeout time.Duration
	// UserAgent names the caller to API servers.
	UserAgent string
}

// errLeftOut: nobody asked for the management cluster.
var errLeftOut = errors.New("no kubeconfig was given for it")

// management returns the credentials for the management cluster.
func (a *Access) management() (*rest.Config, error) {
	if a.Kubeconfig == "" && len(a.Physical) > 0 {
		return nil, errLeftOut
	}
	return fromFile(a.Kubeconfig, a.Context)
}

// fromFile reads a kubeconfig; without a name, where kubectl looks for one.
func fromFile(name, context string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	shown := "kubeconfig " + name
	if name != "" {
		info, err := os.Stat(name)
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			return nil, fmt.Errorf("%s: %w", shown, path.Err)
		} else if err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s is a directory", shown)
		}
		rules = &clientcmd.ClientConfigLoadingRules{ExplicitPath: name}
	} else {
		shown = "the default kubeconfig"
		rules.WarnIfAllMissing = false
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	if len(raw.Clusters) == 0 {
		if name == "" {
			if config, err := rest.InClusterConfig(); err == nil { // in a Pod
				return config, nil
			}
			return nil, errors.New("there is no kubeconfig: name one with --kubeconfig or KUBECONFIG")
		}
		return nil, fmt.Errorf("%s holds no cluster", shown)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	return config, nil
}

var secrets = kschema.GroupVersionResource{Version: "v1", Resource: "secrets"}

// physical returns the credentials for a physical cluster that is not the
// management cluster: those that were given, or the engine's own.
func (a *Access) physical(ctx context.Context, c *Cluster, management *Live) (*rest.Config, error) {
	if file, ok := a.Physical[c.Name]; ok {
		return fromFile(file, "")
	}
	give := fmt.Errorf("give its kubeconfig with --kubeconfig %s=FILE", c.Name)
	switch {
	case management == nil:
		return nil, give
	case c.Kubeconfig != nil:
		return fromFluxSecret(ctx, c, management)
	case c.Engine == schema.Argo:
		return fromArgoSecret(ctx, c, management)
	}
	return nil, give
}

// fromFluxSecret reads the kubeconfig that Flux uses.
func fromFluxSecret(ctx context.Context, c *Cluster, management *Live) (*rest.Config, error) {
	name := "secret " + c.Namespace + "/" + c.Kubeconfig.Name
	secret, err := management.Dynamic.Resource(secrets).Namespace(c.Namespace).Get(ctx, c.Kubeconfig.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s, which holds its kubeconfig: %w", name, management.Explain(err))
	}
	keys := []string{c.Kubeconfig.Key}
	if c.Kubeconfig.Key == "" {
		keys = []string{"value", "value.yaml"} // as Flux looks for it
	}
	for _, key := range keys {
		encoded, found, _ := unstructured.NestedString(secret.Object, "data", key)
		if !found {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return fromSecret(name, data)
	}
	return nil, fmt.Errorf("%s has no key %s", name, keys[0])
}

// fromSecret reads a kubeconfig that came from a cluster. What it would run or
// read on this machine is refused: who may write a secret there may not do that
// here.
func fromSecret(name string, data []byte) (*rest.Config, error) {
	raw, err := clientcmd.Load(data)
	if err != nil {
		return nil, fmt.Errorf("%s: it is no kubeconfig: %w", name, err)
	}
	local := func(what string) error {
		return fmt.Errorf("%s: its kubeconfig names %s, which is not followed from here: give one with --kubeconfig", name, what)
	}
	for _, user := range raw.AuthInfos {
		switch {
		case user.Exec != nil || user.AuthProvider != nil:
			return nil, local("a credential plugin")
		case user.TokenFile != "" || user.ClientCertificate != "" || user.ClientKey != "":
			return nil, local("a file")
		}
	}
	for _, cluster := range raw.Clusters {
		if cluster.CertificateAuthority != "" {
			return nil, local("a file")
		}
	}
	config, err := clientcmd.NewDefaultClientConfig(*raw, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return config, nil
}

// fromArgoSecret reads the credentials by which Argo CD knows a cluster.
func fromArgoSecret(ctx context.Context, c *Cluster, management *Live) (*rest.Config, error) {
	list, err := management.Dynamic.Resource(secrets).Namespace(c.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "argocd.argoproj.io/secret-type=cluster"})
	if err != nil {
		return nil, fmt.Errorf("the secrets of Argo CD, one of which holds its credentials: %w", management.Explain(err))
	}
	for i := range list.Items {
		item := &list.Items[i]
		field := func(key string) []byte {
			encoded, _, _ := unstructured.NestedString(item.Object, "data", key)
			data, _ := base64.StdEncoding.DecodeString(encoded)
			return data
		}
		if string(field("name")) == c.Name {
			return fromArgo("secret "+c.Namespace+"/"+item.GetName(), string(field("server")), field("config"))
		}
	}
	return nil, fmt.Errorf("no secret of Argo CD in %s names it", c.Namespace)
}

// fromArgo reads the field "config" of Argo CD's secret for a cluster, see
// "Declarative setup, Clusters" of its documentation.
func fromArgo(name, server string, data []byte) (*rest.Config, error) {
	var c struct {
		Username, Password, BearerToken string
		TLSClientConfig                 struct {
			Insecure                  bool
			ServerName                string
			CAData, CertData, KeyData []byte
		}
		AWSAuthConfig, ExecProviderConfig json.RawMessage
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: its config: %w", name, err)
	}
	if c.AWSAuthConfig != nil || c.ExecProviderConfig != nil {
		return nil, fmt.Errorf("%s names a credential plugin, which is not run from here: give a kubeconfig with --kubeconfig", name)
	}
	tls := c.TLSClientConfig
	config := api.NewConfig()
	config.Clusters["c"] = &api.Cluster{Server: server, CertificateAuthorityData: tls.CAData, InsecureSkipTLSVerify: tls.Insecure, TLSServerName: tls.ServerName}
	config.AuthInfos["u"] = &api.AuthInfo{Username: c.Username, Password: c.Password, Token: c.BearerToken, ClientCertificateData: tls.CertData, ClientKeyData: tls.KeyData}
	config.Contexts["x"] = &api.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = "x"
	out, err := clientcmd.NewDefaultClientConfig(*config, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}
