package placement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// obstacle is why a physical cluster can't take a logical cluster, from what
// rules it out for good to what only time or an amount stands against.
type obstacle uint8

const (
	fits obstacle = iota
	noBacking
	noRegion
	noLabel
	noTaint
	occupied
	otherCRD
	noBound
	full
)

// fit is what the physical clusters are to logical clusters with equal needs,
// whatever else stands there.
type fit struct {
	why      []obstacle // by physical cluster
	eligible []int
}

// fitOf returns the fit of a logical cluster; those with the same needs share one.
func (p *placer) fitOf(tn *tenant) *fit {
	b := append(p.buf[:0], tn.Backing...)
	if tn.Regions != nil {
		b = append(b, 0, 'r')
		for _, r := range tn.Regions {
			b = append(append(b, 0), r...)
		}
	}
	if tn.Selector != nil {
		b = append(append(b, 0, 's', 0), tn.Selector.String()...)
	}
	for _, t := range tn.Tolerations {
		b = append(append(append(append(b, 0, 't', 0), t.Key...), '='), t.Value...)
	}
	p.buf = b
	if f, ok := p.fits[string(b)]; ok {
		return f
	}
	f := &fit{why: make([]obstacle, len(p.clusters))}
	for i, c := range p.clusters {
		if f.why[i] = c.obstacle(tn); f.why[i] == fits {
			f.eligible = append(f.eligible, i)
		}
	}
	p.fits[string(b)] = f
	return f
}

func (c *cluster) obstacle(tn *tenant) obstacle {
	// An exclusive logical cluster is its physical cluster's only one, so it fits
	// only where nothing else may ever be placed.
	if !slices.Contains(c.Backings, tn.Backing) || c.known.Exclusive(tn.Backing) && !c.dedicated {
		return noBacking
	}
	if tn.Regions != nil && !slices.Contains(tn.Regions, c.Region) {
		return noRegion
	}
	if tn.Selector != nil && !tn.Selector.Matches(labels.Set(c.Labels)) {
		return noLabel
	}
	if c.untolerated(tn) != nil {
		return noTaint
	}
	return fits
}

// untolerated returns a taint that keeps the logical cluster away, or nil.
func (c *cluster) untolerated(tn *tenant) *schema.Taint {
	for i, taint := range c.Taints {
		if !slices.ContainsFunc(tn.Tolerations, func(t schema.Toleration) bool {
			return t.Key == taint.Key && (t.Value == "" || t.Value == taint.Value)
		}) {
			return &c.Taints[i]
		}
	}
	return nil
}

// static says in words what fit holds of a physical cluster.
func (p *placer) static(tn *tenant, i int, why obstacle) string {
	c := p.clusters[i]
	switch why {
	case noBacking:
		if c.known.Exclusive(tn.Backing) && slices.Contains(c.Backings, tn.Backing) {
			return "it takes other logical clusters too, so it can't be dedicated to one"
		}
		return fmt.Sprintf("it does not support the backing %s", tn.Backing)
	case noRegion:
		return fmt.Sprintf("its region %s is not among %s", c.Region, strings.Join(tn.Regions, ", "))
	case noLabel:
		return fmt.Sprintf("its labels do not match %s", tn.Selector)
	case noTaint:
		taint := c.untolerated(tn)
		if taint.Value == "" {
			return fmt.Sprintf("its taint %s is not tolerated", taint.Key)
		}
		return fmt.Sprintf("its taint %s=%s is not tolerated", taint.Key, taint.Value)
	}
	return ""
}

// refusal returns why a physical cluster can't take a logical cluster now, and
// says it in words.
func (p *placer) refusal(tn *tenant, i int) (obstacle, string) {
	if why := tn.fit.why[i]; why != fits {
		return why, p.static(tn, i, why)
	}
	c := p.clusters[i]
	if c.dedicated && c.used[logicalClusters] > 0 {
		return occupied, "it is dedicated to another logical cluster"
	}
	if text, ok := p.conflict(tn, i); ok {
		return otherCRD, text
	}
	var open, over []string
	for d, limit := range c.capacity {
		switch {
		case limit < 0:
		case tn.need[d] < 0:
			open = append(open, dimensionOf(d).name)
		case tn.need[d] > 0 && c.used[d]+tn.need[d] > limit:
			over = append(over, fmt.Sprintf("%s is full: %s free, %s asked", dimensionOf(d).name,
				format(d, max(0, limit-c.used[d])), format(d, tn.need[d])))
		}
	}
	if len(open) > 0 {
		return noBound, fmt.Sprintf("it bounds %s, and the quota leaves that open", strings.Join(open, " and "))
	}
	if len(over) > 0 {
		return full, strings.Join(over, " and ")
	}
	return fits, ""
}
