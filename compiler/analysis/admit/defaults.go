package admit

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/component-helpers/resource"
)

// setDefaults fills in what the API server fills in for whoever leaves it out: those
// values of Kubernetes' own kinds that policies, limits and quotas look at, and the
// defaults of custom resources.
func (w *write) setDefaults() {
	if u, ok := w.object.(*unstructured.Unstructured); ok {
		w.coerce(u)
		if old, ok := w.old.(*unstructured.Unstructured); ok {
			if object, err := w.at.server.Coerce(old.Object); err == nil {
				old.Object = object
			}
		}
		return
	}
	for _, o := range []runtime.Object{w.object, w.old} {
		if o != nil {
			defaults(o)
		}
	}
}

// Default fills in what is missing in an object after a policy has changed it, as the
// API server does.
func (w *write) Default(object runtime.Object) {
	switch u, ok := object.(*unstructured.Unstructured); {
	case !ok:
		defaults(object)
	case w.at.server != nil && w.Subresource != "scale":
		w.at.server.Default(u.Object)
	}
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func point[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

// defaults fills in what the API server fills in.
func defaults(o runtime.Object) {
	workloadDefaults(o)
	switch o := o.(type) {
	case *corev1.Pod:
		podDefaults(&o.Spec)
		ofPod(o)
	case *corev1.PodTemplate:
		podDefaults(&o.Template.Spec)
	case *batchv1.Job:
		jobDefaults(&o.Spec)
	case *batchv1.CronJob:
		set(&o.Spec.ConcurrencyPolicy, batchv1.AllowConcurrent)
		point(&o.Spec.Suspend, false)
		point(&o.Spec.SuccessfulJobsHistoryLimit, 3)
		point(&o.Spec.FailedJobsHistoryLimit, 1)
		// What stands in the template of a Job is filled in when the Job is made.
		podDefaults(&o.Spec.JobTemplate.Spec.Template.Spec)
	case *autoscalingv1.HorizontalPodAutoscaler:
		point(&o.Spec.MinReplicas, 1)
	case *autoscalingv2.HorizontalPodAutoscaler:
		point(&o.Spec.MinReplicas, 1)
	case *corev1.Service:
		serviceDefaults(o)
	case *corev1.PersistentVolumeClaim:
		claimDefaults(o)
	case *corev1.Secret:
		set(&o.Type, corev1.SecretTypeOpaque)
	case *corev1.LimitRange:
		limitRangeDefaults(o)
	case *networkingv1.NetworkPolicy:
		networkPolicyDefaults(o)
	case *rbacv1.RoleBinding:
		roleBindingDefaults(o)
	}
}

func roleBindingDefaults(o *rbacv1.RoleBinding) {
	set(&o.RoleRef.APIGroup, rbacv1.GroupName)
	for i := range o.Subjects {
		if s := &o.Subjects[i]; s.Kind == "User" || s.Kind == "Group" {
			set(&s.APIGroup, rbacv1.GroupName)
		}
	}
}

func limitRangeDefaults(o *corev1.LimitRange) {
	for i := range o.Spec.Limits {
		limitItemDefaults(&o.Spec.Limits[i])
	}
}

// workloadDefaults fills in what runs copies of a Pod.
func workloadDefaults(o runtime.Object) {
	switch o := o.(type) {
	case *corev1.ReplicationController:
		point(&o.Spec.Replicas, 1)
		if t := o.Spec.Template; t != nil {
			podDefaults(&t.Spec)
			if len(o.Spec.Selector) == 0 {
				o.Spec.Selector = t.Labels
			}
			if len(o.Labels) == 0 {
				o.Labels = t.Labels
			}
		}
	case *appsv1.Deployment:
		point(&o.Spec.Replicas, 1)
		point(&o.Spec.RevisionHistoryLimit, 10)
		point(&o.Spec.ProgressDeadlineSeconds, 600)
		if set(&o.Spec.Strategy.Type, appsv1.RollingUpdateDeploymentStrategyType); o.Spec.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
			point(&o.Spec.Strategy.RollingUpdate, appsv1.RollingUpdateDeployment{})
			point(&o.Spec.Strategy.RollingUpdate.MaxUnavailable, intstr.FromString("25%"))
			point(&o.Spec.Strategy.RollingUpdate.MaxSurge, intstr.FromString("25%"))
		}
		podDefaults(&o.Spec.Template.Spec)
	case *appsv1.ReplicaSet:
		point(&o.Spec.Replicas, 1)
		if len(o.Labels) == 0 {
			o.Labels = o.Spec.Template.Labels
		}
		podDefaults(&o.Spec.Template.Spec)
	case *appsv1.StatefulSet:
		point(&o.Spec.Replicas, 1)
		point(&o.Spec.RevisionHistoryLimit, 10)
		set(&o.Spec.PodManagementPolicy, appsv1.OrderedReadyPodManagement)
		if set(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateStatefulSetStrategyType); o.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType {
			point(&o.Spec.UpdateStrategy.RollingUpdate, appsv1.RollingUpdateStatefulSetStrategy{})
			point(&o.Spec.UpdateStrategy.RollingUpdate.Partition, 0)
		}
		point(&o.Spec.PersistentVolumeClaimRetentionPolicy, appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{})
		set(&o.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted, appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
		set(&o.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled, appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
		for i := range o.Spec.VolumeClaimTemplates {
			o.Spec.VolumeClaimTemplates[i].SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
			claimDefaults(&o.Spec.VolumeClaimTemplates[i])
		}
		podDefaults(&o.Spec.Template.Spec)
	case *appsv1.DaemonSet:
		point(&o.Spec.RevisionHistoryLimit, 10)
		if set(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateDaemonSetStrategyType); o.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType {
			point(&o.Spec.UpdateStrategy.RollingUpdate, appsv1.RollingUpdateDaemonSet{})
			point(&o.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable, intstr.FromInt32(1))
			point(&o.Spec.UpdateStrategy.RollingUpdate.MaxSurge, intstr.FromInt32(0))
		}
		podDefaults(&o.Spec.Template.Spec)
	}
}

func networkPolicyDefaults(o *networkingv1.NetworkPolicy) {
	for i := range o.Spec.Ingress {
		portDefaults(o.Spec.Ingress[i].Ports)
	}
	for i := range o.Spec.Egress {
		portDefaults(o.Spec.Egress[i].Ports)
	}
	if len(o.Spec.PolicyTypes) == 0 {
		o.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(o.Spec.Egress) > 0 {
			o.Spec.PolicyTypes = append(o.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
}

func portDefaults(ports []networkingv1.NetworkPolicyPort) {
	for i := range ports {
		point(&ports[i].Protocol, corev1.ProtocolTCP)
	}
}

func jobDefaults(s *batchv1.JobSpec) {
	if s.Completions == nil && s.Parallelism == nil {
		point(&s.Completions, 1)
	}
	point(&s.Parallelism, 1)
	if s.BackoffLimitPerIndex == nil {
		point(&s.BackoffLimit, 6)
	}
	point(&s.CompletionMode, batchv1.NonIndexedCompletion)
	point(&s.Suspend, false)
	point(&s.ManualSelector, false)
	if s.PodReplacementPolicy == nil {
		policy := batchv1.TerminatingOrFailed
		if s.PodFailurePolicy != nil {
			policy = batchv1.Failed
		}
		s.PodReplacementPolicy = &policy
	}
	podDefaults(&s.Template.Spec)
}

func claimDefaults(o *corev1.PersistentVolumeClaim) {
	point(&o.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
	set(&o.Status.Phase, corev1.ClaimPending)
}

func serviceDefaults(o *corev1.Service) {
	s := &o.Spec
	set(&s.SessionAffinity, corev1.ServiceAffinityNone)
	set(&s.Type, corev1.ServiceTypeClusterIP)
	for i := range s.Ports {
		p := &s.Ports[i]
		set(&p.Protocol, corev1.ProtocolTCP)
		if p.TargetPort == intstr.FromInt32(0) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
	outside := s.Type == corev1.ServiceTypeLoadBalancer || s.Type == corev1.ServiceTypeNodePort
	if outside || s.Type == corev1.ServiceTypeClusterIP && len(s.ExternalIPs) > 0 {
		set(&s.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyCluster)
	}
	if outside || s.Type == corev1.ServiceTypeClusterIP {
		point(&s.InternalTrafficPolicy, corev1.ServiceInternalTrafficPolicyCluster)
	}
	if s.Type == corev1.ServiceTypeLoadBalancer {
		point(&s.AllocateLoadBalancerNodePorts, true)
	}
}

func limitItemDefaults(l *corev1.LimitRangeItem) {
	if l.Type != corev1.LimitTypeContainer {
		return
	}
	fill := func(into *corev1.ResourceList, from corev1.ResourceList) {
		if *into == nil {
			*into = corev1.ResourceList{}
		}
		for name, q := range from {
			if _, ok := (*into)[name]; !ok {
				(*into)[name] = q.DeepCopy()
			}
		}
	}
	fill(&l.Default, l.Max)
	fill(&l.DefaultRequest, l.Default)
	fill(&l.DefaultRequest, l.Min)
}

// podDefaults are those of a pod and of a template alike.
func podDefaults(s *corev1.PodSpec) {
	set(&s.DNSPolicy, corev1.DNSClusterFirst)
	set(&s.RestartPolicy, corev1.RestartPolicyAlways)
	point(&s.SecurityContext, corev1.PodSecurityContext{})
	point(&s.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)
	set(&s.SchedulerName, corev1.DefaultSchedulerName)
	for i := range s.Volumes {
		volumeDefaults(&s.Volumes[i])
	}
	for i := range s.InitContainers {
		containerDefaults(&s.InitContainers[i])
	}
	for i := range s.Containers {
		containerDefaults(&s.Containers[i])
	}
	for i := range s.EphemeralContainers {
		c := corev1.Container(s.EphemeralContainers[i].EphemeralContainerCommon)
		containerDefaults(&c)
		s.EphemeralContainers[i].EphemeralContainerCommon = corev1.EphemeralContainerCommon(c)
	}
}

func volumeDefaults(v *corev1.Volume) {
	if v.VolumeSource == (corev1.VolumeSource{}) {
		v.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
	switch {
	case v.Secret != nil:
		point(&v.Secret.DefaultMode, corev1.SecretVolumeSourceDefaultMode)
	case v.ConfigMap != nil:
		point(&v.ConfigMap.DefaultMode, corev1.ConfigMapVolumeSourceDefaultMode)
	case v.DownwardAPI != nil:
		point(&v.DownwardAPI.DefaultMode, corev1.DownwardAPIVolumeSourceDefaultMode)
		for i := range v.DownwardAPI.Items {
			if ref := v.DownwardAPI.Items[i].FieldRef; ref != nil {
				set(&ref.APIVersion, "v1")
			}
		}
	case v.Projected != nil:
		point(&v.Projected.DefaultMode, corev1.ProjectedVolumeSourceDefaultMode)
		for i := range v.Projected.Sources {
			if token := v.Projected.Sources[i].ServiceAccountToken; token != nil {
				point(&token.ExpirationSeconds, 3600)
			}
		}
	case v.HostPath != nil:
		point(&v.HostPath.Type, corev1.HostPathUnset)
	case v.Image != nil:
		set(&v.Image.PullPolicy, pullPolicy(v.Image.Reference))
	case v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil:
		point(&v.Ephemeral.VolumeClaimTemplate.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
	}
}

func containerDefaults(c *corev1.Container) {
	set(&c.ImagePullPolicy, pullPolicy(c.Image))
	set(&c.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	set(&c.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
	for i := range c.Ports {
		set(&c.Ports[i].Protocol, corev1.ProtocolTCP)
	}
	for i := range c.Env {
		if from := c.Env[i].ValueFrom; from != nil && from.FieldRef != nil {
			set(&from.FieldRef.APIVersion, "v1")
		}
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p == nil {
			continue
		}
		set(&p.TimeoutSeconds, 1)
		set(&p.PeriodSeconds, 10)
		set(&p.SuccessThreshold, 1)
		set(&p.FailureThreshold, 3)
		if p.HTTPGet != nil {
			set(&p.HTTPGet.Path, "/")
			set(&p.HTTPGet.Scheme, corev1.URISchemeHTTP)
		}
	}
}

// pullPolicy is Always for an image whose tag is latest, or that has neither tag nor
// digest.
func pullPolicy(image string) corev1.PullPolicy {
	name, _, digested := strings.Cut(image, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		tag = name[i+1:]
	}
	if tag == "latest" || tag == "" && !digested {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}

// ofPod are defaults of pods that templates do not get.
func ofPod(o *corev1.Pod) {
	for _, c := range containers(o) {
		r := &c.Resources
		for name, q := range r.Limits {
			if r.Requests == nil {
				r.Requests = corev1.ResourceList{}
			}
			if _, ok := r.Requests[name]; !ok {
				r.Requests[name] = q.DeepCopy()
			}
		}
		for i := range c.Ports {
			if o.Spec.HostNetwork {
				set(&c.Ports[i].HostPort, c.Ports[i].ContainerPort)
			}
		}
	}
	if r := o.Spec.Resources; r != nil && len(r.Limits) > 0 {
		requests := r.Requests
		if requests == nil {
			requests = corev1.ResourceList{}
		}
		fill := func(from corev1.ResourceList) {
			for name, q := range from {
				if _, ok := requests[name]; !ok && resource.IsSupportedPodLevelResource(name) {
					requests[name] = q.DeepCopy()
				}
			}
		}
		fill(resource.AggregateContainerRequests(o, resource.PodResourcesOptions{}))
		if fill(r.Limits); len(requests) > 0 {
			r.Requests = requests
		}
	}
	point(&o.Spec.EnableServiceLinks, corev1.DefaultEnableServiceLinks)
}

// pluginDefaults are what admission plugins add to every pod: the service account
// and its token, tolerations, the priority.
func (w *write) pluginDefaults() {
	pod, ok := typed[corev1.Pod](w.object)
	if !ok || w.Operation != admission.Create || w.Subresource != "" {
		return
	}
	s := &pod.Spec
	set(&s.ServiceAccountName, "default")
	set(&s.DeprecatedServiceAccount, s.ServiceAccountName)
	if s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken {
		w.mountToken(pod)
	}
	if s.PriorityClassName == "" {
		point(&s.Priority, 0)
		point(&s.PreemptionPolicy, corev1.PreemptLowerPriority)
	}
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		tolerated := false
		for _, t := range s.Tolerations {
			tolerated = tolerated || (t.Key == key || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "")
		}
		if !tolerated {
			seconds := int64(300)
			s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds})
		}
	}
}

// tokenVolume begins the name of the volume with which each pod gets its service
// account's token; the API server makes up the rest.
const tokenVolume = "kube-api-access-"

func (w *write) mountToken(pod *corev1.Pod) {
	const dir = "/var/run/secrets/kubernetes.io/serviceaccount"
	for _, v := range pod.Spec.Volumes {
		if strings.HasPrefix(v.Name, tokenVolume) {
			return
		}
	}
	mounted := false
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
	containers:
		for i := range list {
			for _, m := range list[i].VolumeMounts {
				if m.MountPath == dir {
					continue containers
				}
			}
			list[i].VolumeMounts = append(list[i].VolumeMounts, corev1.VolumeMount{Name: tokenVolume + "xxxxx", ReadOnly: true, MountPath: dir})
			mounted = true
		}
	}
	if !mounted {
		return
	}
	mode, seconds := corev1.ProjectedVolumeSourceDefaultMode, int64(3607)
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: tokenVolume + "xxxxx", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: &mode,
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: &seconds}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}},
		},
	}}})
}
