// Package inventory renders what there is: every logical cluster with where it
// is and what it binds, as one JSON file for each organization, and as
// LogicalCluster objects that make logical clusters an API resource of the
// management cluster.
//
// The files are sharded by organization, so that a change to one logical
// cluster is a change to one small file. Every file says the same for the same
// tenancy: nothing in it depends on when or where it was built.
package inventory

import (
	"encoding/hex"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// Path returns where the file of an organization stands in the output.
func Path(org *tenancy.Organization) string { return "inventory/" + org.Path + ".json" }

// AppendOrganization appends the file of an organization: those of the logical
// clusters that belong to it directly which have been placed. It appends nothing where
// there are none. costs are the worst cases a month; site returns the pin of a
// key, state the digest of a logical cluster's state on a physical cluster, false
// where nothing is rendered there, and published the entry of one that stays as published,
// nil for all others. rules say when removals go on.
func AppendOrganization(dst []byte, org *tenancy.Organization, lcs []*tenancy.LogicalCluster, costs *cost.Costs, rules removal.Rules, site func(key string) *pins.LogicalCluster, state func(key, cluster string) ([32]byte, bool), published func(key string) manifest.Map) []byte {
	var list manifest.List
	for _, lc := range lcs {
		if entry := published(lc.Key); entry != nil {
			list = append(list, entry.With(asPublished, true))
			continue
		}
		if pin := site(lc.Key); pin != nil {
			list = append(list, entry(lc, costs, rules, pin, state))
		}
	}
	if list == nil {
		return dst
	}
	return append(manifest.AppendIndentedJSON(dst, manifest.M(
		"generator", "tenantry",
		"apiVersion", "tenantry.dev/v1alpha1",
		"organization", org.Path,
		"logicalClusters", list,
	)), '\n')
}

// asPublished marks the entry of a logical cluster that stays as an earlier build
// published it.
const asPublished = "asPublished"

// Entry returns the entry of a key in the file of an organization as it was read, without
// the mark of one that stays as published; nil if there is none.
func Entry(file []manifest.Map, key string) manifest.Map {
	for _, f := range file {
		list, _ := f.Get("logicalClusters").(manifest.List)
		for _, one := range list {
			if m, ok := one.(manifest.Map); ok && m.Get("key") == key {
				return slices.DeleteFunc(slices.Clone(m), func(f manifest.Field) bool { return f.Key == asPublished })
			}
		}
	}
	return nil
}

// Digest stands for all that AppendOrganization appends; pinned is the digest of the
// organization's pins. It is false where a logical cluster has no state whose digest
// could stand for it.
func Digest(org *tenancy.Organization, lcs []*tenancy.LogicalCluster, costs *cost.Costs, rules removal.Rules, pinned [32]byte, site func(key string) *pins.LogicalCluster, state func(key, cluster string) ([32]byte, bool)) (sum [32]byte, ok bool) {
	ok = true
	sum = digest.Of(func(e *digest.Encoder) {
		e.Strings(org.Path)
		e.Bytes(pinned[:])
		e.Number(rules.Grace)
		e.Number(rules.Wait)
		for _, lc := range lcs {
			pin := site(lc.Key)
			if pin == nil {
				continue
			}
			if costs.Priced() {
				e.Strings(costs.Currency, costs.Total(lc.Key).String())
			}
			d, stands := state(lc.Key, pin.Cluster)
			ok = ok && stands
			e.Bytes(d[:])
			encodeQuota(e, lc.Quota)
			for i := range pin.Left {
				d, stands := state(lc.Key, pin.Left[i].Cluster)
				e.Bool(stands)
				e.Bytes(d[:])
			}
		}
	})
	return sum, ok
}

// encodeQuota appends a quota. Whole numbers, which most are, need no text.
func encodeQuota(e *digest.Encoder, quota quota.Quota) {
	e.Number(len(quota))
	for i := range quota {
		q := &quota[i].Quantity
		e.Strings(quota[i].Resource, string(q.Format))
		whole, ok := q.AsInt64()
		ok = ok && int64(int(whole)) == whole
		e.Bool(ok)
		if ok {
			e.Number(int(whole))
		} else {
			e.Strings(q.String())
		}
	}
}

func entry(lc *tenancy.LogicalCluster, costs *cost.Costs, rules removal.Rules, pin *pins.LogicalCluster, state func(key, cluster string) ([32]byte, bool)) manifest.Map {
	m := manifest.M("key", lc.Key, "class", lc.Class.Name, "state", string(lc.Declared()))
	if lc.Held {
		m = append(m, manifest.Field{Key: "held", Value: true})
	}
	if lc.Suspended {
		m = append(m, manifest.Field{Key: "suspended", Value: true})
	}
	m = append(m, place(lc.Key, &pin.Site, rules.StepOf(&pin.Site), state)...)
	m = append(m, manifest.M(
		"backing", string(lc.Backing),
		"apis", apis(bindings(lc)),
		"quota", amounts(lc),
	).Compact()...)
	if costs.Priced() && lc.State != schema.Deleted {
		m = append(m, manifest.Field{Key: "cost", Value: manifest.M("monthly", costs.Total(lc.Key).String(), "currency", costs.Currency).Compact()})
	}
	var left manifest.List
	for i := range pin.Left {
		left = append(left, place(lc.Key, &pin.Left[i], rules.StepOfCopy(&pin.Left[i]), state))
	}
	if left != nil {
		m = append(m, manifest.Field{Key: "left", Value: left})
	}
	return m
}

// place is where a logical cluster stands, or stood; until is the first day for which a build
// takes the next step of its removal.
func place(key string, site *pins.Site, step *removal.Step, state func(key, cluster string) ([32]byte, bool)) manifest.Map {
	until := ""
	if step != nil {
		until = step.Until
	}
	m := manifest.M(
		"cluster", site.Cluster,
		"cut", site.Cut,
		"phase", phase(site.Phase),
		"since", site.Since,
		"until", until,
		"namespaces", site.Namespaces.Manifest(),
		"retired", site.Retired.Manifest(),
	).Compact()
	if d, ok := state(key, site.Cluster); ok {
		m = append(m, manifest.Field{Key: "digest", Value: "sha256:" + hex.EncodeToString(d[:])})
	}
	return m
}

func phase(p pins.Phase) string {
	if p == pins.Present {
		return "present"
	}
	return string(p)
}

func bindings(lc *tenancy.LogicalCluster) []desired.API {
	out := make([]desired.API, len(lc.APIs))
	for i, b := range lc.APIs {
		out[i] = desired.API{Set: b.Version.Set.Name, Requested: b.Requested, Version: b.Version.Name}
	}
	return out
}

func apis(bound []desired.API) manifest.Map {
	out := make(manifest.Map, 0, len(bound))
	for _, a := range bound {
		out = append(out, manifest.Field{Key: a.Set, Value: manifest.M("requested", a.Requested, "version", a.Version)})
	}
	return out
}

func amounts(lc *tenancy.LogicalCluster) manifest.Map {
	out := make(manifest.Map, 0, len(lc.Quota))
	for name, q := range lc.Quota.All() {
		out = append(out, manifest.Field{Key: name, Value: q.String()})
	}
	return out
}

// Spec returns the spec of the LogicalCluster object of a state.
func Spec(s *desired.State) manifest.Map {
	namespaces := make(manifest.List, 0, len(s.Namespaces))
	for _, ns := range s.Namespaces {
		m := manifest.M("name", ns.Name, "namespace", ns.Physical)
		if ns.Retired {
			m = append(m, manifest.Field{Key: "retired", Value: true})
		}
		namespaces = append(namespaces, m)
	}
	return manifest.M(
		"key", s.Key,
		"organization", string(s.Organization),
		"class", s.Class,
		"cluster", s.Cluster,
		"backing", string(s.Backing),
		"state", string(s.Declared),
		"phase", phase(s.Phase),
		"namespaces", namespaces,
		"apis", apis(s.APIs),
		"labels", sorted(s.Labels),
	).Compact()
}

func sorted(m map[string]string) manifest.Map {
	out := make(manifest.Map, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, manifest.Field{Key: key, Value: m[key]})
	}
	return out
}
