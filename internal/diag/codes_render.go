package diag

// Codes of rendering.
const (
	NoGitOpsSource         Code = "TEN0701"
	UnreadableGitOpsSource Code = "TEN0702"
)

var renderEntries = []Entry{
	{
		Code:     NoGitOpsSource,
		Severity: Error,
		Title:    "The settings do not say where the output is read from",
		Explain: "Flux and Argo CD read the rendered manifests from a git repository or an OCI registry, and their objects hold its address. " +
			"Without settings.gitops.source.url these objects can't be rendered: the directory gitops is left out of the output, " +
			"while the manifests of all physical clusters are rendered as usual. " +
			"Name the repository that the output is pushed to, and the directory in it as settings.gitops.source.path.",
	},
	{
		Code:     UnreadableGitOpsSource,
		Severity: Error,
		Title:    "The GitOps engine can't read the source",
		Explain: "Flux reads git repositories by https, http or ssh, and OCI artifacts from an address that begins with oci://. " +
			"Argo CD reads git repositories. A source that the engine of a physical cluster can't read would be refused by the engine or fail on every look, " +
			"so the directory gitops is left out for that physical cluster, while its manifests are rendered as usual. " +
			"Change settings.gitops.source, or name another engine in the physical cluster's document.",
	},
}
