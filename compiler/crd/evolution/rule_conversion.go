package evolution

import (
	"fmt"
	"reflect"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var conversionRule = &rule{
	ID:    "conversion",
	Looks: "spec.conversion",
	Reason: "With the strategy None only apiVersion changes, and what a version does not know is lost. A webhook may do anything, and when " +
		"it fails, objects can't be read.",
	Cases: []ruleCase{
		{ID: "none-to-webhook", Writers: Conditional, WritersIf: "webhook-converts", Readers: Conditional, ReadersIf: "webhook-converts", What: "a webhook converts"},
		{ID: "webhook-to-none", Writers: Breaking, Readers: Breaking, What: "nothing converts any more"},
		{ID: "webhook-changed", Writers: Conditional, WritersIf: "webhook-converts", Readers: Conditional, ReadersIf: "webhook-converts", What: "another webhook"},
		{ID: "unused", Writers: Compatible, Readers: Compatible, What: "a change while there is one version only, before and after"},
	},
	definition: func(d *definitions) {
		old, new := d.was.Spec.Conversion, d.is.Spec.Conversion
		d.old.Spec.Conversion, d.new.Spec.Conversion = nil, nil
		if reflect.DeepEqual(old, new) {
			return
		}
		a, b := strategy(old), strategy(new)
		kind, message := "webhook-changed", "the conversion webhook changes"
		switch {
		case a == b && a == apiextensionsv1.NoneConverter:
			return
		case a != b && b == apiextensionsv1.NoneConverter:
			kind, message = "webhook-to-none", "versions are no longer converted by a webhook"
		case a != b:
			kind, message = "none-to-webhook", "versions are converted by a webhook now"
		}
		if len(d.was.Spec.Versions) == 1 && len(d.is.Spec.Versions) == 1 && d.was.Spec.Versions[0].Name == d.is.Spec.Versions[0].Name {
			kind = "unused"
		}
		d.report(kind, shown(old), shown(new), message)
	},
}

func strategy(c *apiextensionsv1.CustomResourceConversion) apiextensionsv1.ConversionStrategyType {
	if c == nil {
		return apiextensionsv1.NoneConverter
	}
	return c.Strategy
}

// shown says what converts, without certificates.
func shown(c *apiextensionsv1.CustomResourceConversion) any {
	if c == nil || c.Webhook == nil || c.Webhook.ClientConfig == nil {
		return string(strategy(c))
	}
	switch at := c.Webhook.ClientConfig; {
	case at.URL != nil:
		return fmt.Sprintf("%s at %s", c.Strategy, *at.URL)
	case at.Service != nil:
		return fmt.Sprintf("%s at service %s/%s", c.Strategy, at.Service.Namespace, at.Service.Name)
	}
	return string(c.Strategy)
}
