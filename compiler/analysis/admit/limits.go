package admit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apiserver/pkg/admission"
)

// limited returns the pod that the LimitRange judges, and the LimitRange.
func (w *write) limited() (*corev1.Pod, *corev1.LimitRange) {
	pod, ok := typed[corev1.Pod](w.object)
	if !ok || w.namespace == nil || w.limits[w.namespace.Name] == nil {
		return nil, nil
	}
	if w.Operation == admission.Create && w.Subresource == "" || w.Operation == admission.Update && w.Subresource == "resize" {
		return pod, w.limits[w.namespace.Name]
	}
	return nil, nil
}

func containers(pod *corev1.Pod) (out []*corev1.Container) {
	for i := range pod.Spec.Containers {
		out = append(out, &pod.Spec.Containers[i])
	}
	for i := range pod.Spec.InitContainers {
		out = append(out, &pod.Spec.InitContainers[i])
	}
	return out
}

// limitDefaults gives containers the amounts of the LimitRange that they leave out.
func (w *write) limitDefaults() {
	pod, limits := w.limited()
	if pod == nil {
		return
	}
	var done []string
	for i, c := range containers(pod) {
		kind := "container"
		if i >= len(pod.Spec.Containers) {
			kind = "init container"
		}
		for _, l := range limits.Spec.Limits {
			if l.Type != corev1.LimitTypeContainer {
				continue
			}
			for _, part := range []struct {
				what string
				into *corev1.ResourceList
				from corev1.ResourceList
			}{{"request", &c.Resources.Requests, l.DefaultRequest}, {"limit", &c.Resources.Limits, l.Default}} {
				var names []string
				for _, name := range sorted(part.from) {
					if _, ok := (*part.into)[name]; ok {
						continue
					}
					if *part.into == nil {
						*part.into = corev1.ResourceList{}
					}
					(*part.into)[name] = part.from[name].DeepCopy()
					names = append(names, string(name))
				}
				if len(names) > 0 {
					done = append(done, fmt.Sprintf("%s %s for %s %s", strings.Join(names, ", "), part.what, kind, c.Name))
				}
			}
		}
	}
	if len(done) > 0 {
		if pod.Annotations == nil {
			pod.Annotations = map[string]string{}
		}
		pod.Annotations["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: " + strings.Join(done, "; ")
	}
}

// checkLimits holds containers against the bounds of the LimitRange.
func (w *write) checkLimits() {
	pod, limits := w.limited()
	if pod == nil {
		return
	}
	for i, c := range containers(pod) {
		path := containerPath(pod, i) + ".resources"
		for _, l := range limits.Spec.Limits {
			if l.Type != corev1.LimitTypeContainer {
				continue
			}
			for _, name := range sorted(l.Min) {
				w.bound(path, c, name, "min", l.Min[name], -1)
			}
			for _, name := range sorted(l.Max) {
				w.bound(path, c, name, "max", l.Max[name], 1)
			}
		}
	}
}

// bound says where an amount of a container is beyond a bound: below it where side
// is -1, above it where it is 1.
func (w *write) bound(path string, c *corev1.Container, name corev1.ResourceName, bound string, limit resource.Quantity, side int) {
	// A bound from below needs a request, one from above needs a limit.
	parts := []struct {
		what string
		list corev1.ResourceList
	}{{"request", c.Resources.Requests}, {"limit", c.Resources.Limits}}
	if side > 0 {
		slices.Reverse(parts)
	}
	for i, p := range parts {
		have, ok := p.list[name]
		said := ""
		switch {
		case !ok && i == 0:
			said = fmt.Sprintf("container %s has no %s for %s, whose %s is %s", c.Name, p.what, name, bound, limit.String())
		case ok && have.Cmp(limit) == side:
			said = fmt.Sprintf("container %s: the %s for %s is %s, and the %s is %s", c.Name, p.what, name, have.String(), bound, limit.String())
		}
		if said != "" {
			d := w.say(diag.AdmitLimits, path+"."+p.what+"s."+string(name), "%s", said)
			at, from := w.from("containers." + bound + "." + string(name))
			*d = d.See(at, "the bound stands here (%s)", from)
			return
		}
	}
}

// checkResources: no container may request more than its limit.
func (w *write) checkResources() {
	pod, ok := typed[corev1.Pod](w.object)
	if !ok || w.Operation != admission.Create {
		return
	}
	for i, c := range containers(pod) {
		for _, name := range sorted(c.Resources.Requests) {
			request := c.Resources.Requests[name]
			limit, ok := c.Resources.Limits[name]
			if ok && request.Cmp(limit) > 0 {
				w.say(diag.AdmitSchema, containerPath(pod, i)+".resources.requests", "container %s requests %s of %s, and its limit is %s", c.Name, request.String(), name, limit.String())
			}
		}
	}
}

// containerPath is where a container stands that containers returns.
func containerPath(pod *corev1.Pod, i int) string {
	if n := len(pod.Spec.Containers); i >= n {
		return fmt.Sprintf("spec.initContainers[%d]", i-n)
	}
	return fmt.Sprintf("spec.containers[%d]", i)
}
