package patch

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/manifest"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	fieldpath "k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// isolating are kinds that keep tenants apart, bound what they take or say what they may
// do, whoever gives them. Of these a patch changes nothing but labels and annotations.
var isolating = []string{"Namespace", "ResourceQuota", "LimitRange", "AuthorizationPolicy", "PeerAuthentication"}

func (c *Chain) isIsolating(id resid.ResId) bool {
	return slices.Contains(isolating, id.Kind) || id.Group == "rbac.authorization.k8s.io" || strings.HasSuffix(id.Kind, "NetworkPolicy") ||
		inDomain(id.Group, c.engines.Domains())
}

// platforms are the domains of labels and annotations by which the platform, and the
// API server and its controllers tell what to do with an object.
var platforms = []string{"tenantry.dev", "kubernetes.io", "k8s.io"}

func inDomain(name string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool { return name == d || strings.HasSuffix(name, "."+d) })
}

// forbidden says why a link may not make a change; empty where it may. base is the
// object as nothing has changed it.
func (chain *Chain) forbidden(l *Link, id resid.ResId, base manifest.Map, c Change) string {
	if len(c.Path) == 0 {
		return "it is what the object is"
	}
	switch c.Path[0] {
	case "apiVersion", "kind":
		return "it is what the object is"
	case "status":
		return "controllers write it"
	case "metadata":
		return chain.forbiddenMark(l, base, c)
	}
	labels, _ := base.Get("metadata", "labels").(manifest.Map)
	annotations, _ := base.Get("metadata", "annotations").(manifest.Map)
	switch {
	case l.Inside:
		return "a policy inside orgs/ changes labels and annotations only"
	case chain.isIsolating(id):
		return "a " + id.Kind + " keeps tenants apart: a patch changes its labels and annotations only"
	case labels.Get(implicit.LabelLogicalCluster) != nil && annotations.Get(implicit.AnnotationImplicit) == nil:
		return "no implicit document gives the object: a patch changes its labels and annotations only"
	}
	for i := range len(c.Path) - 1 {
		if slices.Contains([]string{"labels", "annotations", "matchLabels"}, c.Path[i]) && implicit.IsReserved(c.Path[i+1], chain.engines) {
			return c.Path[i+1] + " is the platform's to set"
		}
	}
	return ""
}

// forbiddenMark judges a change of metadata.
func (chain *Chain) forbiddenMark(l *Link, base manifest.Map, c Change) string {
	if len(c.Path) < 2 || c.Path[1] != "labels" && c.Path[1] != "annotations" {
		return "it is what the object is: a patch changes labels and annotations only"
	}
	switch {
	case !c.isOfMarks():
		return c.Path[1] + " are texts by name"
	case len(c.Path) == 2:
		return ""
	}
	key := c.Path[2]
	domain, name, prefixed := strings.Cut(key, "/")
	switch {
	case domain == "app.kubernetes.io" && name != "managed-by" && name != "instance": // an engine may know its objects by the instance
	case prefixed && (inDomain(domain, platforms) || inDomain(domain, chain.engines.Domains())):
		return key + " is not a patch's to set: the platform, Kubernetes or the GitOps engine goes by it"
	}
	given, _ := base.Get("metadata", c.Path[1]).(manifest.Map)
	if _, fresh := field(given, key).(missing); l.Inside && !fresh {
		return "a policy inside orgs/ adds labels and annotations, and changes none that a document gives"
	}
	return ""
}

// isOfMarks reports whether a change of labels or annotations leaves texts by name.
func (c *Change) isOfMarks() bool {
	if c.Gone {
		return true
	}
	if len(c.Path) == 2 {
		m, ok := c.Now.(manifest.Map)
		return ok && len(m) == 0
	}
	_, isText := c.Now.(string)
	return isText && len(c.Path) == 3
}

// markProblem says why an API server would refuse the labels and annotations of an
// object; empty where it would not.
func markProblem(o manifest.Map) string {
	at := fieldpath.NewPath("metadata")
	errs := metav1validation.ValidateLabels(pairs(o, "labels"), at.Child("labels"))
	errs = append(errs, apivalidation.ValidateAnnotations(pairs(o, "annotations"), at.Child("annotations"))...)
	if len(errs) == 0 {
		return ""
	}
	text, _, _ := strings.Cut(errs[0].Error(), " (e.g.")
	return text
}
