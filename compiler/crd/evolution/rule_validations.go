package evolution

import (
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var validationsRule = &rule{
	ID:    "validations",
	Looks: "x-kubernetes-validations",
	Reason: "CEL rules are compared by their text and by whether they also hold where there is no old value (optionalOldSelf). What a rule " +
		"says when it fails does not decide whether it fails. A new rule is harmless where fields that are new with it are absent, and that alone " +
		"makes it hold, by has(), !, &&, || and ?: in the order in which they are evaluated. Lists and maps that it is in must be bounded, so that it " +
		"takes next to nothing of the budget that an object's rules share.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a rule that was not there"},
		{ID: "added-for-new-fields", Writers: Compatible, Readers: Compatible, What: "a rule that was not there, and holds where fields that are new with it are absent"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a rule is gone"},
		{ID: "reworded", Writers: Compatible, Readers: Compatible, What: "another message, reason or fieldPath of the same rule"},
	},
	schema: func(n *node) {
		old, new := byText(n.was.XValidations), byText(n.is.XValidations)
		for _, key := range sortedKeys(new) {
			now := new[key]
			was, ok := old[key]
			switch {
			case !ok && n.holdsWithoutNewFields(now.Rule):
				n.report("added-for-new-fields", nil, now.Rule, fmt.Sprintf("a validation rule is new, and holds where the fields that are new with it are absent: %s", now.Rule))
			case !ok:
				n.report("added", nil, now.Rule, fmt.Sprintf("a validation rule is new: %s", now.Rule))
			case worded(was) != worded(now):
				n.report("reworded", worded(was), worded(now), fmt.Sprintf("what is said when a rule fails changes: %s", now.Rule))
			}
		}
		for _, key := range sortedKeys(old) {
			if _, ok := new[key]; !ok {
				n.report("removed", old[key].Rule, nil, fmt.Sprintf("a validation rule is gone: %s", old[key].Rule))
			}
		}
		n.old.XValidations, n.new.XValidations = rest(n.was.XValidations), rest(n.is.XValidations)
	},
}

// byText returns the rules by what decides whether they fail.
func byText(list apiextensionsv1.ValidationRules) map[string]apiextensionsv1.ValidationRule {
	out := map[string]apiextensionsv1.ValidationRule{}
	for _, r := range list {
		key := r.Rule
		if r.OptionalOldSelf != nil && *r.OptionalOldSelf {
			key += "\x00optionalOldSelf"
		}
		out[key] = r
	}
	return out
}

// worded is what a rule says when it fails.
func worded(r apiextensionsv1.ValidationRule) string {
	reason := ""
	if r.Reason != nil {
		reason = string(*r.Reason)
	}
	return fmt.Sprintf("message %q, messageExpression %q, reason %q, fieldPath %q", r.Message, r.MessageExpression, reason, r.FieldPath)
}

// rest returns what of the rules is not compared above: nothing, unless a later
// version of the API has more.
func rest(list apiextensionsv1.ValidationRules) apiextensionsv1.ValidationRules {
	unknown := false
	out := make(apiextensionsv1.ValidationRules, len(list))
	for i, r := range list {
		r.Rule, r.Message, r.MessageExpression, r.Reason, r.FieldPath, r.OptionalOldSelf = "", "", "", nil, "", nil
		out[i] = r
		unknown = unknown || r != apiextensionsv1.ValidationRule{}
	}
	if !unknown {
		return nil
	}
	return out
}
