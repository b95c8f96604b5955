package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// Case is an example of what a module or a policy allows or denies.
type Case struct {
	// Document is the module or policy, as `modules "allowed-images"`.
	Document string
	Name     string
	Pos      diag.Position
	Want     schema.Case
	// Policy has the rules and the parameters of the case; nil where Problem says why
	// there is none.
	Policy  *Policy
	Problem string
}

// CaseResult is what came of one case.
type CaseResult struct {
	Case
	// Allowed is what the rules say, and Messages with what they deny.
	Allowed  bool
	Messages []string
	// Problem says why the case fails; empty where it passes.
	Problem string
}

// Cases returns the cases of all modules and policies, by document and name. A
// module or policy that is in error has none: Compile says what is wrong with it.
func (p *Policies) Cases() []Case {
	var out []Case
	add := func(m *document.Meta, name string, want schema.Case) *Case {
		out = append(out, Case{Document: m.String(), Name: name, Pos: m.At("cases", name, "allowed"), Want: want})
		return &out[len(out)-1]
	}
	for _, m := range p.modules {
		if m.broken {
			continue
		}
		for _, name := range sortedKeys(m.doc.Spec.Cases) {
			c := add(&m.doc.Meta, name, m.doc.Spec.Cases[name])
			c.Policy, c.Problem = m.example(c.Want.Parameters)
		}
	}
	for _, one := range p.All {
		for _, name := range sortedKeys(one.Spec.Cases) {
			c := add(&one.Meta, name, one.Spec.Cases[name])
			if c.Policy = one; c.Want.Parameters != nil {
				c.Policy, c.Problem = nil, "a policy's case has the policy's own parameters"
			}
		}
	}
	return out
}

// Test tries cases, on all processors.
func (p *Policies) Test(ctx context.Context, cases []Case) []CaseResult {
	out := make([]CaseResult, len(cases))
	parallel.Each(len(cases), func(i int) {
		r := CaseResult{Case: cases[i], Problem: cases[i].Problem}
		if r.Problem == "" {
			r.Messages, r.Problem = p.try(ctx, r.Policy, r.Want)
			if r.Problem == "" {
				r.Allowed = len(r.Messages) == 0
				r.Problem = verdict(r.Want, r.Messages)
			}
		}
		out[i] = r
	})
	return out
}

// verdict says what is wrong with an answer; empty where it is the one wanted.
func verdict(want schema.Case, messages []string) string {
	said := strings.Join(messages, "; ")
	switch {
	case want.Allowed && len(messages) > 0:
		return "it is denied: " + said
	case !want.Allowed && len(messages) == 0:
		return "it is allowed"
	case !want.Allowed && !strings.Contains(said, want.Message):
		return fmt.Sprintf("the message is %q and has no %q", said, want.Message)
	}
	return ""
}

// example returns a policy that uses the module with these parameters.
func (m *module) example(parameters map[string]any) (*Policy, string) {
	p := &Policy{Meta: m.doc.Meta, Spec: &schema.Policy{Enforcement: schema.Deny}, Stage: m.doc.Spec.Stage, Module: m.doc,
		Rules: m.doc.Spec.RuleSet, rulesAt: &m.doc.Meta}
	if m.schema.Exists() {
		values, problems := complete(m, parameters)
		if len(problems) > 0 {
			return nil, "parameters: " + problems[0].message
		}
		p.Parameters = values
	} else if parameters != nil {
		return nil, "the module has no parameters"
	}
	switch {
	case m.program != nil:
		p.Judged = &facts.Rules{Program: m.program, Parameters: p.Parameters}
	case patches(&p.Rules):
		problem := ""
		p.readPatches(m, func(d diag.Diagnostic) { problem = cmp.Or(problem, d.Message) })
		return p, problem
	case p.Stage == schema.Admit || p.Stage == schema.Transform:
		if err := p.compose(); err != nil {
			return nil, err.Error()
		}
	}
	return p, ""
}

// try returns the messages with which the rules deny a case.
func (p *Policies) try(ctx context.Context, policy *Policy, c schema.Case) (messages []string, problem string) {
	switch policy.Stage {
	case schema.Acquire, schema.Evolve:
		if c.Object != nil || c.OldObject != nil {
			return nil, "stage " + string(policy.Stage) + " judges no objects: use given"
		}
		variables := facts.Acquire
		if policy.Stage == schema.Evolve {
			variables = facts.Evolve
		}
		given, err := givenOf(c.Given, variables)
		if err != nil {
			return nil, err.Error()
		}
		for _, m := range policy.Judged.Program.Broken(given, policy.Parameters, false) {
			if m != "" {
				messages = append(messages, m)
			}
		}
		return messages, ""
	case schema.Admit, schema.Transform:
		if policy.Patches != nil {
			return p.tryPatches(policy, c)
		}
		if c.Given != nil {
			return nil, "stage " + string(policy.Stage) + " looks at objects: use object and oldObject"
		}
		attributes, err := p.Write(c)
		if err != nil {
			return nil, err.Error()
		}
		if policy.Stage == schema.Transform {
			if attributes, messages, problem = p.change(ctx, policy, c, attributes); len(messages) > 0 || problem != "" {
				return messages, problem
			}
		}
		if policy.Admission == nil {
			return nil, ""
		}
		judge, err := policy.Admission.Judge(p.minor)
		if err != nil {
			return nil, rule.PlainMessage(err.Error())
		}
		for _, d := range judge.Denied(ctx, attributes, namespaceOf(c, attributes), authorizerfactory.NewAlwaysDenyAuthorizer()) {
			messages = append(messages, d.Message)
		}
		return messages, ""
	}
	return nil, "stage " + string(policy.Stage) + " can't be tried"
}

func namespaceOf(c schema.Case, attributes admission.Attributes) *corev1.Namespace {
	namespace := &corev1.Namespace{}
	namespace.Name, namespace.Labels = attributes.GetNamespace(), c.NamespaceLabels
	return namespace
}

// change makes the mutations of a policy on a case's write and returns the write as
// they leave it. messages say why the API server would refuse it, problem what is
// not as it should be: the result is not the one wanted, or not stable.
func (p *Policies) change(ctx context.Context, policy *Policy, c schema.Case, write admission.Attributes) (changed admission.Attributes, messages []string, problem string) {
	t, err := policy.Transform()
	if err != nil {
		return nil, nil, err.Error()
	}
	m, err := t.Mutator(rule.Latest, p.schemas)
	if err != nil {
		return nil, nil, rule.PlainMessage(err.Error())
	}
	mutate := func(write admission.Attributes) (admission.Attributes, error) {
		object, err := m.Mutate(ctx, write, namespaceOf(c, write), authorizerfactory.NewAlwaysDenyAuthorizer())
		return with(write, object), err
	}
	if changed, err = mutate(write); err != nil {
		return nil, []string{err.Error()}, ""
	}
	if c.Result != nil {
		got, _ := changed.GetObject().(*unstructured.Unstructured)
		want := (&unstructured.Unstructured{Object: runtime.DeepCopyJSON(c.Result)}).Object
		if metadata, ok := want["metadata"].(map[string]any); ok {
			metadata["namespace"] = write.GetNamespace()
		}
		if got == nil {
			return nil, nil, "nothing is written that could have a result"
		}
		if d := difference("", got.Object, want); d != "" {
			return nil, nil, "the result differs: " + d
		}
	}
	again, err := mutate(changed)
	if err != nil {
		return nil, nil, "the mutations fail on their own result: " + err.Error()
	}
	if d := difference("", objectOf(again), objectOf(changed)); d != "" {
		return nil, nil, "the mutations change their own result, and the API server may make them twice: " + d
	}
	return changed, nil, ""
}

// with returns a write of another object.
func with(a admission.Attributes, object runtime.Object) admission.Attributes {
	return admission.NewAttributesRecord(object, a.GetOldObject(), a.GetKind(), a.GetNamespace(), a.GetName(), a.GetResource(), a.GetSubresource(),
		a.GetOperation(), nil, false, a.GetUserInfo())
}

func objectOf(a admission.Attributes) any {
	if u, ok := a.GetObject().(*unstructured.Unstructured); ok && u != nil {
		return u.Object
	}
	return nil
}

// difference names the first place where two JSON values differ; empty where they do
// not.
func difference(path string, got, want any) string {
	field := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		names := maps.Clone(w)
		maps.Copy(names, g)
		for _, name := range sortedKeys(names) {
			if _, ok := g[name]; !ok {
				return field(name) + " is missing"
			}
			if _, ok := w[name]; !ok {
				return field(name) + " is there"
			}
			if d := difference(field(name), g[name], w[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		if len(g) != len(w) {
			return fmt.Sprintf("%s has %d elements, want %d", path, len(g), len(w))
		}
		for i := range w {
			if d := difference(fmt.Sprintf("%s[%d]", path, i), g[i], w[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if number(got) == number(want) {
		return ""
	}
	return fmt.Sprintf("%s is %v, want %v", path, got, want)
}

// number makes numbers comparable, whatever they came through.
func number(x any) any {
	switch n := x.(type) {
	case int64:
		return float64(n)
	case map[string]any, []any: // of another kind than what it is compared with
		return fmt.Sprint(n)
	}
	return x
}

// Write returns the write that a case of a policy on writes speaks of: by a
// tenant, in the namespace "example".
func (p *Policies) Write(c schema.Case) (admission.Attributes, error) {
	const namespace = "example"
	about := c.Object
	if about == nil {
		about = c.OldObject
	}
	if about == nil {
		return nil, fmt.Errorf("it has neither object nor oldObject")
	}
	value := func(m map[string]any) *unstructured.Unstructured {
		if m == nil {
			return nil
		}
		u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(m)}
		u.SetNamespace(namespace)
		return u
	}
	kind := value(about).GroupVersionKind()
	if kind.Version == "" || kind.Kind == "" {
		return nil, fmt.Errorf("the object has no apiVersion or no kind")
	}
	gvr, sub := p.resource(kind), ""
	if c.Resource != "" {
		name, subresource, _ := strings.Cut(c.Resource, "/")
		plural, group, _ := strings.Cut(name, ".")
		version := kind.Version
		if group != kind.Group { // the object of a subresource may be of another group
			version = "v1"
		}
		gvr, sub = kubeschema.GroupVersionResource{Group: group, Version: version, Resource: plural}, subresource
	}
	operation := admission.Operation(c.Operation)
	if operation == "" {
		switch {
		case c.Object == nil:
			operation = admission.Delete
		case c.OldObject == nil:
			operation = admission.Create
		default:
			operation = admission.Update
		}
	}
	var object, old runtime.Object
	if u := value(c.Object); u != nil {
		object = u
	}
	if u := value(c.OldObject); u != nil {
		old = u
	}
	who := &user.DefaultInfo{Name: c.User, Groups: c.Groups}
	if who.Name == "" {
		who.Name = "tenant"
	}
	return admission.NewAttributesRecord(object, old, kind, namespace, value(about).GetName(), gvr, sub, operation, nil, false, who), nil
}

// resource returns the resource of a kind: by the API sets that define it, else as
// kinds are usually made plural.
func (p *Policies) resource(kind kubeschema.GroupVersionKind) kubeschema.GroupVersionResource {
	for _, set := range p.Tenancy.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.Group == kind.Group && r.Kind == kind.Kind {
					return kubeschema.GroupVersionResource{Group: r.Group, Version: kind.Version, Resource: r.Plural}
				}
			}
		}
	}
	if plural, ok := tenancy.BuiltinResource(kind.Group, kind.Kind); ok {
		return kubeschema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: plural}
	}
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural
}

// givenOf completes what a case says of variables.
func givenOf(given map[string]any, variables []rule.Variable) (map[string]any, error) {
	out := map[string]any{}
	for _, v := range variables {
		x, err := fill(v.Type, given[v.Name], v.Name)
		if err != nil {
			return nil, err
		}
		out[v.Name] = x
	}
	for name := range given {
		if _, ok := out[name]; !ok {
			return nil, fmt.Errorf("given: there is no variable %s", name)
		}
	}
	return out, nil
}

// fill gives a value its declared type; what is left out is empty.
func fill(t *apiservercel.DeclType, x any, path string) (any, error) {
	wrong := func(want string) error { return fmt.Errorf("given: %s is no %s", path, want) }
	switch {
	case t.IsObject() && t != apiservercel.QuantityDeclType:
		m, ok := x.(map[string]any)
		if x != nil && !ok {
			return nil, wrong("struct")
		}
		out := map[string]any{}
		for name, f := range t.Fields {
			v, err := fill(f.Type, m[name], path+"."+name)
			if err != nil {
				return nil, err
			}
			out[name] = v
		}
		for name := range m {
			if t.Fields[name] == nil {
				return nil, fmt.Errorf("given: %s has no field %s", path, name)
			}
		}
		return out, nil
	case t.IsList():
		list, ok := x.([]any)
		if x != nil && !ok {
			return nil, wrong("list")
		}
		out := []any{}
		for i, e := range list {
			v, err := fill(t.ElemType, e, fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case t.IsMap():
		m, ok := x.(map[string]any)
		if x != nil && !ok {
			return nil, wrong("struct")
		}
		out := map[string]any{}
		for name, e := range m {
			v, err := fill(t.ElemType, e, path+"."+name)
			if err != nil {
				return nil, err
			}
			out[name] = v
		}
		return out, nil
	case t == apiservercel.QuantityDeclType:
		q, err := resource.ParseQuantity(fmt.Sprint(x))
		if err != nil {
			return nil, wrong("quantity")
		}
		return apiservercel.Quantity{Quantity: &q}, nil
	case t == apiservercel.StringType:
		s, ok := x.(string)
		if x != nil && !ok {
			return nil, wrong("text")
		}
		return s, nil
	case t == apiservercel.BoolType:
		b, ok := x.(bool)
		if x != nil && !ok {
			return nil, wrong("true or false")
		}
		return b, nil
	case t == apiservercel.IntType:
		n, ok := x.(int64)
		if x != nil && !ok {
			return nil, wrong("whole number")
		}
		return n, nil
	}
	return x, nil
}
