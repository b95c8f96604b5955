package admit

import (
	"encoding/json"
	"fmt"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/admission"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// render takes over what would be rendered for the logical cluster and its physical
// cluster.
func (s *Server) render() error {
	s.namespaces, s.quotas, s.limits = map[string]*corev1.Namespace{}, map[string]*corev1.ResourceQuota{}, map[string]*corev1.LimitRange{}
	for _, m := range s.targets.Objects(s.state) {
		name, _ := m.Get("metadata", "name").(string)
		namespace, _ := m.Get("metadata", "namespace").(string)
		var err error
		switch m.Get("kind") {
		case "Namespace":
			ns := &corev1.Namespace{}
			if err = decode(m, ns); err == nil {
				ns.Labels[corev1.LabelMetadataName] = name
				s.namespaces[name] = ns
			}
		case "ResourceQuota":
			s.quotas[namespace] = &corev1.ResourceQuota{}
			err = decode(m, s.quotas[namespace])
		case "LimitRange":
			s.limits[namespace] = &corev1.LimitRange{}
			err = decode(m, s.limits[namespace])
			defaults(s.limits[namespace])
		}
		if err != nil {
			return err
		}
	}
	s.policies = newPolicies(s.namespaces, s.authorizer(), s.resources.equivalent, s.schemas)
	for _, m := range admission.Platform(s.platform) {
		if err := s.addPlatform(m); err != nil {
			return err
		}
	}
	var err error
	s.security, err = newPodSecurity(s.platform.Minor, s.namespaces)
	return err
}

// addPlatform takes over an object of the physical cluster.
func (s *Server) addPlatform(m manifest.Map) error {
	switch m.Get("kind") {
	case "ClusterRole":
		r := &rbacv1.ClusterRole{}
		err := decode(m, r)
		s.roles[roleRef{kind: "ClusterRole", name: r.Name}] = r.Rules
		return err
	case "ValidatingAdmissionPolicy":
		p := &admissionv1.ValidatingAdmissionPolicy{}
		if err := decode(m, p); err != nil {
			return err
		}
		return s.policies.add(p, s.platform.Minor)
	case "ValidatingAdmissionPolicyBinding":
		b := &admissionv1.ValidatingAdmissionPolicyBinding{}
		if err := decode(m, b); err != nil {
			return err
		}
		s.policies.bind(b)
	case "MutatingAdmissionPolicy":
		p := &admissionv1.MutatingAdmissionPolicy{}
		if err := decode(m, p); err != nil {
			return err
		}
		return s.policies.addMutating(p, s.platform.Minor)
	case "MutatingAdmissionPolicyBinding":
		b := &admissionv1.MutatingAdmissionPolicyBinding{}
		if err := decode(m, b); err != nil {
			return err
		}
		s.policies.bindMutating(b)
	}
	return nil
}

func decode(m manifest.Map, into any) error {
	if err := json.Unmarshal(manifest.AppendJSON(nil, m), into); err != nil {
		return fmt.Errorf("%v %v: %w", m.Get("kind"), m.Get("metadata", "name"), err)
	}
	return nil
}
