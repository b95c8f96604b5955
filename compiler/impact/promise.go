package impact

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Promises judges what API sets promise. A promise holds for whoever binds a
// version, while the version is edited; for whoever follows a channel, while the
// channel moves; and from each version to the one that comes after it. What an
// alpha version was is no promise, what comes after a deprecated one is announced,
// and what was removed nobody can have.
//
// A set that has not changed is only warned about: it was good when it was built,
// and rules that are stricter now must not keep others from merging.
//
// published returns a set as it was last good. It is nil where the set never was, or
// has not changed since; same tells the two apart.
func Promises(t *tenancy.Tenancy, published func(set *tenancy.APISet) (was *tenancy.APISet, same bool), c *Comparer) []tenancy.Finding {
	var out []tenancy.Finding
	for _, set := range t.APISets {
		if set.Held {
			continue
		}
		was, same := published(set)
		p := promises{t: t, set: set, was: was, same: same, comparer: c}
		if was != nil {
			p.versions()
			p.channels()
		}
		p.successions()
		out = append(out, p.found...)
	}
	return out
}

// promises is the work on one API set.
type promises struct {
	t        *tenancy.Tenancy
	set, was *tenancy.APISet
	same     bool
	comparer *Comparer
	found    []tenancy.Finding
}

// step is a way from one version to another.
type step struct {
	old, new *tenancy.APIVersion
	// what breaks, as a sentence that goes on with the promise: "this edit of database@v1".
	what string
	// promise that holds, and withdrawn the one that held before, where it was higher.
	promise, withdrawn schema.Promise
	// at is where the document has it, and label says what stands there.
	at    diag.Position
	label string
	// binds reports whether a binding meets the step.
	binds func(tenancy.Binding) bool
	help  string
	// lasting: the step is there as long as both versions are.
	lasting bool
}

// versions judges versions that are edited in place, and those that are gone.
func (p *promises) versions() {
	var edits []step
	for _, was := range p.was.Versions {
		is := p.set.Find(was.Name)
		if was.Spec.Lifecycle == schema.Removed {
			continue
		}
		if is == nil || is.Name != was.Name {
			p.vanished(was.Name, "version")
			continue
		}
		if was.Spec.Lifecycle == schema.Alpha || is.Spec.Lifecycle == schema.Removed {
			continue
		}
		edits = append(edits, step{old: was, new: is, what: "this edit of " + is.String(), at: p.set.At("versions", is.Name), label: is.String() + " stands here",
			binds: func(b tenancy.Binding) bool { return b.Version == is },
			help:  `give what changes a version of its own, or say promise: "none" if it is meant to break`})
	}
	p.judge(edits)
}

// channels judges channels that name another version.
func (p *promises) channels() {
	for _, channel := range slices.Sorted(maps.Keys(p.was.Spec.Channels)) {
		old := bindable(p.was, channel)
		if old == nil {
			continue
		}
		new := p.set.Find(channel)
		if new == nil {
			p.vanished(channel, "channel")
			continue
		}
		if new.Name == old.Name || old.Spec.Lifecycle == schema.Alpha || new.Spec.Lifecycle == schema.Removed {
			continue
		}
		p.judge([]step{{old: old, new: new, what: fmt.Sprintf("the move of channel %s from %s to %s", channel, old, new.Name), at: p.set.At("channels", channel), label: "the channel stands here",
			binds: func(b tenancy.Binding) bool { return b.Version.Set == p.set && b.Requested == channel },
			help:  fmt.Sprintf(`leave the channel at %s until its followers bind what they need, or say promise: "none" if it is meant to break`, old.Name)}})
	}
}

// successions judges each version beside the one that comes after it: the one
// that replaces it, or else the next by its number. A deprecated version is
// announced to go, and whoever binds it knows that it has to move.
func (p *promises) successions() {
	var order []*tenancy.APIVersion
	for _, v := range p.set.Versions {
		if v.Spec.Lifecycle != schema.Removed && v.Spec.Lifecycle != schema.Alpha && numbered.MatchString(v.Name) {
			order = append(order, v)
		}
	}
	slices.SortFunc(order, func(a, b *tenancy.APIVersion) int { return slices.Compare(number(a.Name), number(b.Name)) })
	for _, old := range p.set.Versions {
		switch old.Spec.Lifecycle {
		case schema.Alpha, schema.Deprecated, schema.Removed:
			continue
		}
		var new *tenancy.APIVersion
		if i := slices.Index(order, old); old.Spec.ReplacedBy != "" {
			new = bindable(p.set, old.Spec.ReplacedBy)
		} else if i >= 0 && i+1 < len(order) {
			new = order[i+1]
		}
		if new == nil {
			continue
		}
		p.judge([]step{{old: old, new: new, promise: new.Spec.Promise, what: fmt.Sprintf("%s, which comes after %s,", new, old.Name), at: p.set.At("versions", new.Name), label: new.String() + " stands here",
			binds: func(b tenancy.Binding) bool { return b.Version == old }, lasting: true,
			help: fmt.Sprintf(`say promise: "none" in version %s if it is meant to break, or deprecate %s; "tenantry api diff %s %s" shows all that changes`, new.Name, old.Name, old, new)}})
	}
}

// numbered are names that have an order: v1, v2beta1, v2. Others have none.
var numbered = regexp.MustCompile(`^v([0-9]+)(?:(alpha|beta)([0-9]+))?$`)

// number returns what such a name is ordered by.
func number(name string) []int {
	parts := numbered.FindStringSubmatch(name)
	major, _ := strconv.Atoi(parts[1])
	minor, _ := strconv.Atoi(parts[3])
	return []int{major, slices.Index([]string{"alpha", "beta", ""}, parts[2]), minor}
}

// judge reports a broken promise once for each content that breaks it, however
// many versions have it.
func (p *promises) judge(steps []step) {
	seen := map[string]bool{}
	for _, s := range steps {
		old, new := Of(s.old), Of(s.new)
		changes := p.comparer.Changes(old, new)
		if s.promise == "" {
			s.promise = p.set.Spec.Promise
			if p.was != nil {
				s.withdrawn = p.was.Spec.Promise
			}
		}
		for len(changes) > 0 {
			n := 1
			for n < len(changes) && changes[n].Resource == changes[0].Resource {
				n++
			}
			id := fmt.Sprint(changes[0].Resource, digestOf(old, changes[0].Resource), digestOf(new, changes[0].Resource))
			if !seen[id] {
				seen[id] = true
				p.report(s, old, new, changes[:n])
			}
			changes = changes[n:]
		}
	}
}

func digestOf(a *API, resource string) (digest [32]byte) {
	if d := a.Find(resource); d != nil {
		digest = d.Digest
	}
	return digest
}

// shown is how many changes a finding tells one by one.
const shown = 5

// report reports what changes of one resource do to the promise that a step has to keep.
func (p *promises) report(s step, old, new *API, changes []evolution.Change) {
	v, ok := s.judge(changes)
	if !ok {
		return
	}
	place := func(c *evolution.Change) diag.Position {
		if at := new.Position(c); at.Line > 0 {
			return at
		}
		return s.at
	}
	first := &v.told[0]
	d := diag.New(v.code, place(first), "%s", v.message(s.what))
	if reached := p.reached(s.binds); len(reached) > 0 {
		d.Message += fmt.Sprintf("\nfor %d of %d logical clusters: %s", len(reached), len(p.t.LogicalClusters), abridged(reached))
	}
	for i := 1; i < min(len(v.told), shown); i++ {
		d = d.See(place(&v.told[i]), "%s", line(&v.told[i]))
	}
	if today := p.set.Find(s.old.Name); today != nil && today != s.new { // what is edited stands nowhere any more
		d = d.See(Of(today).Position(first), "%s has it here", s.old)
	}
	if at := p.set.At("promise"); at != p.set.Pos {
		d = d.See(at, "the promise stands here")
	}
	if s.at != d.Position {
		d = d.See(s.at, "%s", s.label)
	}
	if v.code == diag.PromiseBroken {
		d = d.Suggest("%s", s.help)
	}
	if p.same {
		d.Severity = diag.Warning
	}
	p.add(d)
}

// verdict is what a step does to a promise: the changes to tell, the first of which is
// told in the message.
type verdict struct {
	code    diag.Code
	promise schema.Promise
	told    []evolution.Change
}

// judge returns the gravest that changes do to the promise of a step: they break it, or
// the one that held before, or keep it under a condition. ok is false for none of these.
func (s step) judge(changes []evolution.Change) (v verdict, ok bool) {
	of := func(class evolution.Class, promise schema.Promise) []evolution.Change {
		return slices.DeleteFunc(slices.Clone(changes), func(c evolution.Change) bool { return c.Judge(promise) != class })
	}
	v = verdict{code: diag.PromiseBroken, promise: s.promise, told: of(evolution.Breaking, s.promise)}
	if len(v.told) == 0 && s.withdrawn != "" {
		if v.told = of(evolution.Breaking, s.withdrawn); len(v.told) > 0 {
			v.code, v.promise = diag.PromiseWithdrawn, s.withdrawn
		}
	}
	if len(v.told) == 0 && !s.lasting {
		v.code, v.told = diag.PromiseConditional, of(evolution.Conditional, s.promise)
	}
	return v, len(v.told) > 0
}

// message says what a step, which is the subject of the sentence, does to the promise.
func (v *verdict) message(what string) string {
	verb := "breaks the promise"
	switch v.code {
	case diag.PromiseConditional:
		verb = "keeps the promise under a condition,"
	case diag.PromiseWithdrawn:
		verb = "breaks what was promised until now,"
	}
	first := &v.told[0]
	message := fmt.Sprintf("%s %s %q: %s", what, verb, v.promise, line(first))
	if more := len(v.told) - 1; more > 0 {
		message += fmt.Sprintf(", and %d more", more)
	}
	if v.code == diag.PromiseConditional {
		message += "\n" + strings.Join(first.Concern(v.promise), "\n")
	}
	return message
}

// vanished reports a version or channel that is gone while documents name it.
// Without a word about where to go, whoever binds it would be left with nothing.
func (p *promises) vanished(name, what string) {
	var by []string
	ask := func(m *document.Meta, apis map[string]string) {
		if apis[p.set.Name] == name && (dirOf(p.set) == "" || document.Within(m.Dir, p.set.Dir)) {
			by = append(by, m.String())
		}
	}
	for _, class := range p.t.Classes {
		ask(&class.Meta, class.Spec.APIs)
	}
	for _, o := range p.t.Organizations {
		if o.Spec.Defaults != nil {
			ask(&o.Meta, o.Spec.Defaults.APIs)
		}
	}
	for _, lc := range p.t.LogicalClusters {
		if lc.State != schema.Deleted {
			ask(&lc.Meta, lc.Spec.APIs)
		}
	}
	if len(by) == 0 {
		return
	}
	help := `put it back with lifecycle: "removed" and replacedBy, which tells them where to go`
	if what == "channel" {
		help = "put it back until nobody follows it"
	}
	p.add(diag.New(diag.APIVersionVanished, p.set.At(what+"s"), "%s %s of API set %s is gone, and it is still bound by %s", what, name, p.set.Name, abridged(by)).Suggest("%s", help))
}

func (p *promises) add(d diag.Diagnostic) {
	p.found = append(p.found, tenancy.Fault(&p.set.Meta, d, ""))
}

// line tells a change in a line.
func line(c *evolution.Change) string {
	where := c.Resource
	if c.Version != "" {
		where += " " + c.Version
	}
	if c.Path != "" {
		where += " " + c.Path
	}
	return fmt.Sprintf("%s: %s (%s/%s)", where, c.Message, c.Rule, c.Case)
}

func abridged(keys []string) string {
	if more := len(keys) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:shown], ", "), more)
	}
	return strings.Join(keys, ", ")
}

// reached returns the keys of the logical clusters with such a binding.
func (p *promises) reached(has func(tenancy.Binding) bool) []string {
	var out []string
	for _, lc := range p.t.LogicalClusters {
		if lc.State != schema.Deleted && slices.ContainsFunc(lc.APIs, has) {
			out = append(out, lc.Key)
		}
	}
	return out
}
