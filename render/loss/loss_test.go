package loss

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/manifest"
)

const publishedObjects = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: baseline
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: tenantry-quota, namespace: shop}
spec:
  hard: {requests.cpu: "8", pods: "100"}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tenantry-default, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: one, namespace: shop}
roleRef: {kind: ClusterRole, name: edit-1}
subjects:
- {kind: Group, name: devs}
- {kind: ServiceAccount, name: robot, namespace: ci}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: about, namespace: shop}
---
apiVersion: tenantry.dev/v1alpha1
kind: LogicalCluster
metadata: {name: shop.eu-1}
spec:
  apis: {widgets: {version: v1}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit-1}
rules:
- {apiGroups: [""], resources: [pods, secrets], verbs: [get, list]}
`

func TestLost(t *testing.T) {
	read := func(text string) *Content {
		objects, err := manifest.FromYAML([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		own := slices.DeleteFunc(slices.Clone(objects), func(o manifest.Map) bool { return o.Get("kind") == "ClusterRole" })
		return &Content{Objects: own, Belonging: own, Roles: RolesOf(objects)}
	}
	for _, c := range []struct {
		name     string
		old, new string
		want     []string
	}{
		{"nothing", "", "", nil},
		{"a namespace", "name: shop\n", "name: shop2\n", []string{"Namespace shop"}},
		{"an object", "name: about", "name: about2", []string{"ConfigMap about in shop"}},
		{"a network policy", "name: tenantry-default", "name: other", nil},
		{"quota", `requests.cpu: "8"`, `requests.cpu: 7500m`, []string{"requests.cpu in shop (8 to 7500m)"}},
		{"more quota", `requests.cpu: "8"`, `requests.cpu: "9"`, nil},
		{"a limit that goes", `, pods: "100"`, ``, nil},
		{"a limit that comes", `pods: "100"`, `pods: "100", services: "3"`, []string{"services in shop (no limit to 3)"}},
		{"a subject", "- {kind: Group, name: devs}\n", "", []string{"access of group devs to shop"}},
		{"a service account", "namespace: ci", "namespace: cd", []string{"access of serviceaccount ci/robot to shop"}},
		{"a verb", "[get, list]", "[get]", []string{"part of the access of group devs to shop", "part of the access of serviceaccount ci/robot to shop"}},
		{"more verbs", "[get, list]", "[get, list, watch]", nil},
		{"another role of the same", "edit-1", "edit-2", nil},
		{"another binding", "name: one", "name: two", nil},
		{"an API set", "widgets:", "gadgets:", []string{"API set widgets"}},
		{"Pod Security", "enforce: baseline", "enforce: restricted", []string{"Pod Security baseline in shop (restricted today)"}},
		{"Pod Security that lets pass more", "enforce: baseline", "enforce: privileged", nil},
		{"frozen", "enforce: baseline", "enforce: baseline\n    tenantry.dev/state: frozen", []string{"writes in shop"}},
		{"a policy", "enforce: baseline", "enforce: baseline\n    policy.tenantry.dev/p1: \"true\"", []string{"writes in shop that tenantry-policy-p1 refuses or changes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.old != "" && !strings.Contains(publishedObjects, c.old) {
				t.Fatalf("there is no %q", c.old)
			}
			now := read(strings.ReplaceAll(publishedObjects, c.old, c.new))
			if c.old == "" {
				now = read(publishedObjects)
			}
			was := read(publishedObjects)
			if got := Of(was, now); !slices.Equal(got, c.want) {
				t.Errorf("lost %q, want %q", got, c.want)
			}
		})
	}
}
