package placement

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// maxName is how long the name of a namespace may be.
const maxName = 63

// names are the namespaces of each physical cluster that can't be given anew:
// those that stand there, those that did, and those that are not tenants'.
type names struct {
	taken map[string]map[string]bool // by physical cluster
	// installed are names under which GitOps engines are usually installed.
	installed []string
	// pinned are the sites whose names are not among them yet: most builds give no
	// name, and need not know all.
	pinned map[string]*pins.LogicalCluster
}

func newNames(t *tenancy.Tenancy, pinned map[string]*pins.LogicalCluster) names {
	n := names{taken: map[string]map[string]bool{}, installed: t.Targets.Engines.Installed(), pinned: pinned}
	for _, c := range t.Clusters {
		n.take(c.Name, t.Settings.GitOps.Namespace)
		for _, name := range t.Targets.Engines.Namespaces(t.Settings.GitOps) {
			n.take(c.Name, name)
		}
		n.take(c.Name, c.DNS.Namespace)
	}
	return n
}

func (n *names) take(cluster, name string) {
	taken, ok := n.taken[cluster]
	if !ok {
		taken = map[string]bool{}
		n.taken[cluster] = taken
	}
	taken[name] = true
}

func (n *names) takePinned() {
	for _, lc := range n.pinned {
		n.takeAll(&lc.Site)
		for i := range lc.Left {
			n.takeAll(&lc.Left[i])
		}
	}
	n.pinned = nil
}

func (n *names) takeAll(s *pins.Site) {
	for _, one := range s.Namespaces {
		n.take(s.Cluster, one.Physical)
	}
	for _, one := range s.Retired {
		n.take(s.Cluster, one.Physical)
	}
}

func (n *names) free(cluster, name string) bool { return !n.reserved(name) && !n.taken[cluster][name] }

// give returns a name for a namespace of a logical cluster, and takes it. The
// namespace is empty where the logical cluster's one namespace has no name of its
// own. Preferred names come first. It returns false if even the hashed name is
// taken.
func (n *names) give(cluster, key, namespace string, preferred string) (string, bool) {
	n.takePinned()
	joined, hashed := physicalNames(key, namespace)
	for _, name := range []string{preferred, joined, hashed} {
		if name != "" && n.free(cluster, name) {
			n.take(cluster, name)
			return name, true
		}
	}
	return "", false
}

// physicalNames returns what a namespace is called on a physical cluster, and
// what instead where that is too long, reserved or taken.
//
// The parts are joined by a hyphen if none contains one, else by two. Names in a
// tenancy repo never contain two hyphens in a row, so different parts never join
// to the same name.
func physicalNames(key, namespace string) (joined, hashed string) {
	parts := strings.Split(key, "/")
	identity := key
	if namespace != "" {
		parts = append(parts, namespace)
		identity += ":" + namespace // no name contains a colon
	}
	separator := "-"
	if strings.Contains(key, "-") || strings.Contains(namespace, "-") {
		separator = "--"
	}
	joined = strings.Join(parts, separator)
	sum := sha256.Sum256([]byte(identity))
	suffix := "-" + hex.EncodeToString(sum[:5])
	head := joined
	if reservedPrefix(head) {
		head = "lc-" + head
	}
	hashed = strings.TrimRight(head[:min(len(head), maxName-len(suffix))], "-") + suffix
	if len(joined) > maxName {
		joined = hashed
	}
	return joined, hashed
}

// reserved reports whether a name is Kubernetes' own, a distribution's, or one
// under which controllers are usually installed.
func (n *names) reserved(name string) bool {
	switch name {
	case "default", "kube", "openshift", "tenantry", "cert-manager", "ingress-nginx":
		return true
	}
	return slices.Contains(n.installed, name) || reservedPrefix(name) || strings.HasSuffix(name, "-system")
}

func reservedPrefix(name string) bool {
	return strings.HasPrefix(name, "kube-") || strings.HasPrefix(name, "openshift-") || strings.HasPrefix(name, "tenantry-")
}

func (n *names) giveBack(cluster string, given []string) {
	for _, name := range given {
		delete(n.taken[cluster], name)
	}
}
