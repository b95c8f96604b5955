package admit

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
	podresource "k8s.io/component-helpers/resource"
)

// quota holds what the object takes against the quota, as if nothing else were
// there.
func (w *write) quota() {
	if w.namespace == nil || w.quotas[w.namespace.Name] == nil || w.Subresource == "scale" {
		return
	}
	have := w.quotas[w.namespace.Name].DeepCopy()
	have.Status.Hard = have.Spec.Hard
	have.Status.Used = corev1.ResourceList{}
	for name := range have.Spec.Hard {
		have.Status.Used[name] = resource.Quantity{}
	}
	_, err := resourcequota.CheckRequest([]corev1.ResourceQuota{*have}, w.attributes(), evaluatorOf(w.at.resource.GroupResource()), nil)
	if err == nil {
		return
	}
	message := err.Error()
	if _, reason, ok := strings.Cut(message, "is forbidden: "); ok {
		message = reason
	}
	if used := strings.Index(message, ", used: "); used >= 0 {
		// Nothing is used yet, as far as is known: that would mislead.
		message = message[:used] + message[strings.Index(message, ", limited: "):] + " of the quota, before what is there"
	}
	d := w.say(diag.AdmitQuota, "spec", "%s", message)
	for _, name := range sorted(have.Spec.Hard) {
		if strings.Contains(message, string(name)+"=") || strings.Contains(message, string(name)+" for:") {
			at, from := w.from("quota." + string(name))
			*d = d.See(at, "%s stands here (%s)", name, from)
		}
	}
}

// evaluatorOf returns what measures how much of a quota an object takes.
func evaluatorOf(gr kubeschema.GroupResource) quota.Evaluator {
	count := func(alias corev1.ResourceName) quota.Evaluator {
		return generic.NewObjectCountEvaluator(gr, nil, alias)
	}
	if gr.Group != "" {
		return count("")
	}
	switch gr.Resource {
	case "pods":
		return podUsage{count("")}
	case "services":
		return serviceUsage{count(corev1.ResourceServices)}
	case "persistentvolumeclaims":
		return claimUsage{count(corev1.ResourcePersistentVolumeClaims)}
	case "configmaps", "resourcequotas", "replicationcontrollers", "secrets":
		return count(corev1.ResourceName(gr.Resource))
	}
	return count("")
}

// evaluator counts objects; those that embed it measure more of them.
type evaluator = quota.Evaluator

// measured are the names of a quota that an evaluator knows, and those that the
// count of objects has.
func measured(e evaluator, names []corev1.ResourceName, known func(corev1.ResourceName) bool) []corev1.ResourceName {
	var out []corev1.ResourceName
	for _, name := range names {
		if known(name) {
			out = append(out, name)
		}
	}
	for _, name := range e.MatchingResources(names) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// podUsage measures pods as kube-apiserver's own evaluator does.
type podUsage struct{ evaluator }

func (podUsage) known(name corev1.ResourceName) bool {
	s := string(name)
	switch strings.TrimPrefix(strings.TrimPrefix(s, "requests."), "limits.") {
	case "cpu", "memory", "ephemeral-storage":
		return true
	}
	return s == "pods" || strings.HasPrefix(s, corev1.ResourceHugePagesPrefix) || strings.HasPrefix(s, "requests."+corev1.ResourceHugePagesPrefix) ||
		strings.HasPrefix(s, "requests.") && strings.Contains(s, "/")
}

func (e podUsage) MatchingResources(names []corev1.ResourceName) []corev1.ResourceName {
	return measured(e.evaluator, names, e.known)
}

func (e podUsage) Matches(q *corev1.ResourceQuota, item runtime.Object) (bool, error) {
	return generic.Matches(q, item, e.MatchingResources, generic.MatchesNoScopeFunc)
}

func (podUsage) Handles(a admission.Attributes) bool {
	return a.GetOperation() == admission.Create && a.GetSubresource() == "" || a.GetOperation() == admission.Update && a.GetSubresource() == "resize"
}

// Constraints: a quota of cpu or memory demands an amount of each container.
func (e podUsage) Constraints(required []corev1.ResourceName, item runtime.Object) error {
	pod, ok := typed[corev1.Pod](item)
	if !ok || podresource.IsPodLevelResourcesSet(pod) {
		return nil
	}
	missing := map[corev1.ResourceName][]string{}
	for _, name := range required {
		kind, what, ok := strings.Cut(string(name), ".")
		if !ok {
			kind, what = "requests", kind
		}
		if what != "cpu" && what != "memory" || kind != "requests" && kind != "limits" {
			continue
		}
		for _, c := range containers(pod) {
			list := c.Resources.Requests
			if kind == "limits" {
				list = c.Resources.Limits
			}
			if _, ok := list[corev1.ResourceName(what)]; !ok {
				missing[name] = append(missing[name], c.Name)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var parts []string
	for _, name := range sorted(missing) {
		slices.Sort(missing[name])
		parts = append(parts, string(name)+" for: "+strings.Join(missing[name], ","))
	}
	return missingAmounts(strings.Join(parts, "; "))
}

type missingAmounts string

func (m missingAmounts) Error() string { return "must specify " + string(m) }

func (e podUsage) Usage(item runtime.Object) (corev1.ResourceList, error) {
	out, err := e.evaluator.Usage(item)
	pod, ok := typed[corev1.Pod](item)
	if err != nil || !ok || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return out, err
	}
	out[corev1.ResourcePods] = resource.MustParse("1")
	options := podresource.PodResourcesOptions{UseStatusResources: true}
	for name, q := range podresource.PodRequests(pod, options) {
		out["requests."+name] = q
		switch {
		case name == corev1.ResourceCPU, name == corev1.ResourceMemory, name == corev1.ResourceEphemeralStorage, strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix):
			out[name] = q
		}
	}
	for name, q := range podresource.PodLimits(pod, options) {
		out["limits."+name] = q
	}
	return out, nil
}

// serviceUsage measures services.
type serviceUsage struct{ evaluator }

func (serviceUsage) known(name corev1.ResourceName) bool {
	return name == corev1.ResourceServices || name == corev1.ResourceServicesLoadBalancers || name == corev1.ResourceServicesNodePorts
}

func (e serviceUsage) MatchingResources(names []corev1.ResourceName) []corev1.ResourceName {
	return measured(e.evaluator, names, e.known)
}

func (e serviceUsage) Matches(q *corev1.ResourceQuota, item runtime.Object) (bool, error) {
	return generic.Matches(q, item, e.MatchingResources, generic.MatchesNoScopeFunc)
}

func (serviceUsage) Handles(a admission.Attributes) bool { return handles(a) }

// handles: creations and updates count.
func handles(a admission.Attributes) bool {
	return a.GetSubresource() == "" && (a.GetOperation() == admission.Create || a.GetOperation() == admission.Update)
}

func (e serviceUsage) Usage(item runtime.Object) (corev1.ResourceList, error) {
	out, err := e.evaluator.Usage(item)
	s, ok := typed[corev1.Service](item)
	if err != nil || !ok {
		return out, err
	}
	ports := len(s.Spec.Ports)
	switch s.Spec.Type {
	case corev1.ServiceTypeLoadBalancer:
		out[corev1.ResourceServicesLoadBalancers] = resource.MustParse("1")
		if allocate := s.Spec.AllocateLoadBalancerNodePorts; allocate != nil && !*allocate {
			ports = 0
			for _, p := range s.Spec.Ports {
				if p.NodePort != 0 {
					ports++
				}
			}
		}
	case corev1.ServiceTypeNodePort:
	default:
		ports = 0
	}
	out[corev1.ResourceServicesNodePorts] = *resource.NewQuantity(int64(ports), resource.DecimalSI)
	return out, nil
}

// claimUsage measures claims of volumes.
type claimUsage struct{ evaluator }

const ofStorageClass = ".storageclass.storage.k8s.io/"

func (claimUsage) known(name corev1.ResourceName) bool {
	s := string(name)
	if _, rest, ok := strings.Cut(s, ofStorageClass); ok {
		s = rest
	}
	return s == string(corev1.ResourcePersistentVolumeClaims) || s == string(corev1.ResourceRequestsStorage)
}

func (e claimUsage) MatchingResources(names []corev1.ResourceName) []corev1.ResourceName {
	return measured(e.evaluator, names, e.known)
}

func (e claimUsage) Matches(q *corev1.ResourceQuota, item runtime.Object) (bool, error) {
	return generic.Matches(q, item, e.MatchingResources, generic.MatchesNoScopeFunc)
}

func (claimUsage) Handles(a admission.Attributes) bool { return handles(a) }

func (e claimUsage) Usage(item runtime.Object) (corev1.ResourceList, error) {
	out, err := e.evaluator.Usage(item)
	c, ok := typed[corev1.PersistentVolumeClaim](item)
	if err != nil || !ok {
		return out, err
	}
	class := c.Annotations[corev1.BetaStorageClassAnnotation]
	if class == "" && c.Spec.StorageClassName != nil {
		class = *c.Spec.StorageClassName
	}
	one := resource.MustParse("1")
	storage, asks := c.Spec.Resources.Requests[corev1.ResourceStorage]
	if storage = storage.DeepCopy(); asks {
		storage.RoundUp(0)
		out[corev1.ResourceRequestsStorage] = storage
	}
	if class != "" {
		out[corev1.ResourceName(class+ofStorageClass+string(corev1.ResourcePersistentVolumeClaims))] = one
		if asks {
			out[corev1.ResourceName(class+ofStorageClass+string(corev1.ResourceRequestsStorage))] = storage
		}
	}
	return out, nil
}
