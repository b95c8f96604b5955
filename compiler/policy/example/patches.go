package example

import (
	"encoding/json"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// tryPatches returns why a policy would not be let patch the object of a case, and what
// is not as it should be in the result.
func tryPatches(t *tenancy.Tenancy, p *policy.Policy, c schema.Case) (messages []string, problem string) {
	if c.Object == nil || c.OldObject != nil {
		return nil, "patches change what is rendered: a case has an object, and no oldObject"
	}
	values, err := implicit.ValuesOf(c.Given)
	if err != nil {
		return nil, "given: " + err.Error()
	}
	text, err := json.Marshal(c.Object)
	if err != nil {
		return nil, err.Error()
	}
	objects, err := manifest.FromYAML(text) // JSON is YAML
	if err != nil {
		return nil, err.Error()
	}
	trace := patch.NewTrace()
	chain := patch.NewChain([]*patch.Link{p.Patches}, func(o manifest.Map) string { return implicit.Problem(t, o) }, [32]byte{}, t.Targets.Engines)
	objects = chain.Apply(objects, func(string) *implicit.Values { return values }, trace)
	for _, f := range trace.Failures {
		messages = append(messages, strings.TrimPrefix(strings.Join(f.Path, ".")+": "+f.Message, ": "))
	}
	if len(messages) > 0 || c.Result == nil {
		return messages, ""
	}
	var got any
	if err := json.Unmarshal(manifest.AppendJSON(nil, objects[0]), &got); err != nil {
		return nil, err.Error()
	}
	if d := difference("", got, c.Result); d != "" {
		return nil, "the result differs: " + d
	}
	return nil, ""
}
