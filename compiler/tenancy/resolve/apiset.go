package resolve

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// setBuilder turns documents into API sets.
type setBuilder struct {
	files     map[string]*crdFile
	published Published
	builtins  map[string]builtin.Entry
	engines   target.Engines
	out       *tenancy.Findings
}

// LastGoodAPISet returns an API set as it was last good, with the definitions that
// were published then. Resources without one have none.
func LastGoodAPISet(m document.Meta, spec schema.APISet, published Published, engines target.Engines) *tenancy.APISet {
	m.Held = true
	b := setBuilder{published: published, builtins: builtin.All(), engines: engines, out: new(tenancy.Findings)}
	return b.set(&document.Document[schema.APISet]{Meta: m, Spec: spec})
}

func (b *setBuilder) set(d *document.Document[schema.APISet]) *tenancy.APISet {
	set := &tenancy.APISet{Meta: d.Meta, Name: d.Key, Spec: d.Spec}
	defaults := schema.DefaultAPISet()
	set.Spec.Promise = cmp.Or(set.Spec.Promise, defaults.Promise)
	for _, name := range slices.Sorted(maps.Keys(d.Spec.Versions)) {
		v := &tenancy.APIVersion{Set: set, Name: name, Spec: d.Spec.Versions[name]}
		usual := schema.DefaultAPIVersion()
		v.Spec.Lifecycle = cmp.Or(v.Spec.Lifecycle, usual.Lifecycle)
		v.Spec.CRDs = cmp.Or(v.Spec.CRDs, usual.CRDs)
		for _, key := range slices.Sorted(maps.Keys(v.Spec.Resources)) {
			if res := b.resource(v, key, v.Spec.Resources[key]); res != nil {
				v.Resources = append(v.Resources, res)
			}
		}
		slices.SortFunc(v.Resources, func(a, b *tenancy.Resource) int {
			return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Plural, b.Plural))
		})
		set.Versions = append(set.Versions, v)
	}
	b.references(set)
	return set
}

// references checks channels, sunsets and replacedBy.
func (b *setBuilder) references(set *tenancy.APISet) {
	versions := slices.Sorted(maps.Keys(set.Spec.Versions))
	for _, channel := range slices.Sorted(maps.Keys(set.Spec.Channels)) {
		b.channel(set, channel, versions)
	}
	reported := map[string]bool{}
	for _, v := range set.Versions {
		if ends := v.Spec.Lifecycle == schema.Deprecated || v.Spec.Lifecycle == schema.Removed; v.Spec.Sunset != "" && !ends {
			b.out.Fault(&set.Meta, diag.New(diag.SunsetWithoutEnd, set.At("versions", v.Name, "sunset"),
				"%s has a sunset and is not deprecated, so it can be bound after %s all the same", v, v.Spec.Sunset).
				Suggest(`deprecate it with lifecycle: "deprecated", or leave the sunset out`), "it has no sunset")
		}
		if v.Spec.ReplacedBy == "" {
			continue
		}
		pos := set.At("versions", v.Name, "replacedBy")
		if set.Version(v.Spec.ReplacedBy) == nil {
			b.out.Fault(&set.Meta, diag.New(diag.APISetBroken, pos, "version %s is replaced by %s, which does not exist", v.Name, v.Spec.ReplacedBy).SuggestName(v.Spec.ReplacedBy, versions),
				"nothing replaces it")
			continue
		}
		b.circle(set, v, pos, reported)
	}
}

// channel checks that a channel names a version that can be bound.
func (b *setBuilder) channel(set *tenancy.APISet, channel string, versions []string) {
	target := set.Spec.Channels[channel]
	pos := set.At("channels", channel)
	v := set.Version(target)
	switch {
	case set.Version(channel) != nil:
		b.out.Fault(&set.Meta, diag.New(diag.APISetBroken, pos, "%s is the name of a channel and of a version", channel).
			See(set.At("versions", channel), "the version stands here"), "the version is meant")
	case v == nil:
		b.out.Fault(&set.Meta, diag.New(diag.APISetBroken, pos, "channel %s names version %s, which does not exist", channel, target).SuggestName(target, versions),
			"the channel falls away")
	case v.Spec.Lifecycle == schema.Removed:
		d := diag.New(diag.APISetBroken, pos, "channel %s names version %s, which was removed", channel, target).
			See(set.At("versions", target, "lifecycle"), "it was removed here")
		b.out.Fault(&set.Meta, set.SuggestUpgrade(d, "let the channel name", v), "nobody can bind it")
	}
}

// circle reports versions that replace each other, each circle once: reported are the
// versions that were in one before.
func (b *setBuilder) circle(set *tenancy.APISet, v *tenancy.APIVersion, pos diag.Position, reported map[string]bool) {
	var circle []string
	for at := v; at != nil && !reported[at.Name] && !slices.Contains(circle, at.Name); at = set.Version(at.Spec.ReplacedBy) {
		circle = append(circle, at.Name)
		if at.Spec.ReplacedBy != v.Name {
			continue
		}
		for _, name := range circle {
			reported[name] = true
		}
		b.out.Fault(&set.Meta, diag.New(diag.APISetBroken, pos, "versions replace each other in a circle: %s", strings.Join(append(circle, v.Name), " by ")),
			"nothing replaces them")
		return
	}
}
