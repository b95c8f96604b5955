package gitops

import (
	"strings"

	"github.com/tenantry/tenantry/schema"
)

// UnreadableGit says why git does not read a repository; empty if it may.
func UnreadableGit(s schema.GitOpsSource) string {
	scheme, _, isURL := strings.Cut(s.URL, "://")
	if isURL && scheme != "https" && scheme != "http" && scheme != "ssh" {
		return "a git repository is read by https, http or ssh, not by " + scheme
	}
	return ""
}
