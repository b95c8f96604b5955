package explain

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/target"
)

// Object is a rendered object of a logical cluster, as far as it tells what a
// field of it was made from.
type Object struct {
	Kind, Name string
	// Namespace is the name that the document has for the object's namespace.
	Namespace string
	// Retired: the document no longer has the namespace.
	Retired bool
	// Subject of a RoleBinding, as documents have it.
	Subject string
	// Deployer: the subject deploys the source.
	Deployer bool
	// Implicit tells which implicit document gives the object, and where it stands
	// there; empty for objects of the logical cluster's own.
	Implicit string

	engines target.Engines
}

// Reason is what a field of a rendered object was made from: fields of the
// logical cluster, or nothing that a document says.
type Reason struct {
	// Fields are as tenancy.Value has them; each stands for all below it.
	Fields []string
	// Note tells what no field does.
	Note string
}

// Field returns what the field at a path was made from. Every field that
// package render writes for a logical cluster has a reason; ok is false for
// others.
func (o *Object) Field(at []string) (r Reason, ok bool) {
	if len(at) == 0 {
		return r, false
	}
	if o.Implicit != "" && !o.own(at) {
		return note(o.Implicit)
	}
	switch at[0] {
	case "apiVersion", "kind":
		return note("it is what the backing renders")
	case "metadata":
		return o.metadata(at[1:])
	}
	if o.Retired {
		return note("the document no longer has the namespace: it is closed, and keeps its data")
	}
	return o.content(at)
}

// content explains what a kind has beside its metadata.
func (o *Object) content(at []string) (Reason, bool) {
	switch o.Kind {
	case "ResourceQuota":
		if len(at) == 3 {
			return fields("namespaces."+o.Namespace+".quota."+at[2], "quota."+at[2])
		}
		return fields("namespaces."+o.Namespace+".quota", "quota")
	case "LimitRange":
		if len(at) == 5 {
			return fields("containers." + at[3] + "." + at[4])
		}
		return fields("containers")
	case "NetworkPolicy":
		return Reason{Fields: []string{"network"}, Note: "DNS is reached where the physical cluster's dns says"}, true
	case "RoleBinding":
		if o.Deployer {
			return fields("source.role", "apis")
		}
		if at[0] == "roleRef" {
			return fields("access."+o.Subject, "apis")
		}
		return fields("access." + o.Subject)
	case "ServiceAccount":
		return Reason{Fields: []string{"source"}, Note: "it deploys the source, and needs no token in pods"}, true
	case "LogicalCluster":
		return o.inventory(at)
	case "GitRepository", "Kustomization", "Application", "AppProject":
		return Reason{Fields: []string{"source", "placement.cluster"}, Note: "the GitOps engine applies the source by it"}, true
	}
	return Reason{}, false
}

// own reports whether a field of an object that an implicit document gives is what
// it would be in the logical cluster's own.
func (o *Object) own(at []string) bool {
	if at[0] != "metadata" || len(at) < 2 {
		return false
	}
	if len(at) == 3 && (at[1] == "labels" || at[1] == "annotations") {
		_, ok := o.mark(at[2])
		return ok
	}
	return at[1] == "namespace"
}

func fields(names ...string) (Reason, bool) { return Reason{Fields: names}, true }
func note(text string) (Reason, bool)       { return Reason{Note: text}, true }

func (o *Object) metadata(at []string) (Reason, bool) {
	if len(at) == 0 {
		return note("names, labels and annotations")
	}
	switch at[0] {
	case "name":
		switch {
		case o.Kind == "Namespace" && o.Retired:
			return fields("namespaces." + o.Namespace + ".retired")
		case o.Kind == "Namespace":
			return fields("namespaces." + o.Namespace + ".name")
		case o.Kind == "RoleBinding" && !o.Deployer:
			return fields("access."+o.Subject, "apis")
		case o.Kind == "RoleBinding":
			return fields("source.role", "apis")
		case strings.HasPrefix(o.Name, desired.ReservedPrefix):
			return note("names of the platform begin with " + desired.ReservedPrefix)
		}
		return note("it follows from the key of the logical cluster")
	case "namespace":
		switch {
		case o.Namespace == "":
			return note("it is the namespace of the GitOps engine's objects: settings.gitops")
		case o.Retired:
			return fields("namespaces." + o.Namespace + ".retired")
		}
		return fields("namespaces." + o.Namespace + ".name")
	case "labels", "annotations":
		if len(at) == 2 {
			return o.mark(at[1])
		}
		return Reason{Fields: []string{"labels"}, Note: "the rest tells whose the object is, and protects it"}, true
	}
	return Reason{}, false
}

// mark explains a label or an annotation.
func (o *Object) mark(key string) (Reason, bool) {
	if name, ok := strings.CutPrefix(key, desired.PrefixTeam); ok {
		return fields("labels." + name)
	}
	switch {
	case key == desired.LabelGate:
		return fields("apis")
	case strings.HasPrefix(key, desired.PrefixPolicy), strings.HasPrefix(key, desired.PrefixTransform):
		return Reason{Fields: []string{"labels", "class"}, Note: "a policy holds for the logical cluster"}, true
	case key == desired.LabelState:
		return fields("state", "placement.phase", "placement.left")
	case key == desired.AnnotationDeletion:
		return fields("state", "placement.phase", "placement.left")
	case key == desired.LabelLogicalCluster, key == desired.LabelOrganization, strings.HasPrefix(key, desired.PrefixAncestor):
		return note("it follows from the key of the logical cluster")
	case key == desired.AnnotationImplicitObjects:
		return note("it lists what implicit resources give: their names are guarded")
	case key == desired.LabelManagedBy:
		return note("everything that is rendered has it")
	case strings.HasPrefix(key, "pod-security.kubernetes.io/") && strings.HasSuffix(key, "-version"):
		return fields("placement.kubernetes")
	case strings.HasPrefix(key, "pod-security.kubernetes.io/"):
		return fields("podSecurity")
	case slices.ContainsFunc(o.engines.Protection(), func(m target.Mark) bool { return m.Key == key }):
		return note("it keeps GitOps engines from deleting the object before its removal is confirmed")
	}
	return Reason{}, false
}

// inventory explains the LogicalCluster object of the management cluster.
func (o *Object) inventory(at []string) (Reason, bool) {
	if len(at) < 2 {
		return note("what the logical cluster is, for those who ask the management cluster")
	}
	rest := strings.Join(append([]string{""}, at[2:]...), ".")
	switch at[1] {
	case "class", "state", "labels", "quota":
		return fields(at[1] + rest)
	case "backing", "podSecurity", "network":
		return fields(at[1])
	case "apis":
		return fields("apis")
	case "cluster", "cut", "phase":
		return fields("placement."+at[1], "placement.left")
	case "namespaces":
		return fields("namespaces")
	}
	return note("it follows from the key of the logical cluster")
}
