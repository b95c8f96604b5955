package admit

import (
	"context"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	podsecurityadmission "k8s.io/pod-security-admission/admission"
)

// controllers make pods of objects, by the resource of these.
var controllers = map[string]string{
	"deployments": "replicaset-controller", "replicasets": "replicaset-controller", "replicationcontrollers": "replication-controller",
	"statefulsets": "statefulset-controller", "daemonsets": "daemon-set-controller", "jobs": "job-controller", "cronjobs": "job-controller",
}

// pods judges the pods that a controller will make of the object. The API server
// takes the object all the same, and nothing runs.
func (w *write) pods(ctx context.Context) {
	controller := controllers[w.at.resource.Resource]
	if controller == "" || w.at.definition != nil || w.Subresource != "" {
		return
	}
	metadata, spec, err := podsecurityadmission.DefaultPodSpecExtractor{}.ExtractPodSpec(w.object)
	if err != nil || spec == nil {
		return
	}
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Spec: *spec.DeepCopy()}
	pod.GenerateName, pod.Namespace = w.name+"-", w.namespace.Name
	pod.Labels, pod.Annotations = metadata.Labels, metadata.Annotations
	at, err := w.resources.of(corev1.SchemeGroupVersion.WithKind("Pod"))
	if err != nil {
		return
	}
	const account = "system:serviceaccount:kube-system:"
	of := &write{
		Server: w.Server, Request: Request{Operation: admission.Create, Object: w.Request.Object}, answer: &Answer{}, at: at, namespace: w.namespace,
		user:   &user.DefaultInfo{Name: account + controller, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}},
		object: pod, ofController: true,
	}
	of.admit(ctx)
	for _, d := range of.answer.Findings {
		// The API server warns of the Pod Security of a template itself.
		_, level, _ := strings.Cut(d.Message, "violates PodSecurity")
		said := func(e diag.Diagnostic) bool {
			return e.Code == diag.AdmitWarning && level != "" && strings.HasSuffix(e.Message, level)
		}
		if !slices.ContainsFunc(w.answer.Findings, said) {
			w.answer.Findings = append(w.answer.Findings, d)
		}
	}
}
