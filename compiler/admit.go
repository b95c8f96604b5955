package compiler

import (
	"encoding/json"
	"sync"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
)

// rendered are the resources in tenants' namespaces that come of a logical
// cluster, by kind.
var rendered = map[string]kubeschema.GroupVersionResource{
	"ResourceQuota": {Version: "v1", Resource: "resourcequotas"},
	"LimitRange":    {Version: "v1", Resource: "limitranges"},
	"NetworkPolicy": {Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	"RoleBinding":   {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
}

// admit says where policies on writes can't be enforced and what is wrong with patches,
// and runs the former over what is rendered for each logical cluster.
func (c *compilation) admit() (out []tenancy.Finding) {
	r := c.result
	for _, lc := range r.Tenancy.LogicalClusters {
		if r.Policies.Transforms(lc) == nil || r.Sites[lc.Key] == nil || lc.State == schema.Deleted {
			continue
		}
		if cluster := r.Tenancy.Cluster(r.Sites[lc.Key].Cluster); cluster != nil {
			out = append(out, r.Policies.Unserved(lc, cluster, func() bool { return !lc.Held && c.changed(lc.Kind, lc.Key, lc.Dir) })...)
		}
	}
	c.expanded = sync.OnceValues(func() ([]desired.State, []desired.Platform) {
		return desired.Expand(r.Tenancy, r.Sites, c.placed.Definitions, r.Policies, r.Implicit)
	})
	if r.Policies.Patch() {
		out = append(out, c.patch(c.expanded())...)
	}
	judged := map[string]bool{}
	for kind, resource := range rendered {
		if r.Policies.Judges(resource) {
			judged[kind] = true
		}
	}
	if len(judged) == 0 {
		return out
	}
	judges := map[string]*policy.Judge{}
	states, _ := c.expanded()
	for i := range states {
		s := &states[i]
		lc := r.Tenancy.LogicalCluster(s.Key)
		if lc == nil || lc.State == schema.Deleted || len(s.Policies) == 0 {
			continue
		}
		changed := !lc.Held && c.changed(lc.Kind, lc.Key, lc.Dir)
		out = append(out, r.Policies.Admit(lc, s.Minor, writes(render.Objects(s), judged), judges, changed)...)
	}
	return out
}

// writes are the creations of those objects whose kinds are judged.
func writes(objects []manifest.Map, judged map[string]bool) (out []policy.Write) {
	namespaces := map[string]*corev1.Namespace{}
	for _, m := range objects {
		kind, _ := m.Get("kind").(string)
		name, _ := m.Get("metadata", "name").(string)
		if kind == "Namespace" {
			ns := &corev1.Namespace{}
			if json.Unmarshal(manifest.AppendJSON(nil, m), ns) == nil {
				namespaces[name] = ns
			}
			continue
		}
		if !judged[kind] {
			continue
		}
		object := &unstructured.Unstructured{}
		if object.UnmarshalJSON(manifest.AppendJSON(nil, m)) != nil {
			continue
		}
		out = append(out, policy.Write{
			Attributes: admission.NewAttributesRecord(object, nil, object.GroupVersionKind(), object.GetNamespace(), name, rendered[kind], "",
				admission.Create, nil, false, &user.DefaultInfo{Name: "tenantry"}),
			Namespace: namespaces[object.GetNamespace()],
			What:      kind + " " + name,
		})
	}
	return out
}
