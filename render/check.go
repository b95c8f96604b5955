package render

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/schema"
)

// Check says what keeps the directory gitops from being rendered for some
// physical clusters. The manifests are rendered all the same.
func (targets *Targets) Check(t *tenancy.Tenancy) []tenancy.Finding {
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
		if why := unreadable(settings.Source, targets.engine(e)); why != "" {
			report(diag.New(diag.UnreadableGitOpsSource, t.Settings.Pos,
				"settings.gitops.source: %s (%s: %s)", why, e, strings.Join(clusters[e], ", ")))
		}
	}
	return out
}

// Able returns what logical clusters ask for and their backings cannot do.
func (targets *Targets) Able(t *tenancy.Tenancy) (out []tenancy.Finding) {
	for _, lc := range t.LogicalClusters {
		if b := targets.orBuiltIn().backings[lc.Backing]; b != nil {
			out = append(out, b.Check(lc)...)
		}
	}
	return out
}

// unreadable says why an engine cannot read the source; empty if it can, or if there
// is no engine.
func unreadable(s schema.GitOpsSource, e engine.Engine) string {
	switch {
	case s.URL == "":
		return "it has no URL"
	case e == nil:
		return ""
	}
	return e.Unreadable(s)
}
