package evolution

import (
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var printerColumnsRule = &rule{
	ID:     "printer-columns",
	Looks:  "additionalPrinterColumns",
	Reason: "They are what kubectl prints. Programs should not read tables, but scripts do.",
	Cases: []ruleCase{
		{ID: "added", Writers: Compatible, Readers: Compatible, What: "a column behind all others"},
		{ID: "changed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-tables", What: "other columns, or in another order"},
	},
	version: func(v *versions) {
		old, new := v.was.AdditionalPrinterColumns, v.is.AdditionalPrinterColumns
		v.old.AdditionalPrinterColumns, v.new.AdditionalPrinterColumns = nil, nil
		switch {
		case slices.Equal(old, new):
		case len(new) > len(old) && slices.Equal(old, new[:len(old)]):
			v.report("added", nil, columns(new[len(old):]), "kubectl prints more columns")
		default:
			v.report("changed", columns(old), columns(new), fmt.Sprintf("kubectl prints other columns: %v instead of %v", columns(new), columns(old)))
		}
	},
}

func columns(list []apiextensionsv1.CustomResourceColumnDefinition) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Name
	}
	return out
}
