package compiler

import (
	"encoding/json"

	"github.com/tenantry/tenantry/compiler/policy/admit"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/transform"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/manifest"
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

// checkEnforced says where policies on writes can't be enforced.
func checkEnforced(f *facts) (out []tenancy.Finding) {
	for _, lc := range f.tenancy.LogicalClusters {
		site := f.placement.Sites[lc.Key]
		if f.policies.Transforms(lc) == nil || site == nil || lc.State == schema.Deleted {
			continue
		}
		if cluster := f.tenancy.Cluster(site.Cluster); cluster != nil {
			out = append(out, transform.Unserved(f.policies, lc, cluster, func() bool { return f.changed(lc) })...)
		}
	}
	return out
}

// changed reports whether a logical cluster says something else than its last good version.
func (f *facts) changed(lc *tenancy.LogicalCluster) bool {
	return !lc.Held && f.documents.Changed(lc.Kind, lc.Key, lc.Dir)
}

// checkAdmission runs policies on writes over what is rendered for each logical cluster.
func checkAdmission(f *facts) (out []tenancy.Finding) {
	judged := map[string]bool{}
	for kind, resource := range rendered {
		if admit.Judges(f.policies, resource) {
			judged[kind] = true
		}
	}
	if len(judged) == 0 {
		return nil
	}
	judges := map[string]*apiserver.Judge{}
	for i := range f.desired.States {
		s := &f.desired.States[i]
		lc := f.tenancy.LogicalCluster(s.Key)
		if lc == nil || lc.State == schema.Deleted || len(s.Policies) == 0 {
			continue
		}
		out = append(out, admit.Check(f.policies, lc, s.Minor, writes(f.options.Targets.Objects(s), judged), judges, f.changed(lc))...)
	}
	return out
}

// writes are the creations of those objects whose kinds are judged.
func writes(objects []manifest.Map, judged map[string]bool) (out []admit.Write) {
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
		out = append(out, admit.Write{
			Attributes: admission.NewAttributesRecord(object, nil, object.GroupVersionKind(), object.GetNamespace(), name, rendered[kind], "",
				admission.Create, nil, false, &user.DefaultInfo{Name: "tenantry"}),
			Namespace: namespaces[object.GetNamespace()],
			What:      kind + " " + name,
		})
	}
	return out
}
