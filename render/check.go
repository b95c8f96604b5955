package render

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Check says what keeps the directory gitops from being rendered for some
// physical clusters. The manifests are rendered all the same.
func Check(t *tenancy.Tenancy) []tenancy.Finding {
	var out []tenancy.Finding
	report := func(d diag.Diagnostic) { out = append(out, tenancy.Finding{Diagnostic: d.About("settings")}) }
	if len(t.Clusters) == 0 {
		return nil
	}
	settings := t.Settings.GitOps
	if settings.Source.URL == "" {
		report(diag.New(diag.NoGitOpsSource, t.Settings.Pos,
			"settings.gitops.source.url is missing: nothing says where the GitOps engine reads the output from").
			Suggest(`say settings: gitops: source: url: "https://git.example.com/platform/rendered"`))
		return out
	}
	clusters := map[schema.Engine][]string{}
	for _, c := range t.Clusters {
		e := c.Engine
		if e == "" {
			e = settings.Engine
		}
		clusters[e] = append(clusters[e], c.Name)
	}
	for _, e := range slices.Sorted(maps.Keys(clusters)) {
		if why := unreadable(settings.Source, e); why != "" {
			report(diag.New(diag.UnreadableGitOpsSource, t.Settings.Pos,
				"settings.gitops.source: %s (%s: %s)", why, e, strings.Join(clusters[e], ", ")))
		}
	}
	return out
}

// unreadable says why an engine cannot read the source; empty if it can.
func unreadable(s schema.GitOpsSource, e schema.Engine) string {
	scheme, _, isURL := strings.Cut(s.URL, "://")
	switch {
	case s.URL == "":
		return "it has no URL"
	case s.Kind == "oci" && e == schema.Argo:
		return `Argo CD reads git repositories, not kind "oci"`
	case s.Kind == "oci" && scheme != "oci":
		return `a source of kind "oci" has a URL that begins with oci://`
	case s.Kind != "oci" && isURL && scheme != "https" && scheme != "http" && scheme != "ssh":
		return "a git repository is read by https, http or ssh, not by " + scheme
	}
	return ""
}
