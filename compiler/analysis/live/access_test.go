package live

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// held is the one Secret of a management cluster.
type held corev1.Secret

func (s held) Get(context.Context, string, string) (*corev1.Secret, error) {
	return (*corev1.Secret)(&s), nil
}

func (s held) List(context.Context, string, string) ([]corev1.Secret, error) {
	return []corev1.Secret{corev1.Secret(s)}, nil
}

// credentials are what an engine's Secret for a physical cluster gives.
func credentials(t *testing.T, name schema.Engine, data map[string]string) (*rest.Config, error) {
	s := held{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Data: map[string][]byte{}}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	kubeconfig, err := engine.BuiltIn().Named(name).Kubeconfig(t.Context(), s, "eu-1", gitops.Reach{Namespace: "ns", Secret: "s"})
	if err != nil {
		return nil, err
	}
	return fromSecret(kubeconfig)
}

// A kubeconfig that comes from a secret runs and reads nothing on this machine.
func TestSecretsAreNotFollowed(t *testing.T) {
	const cluster = "clusters: [{name: c, cluster: {server: 'https://eu-1.example:6443'}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n"
	for name, c := range map[string]struct{ kubeconfig, refused string }{
		"a token":       {cluster + "users: [{name: u, user: {token: t}}]", ""},
		"a plugin":      {cluster + "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: touch}}}]", "credential plugin"},
		"a provider":    {cluster + "users: [{name: u, user: {auth-provider: {name: gcp}}}]", "credential plugin"},
		"a token file":  {cluster + "users: [{name: u, user: {tokenFile: /etc/passwd}}]", "a file"},
		"a certificate": {cluster + "users: [{name: u, user: {client-certificate: /etc/passwd}}]", "a file"},
		"a key":         {cluster + "users: [{name: u, user: {client-key: /etc/passwd}}]", "a file"},
		"an authority":  {strings.Replace(cluster, "{server:", "{certificate-authority: /etc/passwd, server:", 1) + "users: [{name: u, user: {token: t}}]", "a file"},
		"another user":  {cluster + "users: [{name: u, user: {token: t}}, {name: v, user: {exec: {apiVersion: v1, command: touch}}}]", "credential plugin"},
		"no kubeconfig": {"[1, 2]", "no kubeconfig"},
		"nothing":       {"{}", "secret ns/s"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := credentials(t, "flux", map[string]string{"value": c.kubeconfig})
			switch {
			case c.refused == "" && (err != nil || config.BearerToken != "t" || config.Host != "https://eu-1.example:6443"):
				t.Errorf("it is read as %v, %v", config, err)
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("the error is %v, want %s", err, c.refused)
			}
		})
	}
}

func TestArgoSecrets(t *testing.T) {
	argo := func(config string) (*rest.Config, error) {
		return credentials(t, "argo", map[string]string{"name": "eu-1", "server": "https://eu-1.example:6443", "config": config})
	}
	config, err := argo(`{"bearerToken":"t","tlsClientConfig":{"insecure":true,"serverName":"eu-1"}}`)
	if err != nil || config.Host != "https://eu-1.example:6443" || config.BearerToken != "t" || !config.Insecure || config.ServerName != "eu-1" {
		t.Errorf("it is read as %v, %v", config, err)
	}
	for _, refused := range []string{`{"execProviderConfig":{"command":"touch"}}`, `{"awsAuthConfig":{"clusterName":"x"}}`, `[]`} {
		if _, err := argo(refused); err == nil {
			t.Errorf("%s is taken", refused)
		}
	}
}

// What the output says of its logical clusters, and of how clusters are reached.
func TestRead(t *testing.T) {
	o, err := Read(t.Context(), ".", "../../../examples/hosted/rendered", engine.BuiltIn())
	if err != nil {
		t.Fatal(err)
	}
	engines := map[string]bool{}
	for _, c := range o.Clusters {
		engines[string(c.Engine)] = true
		if c.Engine == "" || c.Reach.Namespace == "" {
			t.Errorf("%s is applied by %q in %q", c.Name, c.Engine, c.Reach.Namespace)
		}
		if c.Engine == "flux" && !c.Reach.Here && c.Reach.Secret == "" {
			t.Errorf("nothing says how %s is reached", c.Name)
		}
		applied := map[string]bool{}
		for _, m := range o.Management {
			applied[m.Name] = true
		}
		for _, s := range c.Sites {
			if s.Class == "" || len(s.Namespaces) == 0 || s.Cluster != c || !applied[s.Part()] || !applied[s.ManagementPart()] {
				t.Errorf("%s on %s is %+v", s.Key, c.Name, *s)
			}
		}
		for _, object := range c.Objects {
			if content := object.Content(); content.GetName() != object.Name || content.GroupVersionKind() != object.GroupVersionKind() {
				t.Errorf("%s is %v", object.ID, content)
			}
		}
	}
	i := slices.IndexFunc(o.Clusters, func(c *Cluster) bool { return c.Name == "eu-1" })
	warehouse := o.Clusters[i].Site("cedar/data/warehouse")
	if warehouse == nil || warehouse.Class != "standard" || len(warehouse.Namespaces) != 3 {
		t.Errorf("cedar/data/warehouse is %+v", warehouse)
	}
	if !engines["flux"] || !engines["argo"] {
		t.Errorf("the engines are %v", engines)
	}
}
