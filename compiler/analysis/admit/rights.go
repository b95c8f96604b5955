package admit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/diag"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// verbs of requests, by operation.
var verbs = map[admission.Operation]string{admission.Create: "create", admission.Update: "update", admission.Delete: "delete"}

// rights are those of whoever writes, in a physical namespace; nil where nothing is
// bound to them there.
func (s *Server) rights(namespace string) *access.Rights {
	for i := range s.state.Namespaces {
		n := &s.state.Namespaces[i]
		if n.Physical != namespace {
			continue
		}
		for _, e := range s.entries {
			if slices.Contains(e.Namespaces, n.Name) {
				return e.Rights
			}
		}
	}
	return nil
}

// authorize asks RBAC.
func (w *write) authorize() {
	asked, name := w.verbs(), w.at.resource.GroupResource().String()
	if w.Subresource != "" {
		name += "/" + w.Subresource
	}
	if !w.at.namespaced && (w.namespace == nil || w.Operation == admission.Create) {
		d := w.say(diag.AdmitAccess, "kind", "tenants may not %s %s: it belongs to the whole physical cluster", asked[0], name)
		*d = d.See(w.lc.At("class"), "tenants of this logical cluster have roles in its namespaces only")
		return
	}
	if w.who == nil {
		if w.lc.Suspended {
			d := w.say(diag.AdmitAccess, "kind", "the logical cluster is suspended, and nobody has access")
			*d = d.See(w.lc.Pos, "its document is in error")
		}
		return
	}
	rights := w.rights(w.namespace.Name)
	resource := w.at.resource.Resource
	if w.Subresource != "" {
		resource += "/" + w.Subresource
	}
	i := slices.IndexFunc(asked, func(verb string) bool { return !rights.Decide(verb, w.at.resource.Group, resource).Granted })
	if i < 0 {
		return
	}
	verb := asked[i]
	decision := rights.Decide(verb, w.at.resource.Group, resource)
	var d *diag.Diagnostic
	if decision.Unknown {
		d = w.say(diag.AdmitUnknown, "kind", "whether %s may %s %s depends on %s, which is not known here", w.writer(), verb, name, strings.Join(rights.Unknown, ", "))
	} else {
		d = w.say(diag.AdmitAccess, "kind", "%s may not %s %s in namespace %s", w.writer(), verb, name, w.namespace.Name)
	}
	for _, e := range w.entries {
		for _, source := range e.Sources {
			if !slices.ContainsFunc(d.Related, func(r diag.Related) bool { return r.Position == source.Pos }) {
				*d = d.See(source.Pos, "this gives the role %s", source.Role)
			}
		}
	}
	if len(w.entries) == 0 {
		*d = d.See(w.lc.At("access"), "nothing here or above gives %s access", w.writer())
	}
}

func (s *Server) writer() string {
	if s.who.User != "" {
		return "user " + s.who.User
	}
	return "a member of " + strings.Join(s.who.Groups, ", ")
}

// authorizer is what expressions of policies ask.
func (s *Server) authorizer() authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		resource := a.GetResource()
		if sub := a.GetSubresource(); sub != "" {
			resource += "/" + sub
		}
		// Without a namespace the question is about the whole cluster, where tenants have
		// no role.
		if a.IsResourceRequest() && a.GetNamespace() != "" && s.rights(a.GetNamespace()).Decide(a.GetVerb(), a.GetAPIGroup(), resource).Granted {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionNoOpinion, "", nil
	})
}

// rule is RBAC's own.
type rule = rbacv1.PolicyRule

// roleRef is a role that a binding may name.
type roleRef struct{ namespace, kind, name string }

// Know makes the Roles of documents known, for bindings that name them.
func (s *Server) Know(documents []*Document, namespace string) {
	for _, d := range documents {
		if d.Kind.Group != rbacv1.GroupName || d.Kind.Kind != "Role" {
			continue
		}
		o, _, err := strictDecoder.Decode(d.json, nil, nil)
		role, ok := o.(*rbacv1.Role)
		if err != nil || !ok {
			continue
		}
		at := role.Namespace
		if at == "" {
			at = namespace
		}
		s.roles[roleRef{s.physical(at), "Role", role.Name}] = role.Rules
	}
}

// rulesOf returns the rules of a role, nil where it is not known.
func (s *Server) rulesOf(ref roleRef) []rule {
	if ref.kind == "ClusterRole" {
		ref.namespace = ""
	}
	return s.roles[ref]
}

func rulesOf(list []desired.Rule) []rule {
	out := []rule{}
	for _, r := range list {
		out = append(out, rule{APIGroups: r.Groups, Resources: r.Resources, Verbs: r.Verbs})
	}
	return out
}

// escalation refuses a Role or RoleBinding that gives what the writer does not have,
// as RBAC does.
func (w *write) escalation() {
	if w.who == nil || w.namespace == nil {
		return
	}
	rights := w.rights(w.namespace.Name)
	var gives []rule
	what := "it gives"
	switch o := w.object.(type) {
	case *rbacv1.Role:
		if rights.Decide("escalate", rbacv1.GroupName, "roles").Granted {
			return
		}
		if old, ok := typed[rbacv1.Role](w.old); ok && equality.Semantic.DeepEqual(old.Rules, o.Rules) && onlyCollected(&old.ObjectMeta, &o.ObjectMeta) {
			return
		}
		gives = o.Rules
	case *rbacv1.RoleBinding:
		if rights.Decide("bind", rbacv1.GroupName, strings.ToLower(o.RoleRef.Kind)+"s").Granted {
			return
		}
		ref := roleRef{w.namespace.Name, o.RoleRef.Kind, o.RoleRef.Name}
		if gives = w.rulesOf(ref); gives == nil {
			w.say(diag.AdmitUnknown, "roleRef", "%s %s is not known here: the API server refuses the binding if it does not exist, or gives more than %s has", ref.kind, ref.name, w.writer())
			return
		}
		what = fmt.Sprintf("%s %s gives", ref.kind, ref.name)
	default:
		return
	}
	var has []rule
	if rights != nil {
		has = rulesOf(rights.Rules())
	}
	if covered, missing := validation.Covers(has, gives); !covered {
		var texts []string
		for _, r := range missing {
			texts = append(texts, ruleText(r))
		}
		w.say(diag.AdmitEscalates, "", "%s what %s does not have: %s", what, w.writer(), strings.Join(texts, "; ")).
			Suggestion = "RBAC lets nobody hand on more than they have"
	}
}

func ruleText(r rule) string {
	var resources []string
	for _, name := range r.Resources {
		for _, group := range r.APIGroups {
			if group != "" {
				resources = append(resources, name+"."+group)
			} else {
				resources = append(resources, name)
			}
		}
	}
	resources = append(resources, r.NonResourceURLs...)
	out := strings.Join(r.Verbs, ", ") + " " + strings.Join(resources, ", ")
	if len(r.ResourceNames) > 0 {
		out += " named " + strings.Join(r.ResourceNames, ", ")
	}
	return out
}
