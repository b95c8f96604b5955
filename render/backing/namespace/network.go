package namespace

import (
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// networkPolicy returns the body of the NetworkPolicy for a stance. An unknown
// stance is closed.
func networkPolicy(s *desired.State, stance schema.Network) manifest.Map {
	var ingress, egress manifest.List
	switch stance {
	case schema.NetworkOpen:
		ingress, egress = manifest.List{manifest.Map{}}, manifest.List{manifest.Map{}}
	case schema.NetworkOrganization:
		ingress, egress = peers(s, desired.PrefixAncestor+desired.LabelValue(string(s.Organization)), "true")
	case schema.NetworkLogicalCluster:
		ingress, egress = peers(s, desired.LabelLogicalCluster, desired.LabelValue(s.Key))
	default:
		egress = manifest.List{dns(s)}
	}
	spec := manifest.Map{
		field("podSelector", manifest.Map{}),
		field("policyTypes", []string{"Ingress", "Egress"}),
	}
	if len(ingress) > 0 {
		spec = append(spec, field("ingress", ingress))
	}
	return manifest.Map{field("spec", append(spec, field("egress", egress)))}
}

// peers allows traffic both ways with the namespaces that carry a label.
func peers(s *desired.State, label, value string) (ingress, egress manifest.List) {
	peer := manifest.List{manifest.Map{field("namespaceSelector", matchLabels(manifest.Map{field(label, value)}))}}
	return manifest.List{manifest.Map{field("from", peer)}},
		manifest.List{manifest.Map{field("to", peer)}, dns(s)}
}

func dns(s *desired.State) manifest.Map {
	pods := make(manifest.Map, 0, len(s.DNS.Labels))
	for _, l := range s.DNS.Labels {
		pods = append(pods, field(l.Key, l.Value))
	}
	port := func(protocol string) manifest.Map {
		return manifest.Map{field("protocol", protocol), field("port", 53)}
	}
	return manifest.Map{
		field("to", manifest.List{manifest.Map{
			field("namespaceSelector", matchLabels(manifest.Map{field("kubernetes.io/metadata.name", s.DNS.Namespace)})),
			field("podSelector", matchLabels(pods)),
		}}),
		field("ports", manifest.List{port("UDP"), port("TCP")}),
	}
}

// matchLabels returns a selector; without labels it selects everything.
func matchLabels(labels manifest.Map) manifest.Map {
	if len(labels) == 0 {
		return manifest.Map{}
	}
	return manifest.Map{field("matchLabels", labels)}
}
