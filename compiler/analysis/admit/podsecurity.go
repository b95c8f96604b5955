package admit

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	podsecurityadmission "k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/admission/api"
	podsecurityapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/metrics"
	podsecuritypolicy "k8s.io/pod-security-admission/policy"
)

// podSecurity is the API server's own plugin, in the release of a physical cluster.
type podSecurity struct {
	*podsecurityadmission.Admission
	namespaces map[string]*corev1.Namespace
}

func newPodSecurity(minor int, namespaces map[string]*corev1.Namespace) (*podSecurity, error) {
	s := &podSecurity{namespaces: namespaces}
	release := podsecurityapi.MajorMinorVersion(1, minor)
	evaluator, err := podsecuritypolicy.NewEvaluator(podsecuritypolicy.DefaultChecks(), &release)
	if err != nil {
		return nil, err
	}
	unset := api.PodSecurityDefaults{Enforce: "privileged", EnforceVersion: "latest", Audit: "privileged", AuditVersion: "latest", Warn: "privileged", WarnVersion: "latest"}
	s.Admission = &podsecurityadmission.Admission{
		Configuration: &api.PodSecurityConfiguration{Defaults: unset}, Evaluator: evaluator, Metrics: unrecorded{},
		PodSpecExtractor: podsecurityadmission.DefaultPodSpecExtractor{}, NamespaceGetter: s, PodLister: s,
	}
	if err := s.CompleteConfiguration(); err != nil {
		return nil, err
	}
	return s, s.ValidateConfiguration()
}

// GetNamespace returns a Namespace as it would be rendered.
func (s *podSecurity) GetNamespace(_ context.Context, name string) (*corev1.Namespace, error) {
	if ns := s.namespaces[name]; ns != nil {
		return ns, nil
	}
	return nil, apierrors.NewNotFound(namespacesResource, name)
}

// ListPods returns none: which pods there are is not known.
func (s *podSecurity) ListPods(context.Context, string) ([]*corev1.Pod, error) { return nil, nil }

type unrecorded struct{}

func (unrecorded) RecordEvaluation(metrics.Decision, podsecurityapi.LevelVersion, metrics.Mode, podsecurityapi.Attributes) {
}
func (unrecorded) RecordExemption(podsecurityapi.Attributes)   {}
func (unrecorded) RecordError(bool, podsecurityapi.Attributes) {}

func (w *write) podSecurity(ctx context.Context) {
	gr := w.at.resource.GroupResource()
	if gr != namespacesResource && !w.security.PodSpecExtractor.HasPodSpec(gr) || w.Subresource == "scale" {
		return
	}
	a := w.attributes()
	response := w.security.Validate(ctx, &podsecurityapi.AttributesRecord{Name: a.GetName(), Namespace: a.GetNamespace(), Kind: a.GetKind(), Resource: a.GetResource(),
		Subresource: a.GetSubresource(), Operation: admissionv1.Operation(a.GetOperation()), Object: a.GetObject(), OldObject: a.GetOldObject(), Username: w.user.GetName()})
	at, from := w.Server.from("podSecurity")
	if !response.Allowed {
		message := response.Result.Message
		if _, reason, ok := strings.Cut(message, "is forbidden: "); ok {
			message = reason
		}
		d := w.say(diag.AdmitPodSecurity, "spec", "%s", message)
		*d = d.See(at, "the level stands here (%s)", from)
	}
	if w.ofController {
		return // said of the object that makes it
	}
	for _, warning := range response.Warnings {
		d := w.say(diag.AdmitWarning, "spec", "%s", warning)
		*d = d.See(at, "the level stands here (%s)", from)
	}
}
