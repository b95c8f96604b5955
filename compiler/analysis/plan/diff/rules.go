package diff

import (
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/fields"
	"github.com/tenantry/tenantry/schema"
)

// rulesChanged compares what policies demand. A rule that is added only refuses
// more; whatever else differs cannot be shown to.
func rulesChanged(was, is *schema.RuleSet) []change.LimitDetail {
	var out []change.LimitDetail
	add := func(effect, what string) { out = append(out, change.LimitDetail{Effect: effect, What: what}) }
	if !reflect.DeepEqual(was.MatchConstraints, is.MatchConstraints) {
		add(change.MayLoosen, "matchConstraints change")
	}
	if !reflect.DeepEqual(was.MatchConditions, is.MatchConditions) {
		add(change.MayLoosen, "matchConditions change")
	}
	for _, v := range was.Variables {
		if !slices.Contains(is.Variables, v) {
			add(change.MayLoosen, "variable "+v.Name+" changes")
		}
	}
	out = append(out, expressionsChanged(was, is)...)
	others := func(s schema.RuleSet) schema.RuleSet {
		s.MatchConstraints, s.MatchConditions, s.Variables, s.Rules, s.Cases = nil, nil, nil, nil, nil
		return s
	}
	if !reflect.DeepEqual(others(*was), others(*is)) {
		add(change.MayLoosen, "what it changes in objects differs")
	}
	if len(out) == 0 && !reflect.DeepEqual(was.Rules, is.Rules) {
		add(change.Neither, "messages change")
	}
	return out
}

// expressionsChanged compares the rules themselves.
func expressionsChanged(was, is *schema.RuleSet) []change.LimitDetail {
	var out []change.LimitDetail
	add := func(effect, what string) { out = append(out, change.LimitDetail{Effect: effect, What: what}) }
	expressions := func(s *schema.RuleSet) (list []string) {
		for _, r := range s.Rules {
			list = append(list, strings.TrimSpace(r.Expression))
		}
		return list
	}
	before, after := expressions(was), expressions(is)
	var gone, fresh []string
	for _, e := range before {
		if !slices.Contains(after, e) {
			gone = append(gone, e)
		}
	}
	for _, e := range after {
		if !slices.Contains(before, e) {
			fresh = append(fresh, e)
		}
	}
	for i, e := range gone {
		if i < len(fresh) {
			add(change.MayLoosen, "rule "+fields.Text(e)+" → "+fields.Text(fresh[i]))
		} else {
			add(change.Loosens, "rule "+fields.Text(e)+" is removed")
		}
	}
	for _, e := range fresh[min(len(gone), len(fresh)):] {
		add(change.Tightens, "rule "+fields.Text(e)+" is added")
	}
	return out
}
