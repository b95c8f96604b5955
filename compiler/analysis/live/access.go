package live

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/render/engine/gitops"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
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

// physical returns the credentials for a physical cluster that is not the
// management cluster: those that were given, or the engine's own.
func (a *Access) physical(ctx context.Context, c *Cluster, engines engine.Registry, management *Live) (*rest.Config, error) {
	if file, ok := a.Physical[c.Name]; ok {
		return fromFile(file, "")
	}
	if e := engines.Named(c.Engine); e != nil && management != nil {
		kubeconfig, err := e.Kubeconfig(ctx, secrets{management}, c.Name, c.Reach)
		if err != nil {
			return nil, err
		}
		if kubeconfig != nil {
			return fromSecret(kubeconfig)
		}
	}
	return nil, fmt.Errorf("give its kubeconfig with --kubeconfig %s=FILE", c.Name)
}

// secrets reads Secrets of a cluster.
type secrets struct{ *Live }

var secretResource = kschema.GroupVersionResource{Version: "v1", Resource: "secrets"}

func (s secrets) Get(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	u, err := s.Dynamic.Resource(secretResource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, s.Explain(err)
	}
	out := &corev1.Secret{}
	return out, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out)
}

func (s secrets) List(ctx context.Context, namespace, selector string) ([]corev1.Secret, error) {
	list, err := s.Dynamic.Resource(secretResource).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, s.Explain(err)
	}
	out := make([]corev1.Secret, len(list.Items))
	for i := range out {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(list.Items[i].Object, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fromSecret reads a kubeconfig that came from a cluster. What it would run or
// read on this machine is refused: who may write a secret there may not do that
// here.
func fromSecret(kubeconfig *gitops.Kubeconfig) (*rest.Config, error) {
	name, raw := kubeconfig.From, kubeconfig.Config
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
