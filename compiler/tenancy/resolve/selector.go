package resolve

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Selector reads a selector, with Kubernetes' own semantics; at says where a
// field of it stands. Where it can't be read the findings say why.
func Selector(s *schema.Selector, m *document.Meta, at func(path ...string) diag.Position) (labels.Selector, []tenancy.Finding) {
	var out tenancy.Findings
	return selector(s, m, at, &out), out
}

// selector reads a selector, with Kubernetes' own semantics. Nil selects
// everything and is also the answer where it can't be read.
func selector(s *schema.Selector, m *document.Meta, at tenancy.Positions, out *tenancy.Findings) labels.Selector {
	ls := &metav1.LabelSelector{MatchLabels: s.MatchLabels}
	bad := false
	for i, e := range s.MatchExpressions {
		requirement := metav1.LabelSelectorRequirement{Key: e.Key, Operator: metav1.LabelSelectorOperator(e.Operator), Values: e.Values}
		if _, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{requirement}}); err != nil {
			bad = true
			out.Fault(m, diag.New(diag.SelectorInvalid, at("matchExpressions", fmt.Sprint(i)), "the requirement on %s can't be read: %s", e.Key, requirementProblem(e, err)),
				"the selector does not count")
		}
		ls.MatchExpressions = append(ls.MatchExpressions, requirement)
	}
	if bad {
		return nil
	}
	sel, err := metav1.LabelSelectorAsSelector(ls)
	if err != nil {
		out.Fault(m, diag.New(diag.SelectorInvalid, at(), "the selector can't be read: %v", err), "the selector does not count")
		return nil
	}
	return sel
}

func requirementProblem(e schema.Requirement, err error) string {
	switch {
	case (e.Operator == "In" || e.Operator == "NotIn") && len(e.Values) == 0:
		return e.Operator + " needs values"
	case (e.Operator == "Exists" || e.Operator == "DoesNotExist") && len(e.Values) > 0:
		return e.Operator + " takes no values"
	}
	return err.Error()
}
