package schema

// What holds where neither a document nor what it inherits from says anything:
// #Defaults of the CUE schema. The values are functions, since they hold maps
// and pointers.

// DefaultGitOps returns the default of settings.gitops.
func DefaultGitOps() GitOps {
	return GitOps{Engine: "flux", Namespace: "tenantry-system", ArgoNamespace: "argocd", Interval: "10m", Cut: 300,
		Source: GitOpsSource{Kind: "git", Path: "."}}
}

// DefaultDeletion returns the default of settings.deletion.
func DefaultDeletion() Deletion { grace := 7; return Deletion{Grace: &grace} }

// DefaultPhysicalCluster returns the defaults of a physical cluster.
func DefaultPhysicalCluster() PhysicalCluster {
	n := 10000
	return PhysicalCluster{
		Capacity: Capacity{LogicalClusters: &n},
		Backings: []Backing{"namespace"},
		DNS:      DNS{Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"}},
	}
}

// DefaultAPISet returns the defaults of an API set.
func DefaultAPISet() APISet { return APISet{Promise: "backward"} }

// DefaultAPIVersion returns the defaults of a version of an API set.
func DefaultAPIVersion() APIVersion { return APIVersion{Lifecycle: Stable, CRDs: CRDsExternal} }

// DefaultLogicalCluster returns the defaults of a logical cluster.
func DefaultLogicalCluster() LogicalCluster {
	return LogicalCluster{
		State: Active,
		Inheritable: Inheritable{
			Backing: "namespace", Network: NetworkLogicalCluster, PodSecurity: "baseline",
			Containers: &Containers{
				DefaultRequest: Compute{CPU: "100m", Memory: "128Mi"},
				Default:        Compute{Memory: "256Mi"},
			},
		},
	}
}

// DefaultSource returns the defaults of a logical cluster's source.
func DefaultSource() Source {
	return Source{Path: ".", Branch: "main", Role: Edit, Interval: "5m"}
}
