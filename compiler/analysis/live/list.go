package live

import (
	"context"
	"errors"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// TenantKinds are those of which every logical cluster has some, and PlatformKinds
// those of what every physical cluster has once.
var (
	TenantKinds = []kschema.GroupVersionKind{
		{Version: "v1", Kind: "Namespace"}, {Version: "v1", Kind: "ResourceQuota"}, {Version: "v1", Kind: "LimitRange"}, {Version: "v1", Kind: "ServiceAccount"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
	}
	PlatformKinds = []kschema.GroupVersionKind{
		{Version: "v1", Kind: "Namespace"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingAdmissionPolicy"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingAdmissionPolicyBinding"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicy"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicyBinding"},
	}
)

// List calls met for each object of a kind, page by page, with the same object
// perhaps twice. Without a namespace it is all of them.
func (l *Live) List(ctx context.Context, kind kschema.GroupVersionKind, namespace, selector string, met func(*unstructured.Unstructured)) error {
	resource, _, err := l.Resource(kind)
	if err != nil {
		return err
	}
	return pages(selector, func(o metav1.ListOptions) (string, error) {
		found, err := l.Dynamic.Resource(resource).Namespace(namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range found.Items {
			met(&found.Items[i])
		}
		return found.GetContinue(), nil
	})
}

// ListMetadata is List for the metadata of objects everywhere.
func (l *Live) ListMetadata(ctx context.Context, kind Listable, selector string, met func(*metav1.PartialObjectMetadata)) error {
	return pages(selector, func(o metav1.ListOptions) (string, error) {
		found, err := l.Metadata.Resource(kind.Resource).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range found.Items {
			met(&found.Items[i])
		}
		return found.Continue, nil
	})
}

// pages asks for page after page, and begins anew where that takes longer than
// the API server remembers.
func pages(selector string, ask func(metav1.ListOptions) (next string, err error)) error {
	const size, attempts = 500, 3
	o := metav1.ListOptions{LabelSelector: selector, Limit: size}
	for attempt := 1; ; {
		next, err := ask(o)
		if apierrors.IsResourceExpired(err) && attempt < attempts {
			attempt++
			o.Continue = ""
			continue
		}
		if err != nil || next == "" {
			return err
		}
		o.Continue = next
	}
}

// Listable is a kind of which objects can be listed.
type Listable struct {
	Resource kschema.GroupVersionResource
	Kind     kschema.GroupKind
}

// Listable returns the kinds that can be listed, each in one version, sorted.
func (l *Live) Listable() []Listable {
	var out []Listable
	for _, g := range l.groups {
		seen := map[string]bool{}
		versions := []string{g.Group.PreferredVersion.Version}
		for _, v := range g.Group.Versions {
			versions = append(versions, v.Version)
		}
		for _, version := range versions {
			for _, r := range g.VersionedResources[version] {
				if seen[r.Name] || strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") {
					continue
				}
				seen[r.Name] = true
				out = append(out, Listable{
					kschema.GroupVersionResource{Group: g.Group.Name, Version: version, Resource: r.Name},
					kschema.GroupKind{Group: g.Group.Name, Kind: r.Kind}})
			}
		}
	}
	slices.SortFunc(out, func(a, b Listable) int { return strings.Compare(a.Resource.String(), b.Resource.String()) })
	return out
}

// Silent reports whether a request failed because the API server did not answer
// it, so that further ones would only take their time.
func Silent(err error) bool {
	var status apierrors.APIStatus
	return err != nil && !errors.As(err, &status) && !errors.As(err, &UnservedError{})
}
