package compiler

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// What was last good may be less today although nobody decided so: this version of the
// compiler is stricter than the one that built the output. Where no document is in error,
// that is what its release notes say. Where one is, its logical clusters stay as they were
// published, until somebody mends the error or an ancestor decides something.

// keptLogicalClusters are those that stay as published.
type keptLogicalClusters struct {
	kept map[string]*render.Kept
	// diagnostics say why, one for each.
	diagnostics []diag.Diagnostic
}

// keepPublished finds the logical clusters from which an error would take what nobody above
// takes, and puts their former pins into those that were decided. It is called once
// everything is decided.
func (f *facts) keepPublished(ctx context.Context, decided *pins.Pins) (out keptLogicalClusters, err error) {
	above := newAbove(f, decided)
	candidates := map[string]*document.Meta{} // with the document in error
	for _, lc := range f.tenancy.LogicalClusters {
		if faulty := above.candidate(lc); faulty != nil {
			candidates[lc.Key] = faulty
		}
	}
	if len(candidates) == 0 {
		return out, nil
	}
	output, err := f.options.output(ctx)
	if err != nil || output == nil {
		return out, err
	}
	var states []int
	for i := range f.desired.States {
		s := &f.desired.States[i]
		if candidates[s.Key] != nil && decided.LogicalClusters[s.Key].Cluster == s.Cluster {
			states = append(states, i)
		}
	}
	out.kept = map[string]*render.Kept{}
	in := render.Input{Tenancy: f.tenancy, States: f.desired.States, Platforms: f.desired.Platforms, Pins: decided, Costs: f.costs, Targets: f.options.Targets}
	for _, loss := range render.Losses(in, output, states) {
		lc := f.tenancy.LogicalCluster(loss.Key)
		if above.dated(lc) {
			continue
		}
		out.kept[loss.Key] = loss.Kept
		decided.LogicalClusters[loss.Key] = f.history.Pins.LogicalClusters[loss.Key]
		decided.Documents[lc.ID()] = f.history.Pins.Documents[lc.ID()]
		d := diag.New(diag.StaysAsPublished, lc.Pos, "%s stays as published: %s is in error, and this version of tenantry would take from it what nobody decided to take: %s",
			loss.Key, candidates[loss.Key], printer.Some(loss.Lost, 3)).Suggest("mend %s", candidates[loss.Key])
		out.diagnostics = append(out.diagnostics, d.About(lc.String()))
	}
	return out, nil
}

// amend takes out of what was found that logical clusters are suspended which stay as
// published.
func (k *keptLogicalClusters) amend(found []diag.Diagnostic) []diag.Diagnostic {
	if len(k.kept) == 0 {
		return found
	}
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		return d.Code == diag.Suspended && slices.ContainsFunc(k.diagnostics, func(own diag.Diagnostic) bool { return own.Document == d.Document })
	})
	return append(found, k.diagnostics...)
}

// keys lists the logical clusters that stay as published.
func (k *keptLogicalClusters) keys() []string { return slices.Sorted(maps.Keys(k.kept)) }

// above knows what was decided since the last build, for whom.
type above struct {
	facts *facts
	// faulty are the documents for which a last good version stands in.
	faulty []*document.Meta
	// differing are documents that are not as the last build had them, and texts the
	// directories whose text is another one.
	differing func() differing
	texts     func() []string
	// dates are documents in which a date has come since the last build.
	dates func() []document.ID
}

func newAbove(f *facts, decided *pins.Pins) *above {
	former := f.history.Pins
	return &above{
		facts:     f,
		faulty:    f.documents.LastGoods(),
		differing: sync.OnceValue(func() differing { return takingAway(f.documents, former) }),
		texts:     sync.OnceValue(func() []string { return differingTexts(former, decided) }),
		dates:     sync.OnceValue(func() []document.ID { return documentsOfDays(former, f.history.AsOf) }),
	}
}

// differing are documents that are not as the last build had them.
type differing struct {
	logicalClusters map[string]bool
	others          []document.ID
}

// takingAway returns the documents that differ, but for new ones of kinds that only offer
// something.
func takingAway(d *hold.Documents, former *pins.Pins) differing {
	out := differing{logicalClusters: map[string]bool{}}
	for _, id := range d.Differing() {
		_, was := former.Documents[id]
		switch {
		case id.Kind == schema.KindLogicalClusters:
			out.logicalClusters[id.Key] = true
		case was || !slices.Contains([]schema.Kind{schema.KindClasses, schema.KindAPISets, schema.KindPhysicalClusters}, id.Kind):
			out.others = append(out.others, id)
		}
	}
	return out
}

func differingTexts(former, decided *pins.Pins) (dirs []string) {
	for dir := range former.Texts {
		was, _ := former.Latest(dir)
		is, ok := decided.Latest(dir)
		if !ok || !is.Equal(was.Text) {
			dirs = append(dirs, dir)
		}
	}
	for dir := range decided.Texts {
		if former.Texts[dir] == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

var datesInJSON = regexp.MustCompile(`"\d{4}-\d{2}-\d{2}"`)

// documentsOfDays lists the documents with a date that lies in the days since the last build.
func documentsOfDays(former *pins.Pins, today string) (out []document.ID) {
	if former.AsOf == today {
		return nil
	}
	for id, text := range former.Documents {
		if slices.ContainsFunc(datesInJSON.FindAll(text, -1), func(d []byte) bool {
			day := string(d[1 : len(d)-1])
			return former.AsOf <= day && day <= today
		}) {
			out = append(out, id)
		}
	}
	return out
}

// candidate returns a document in error that a logical cluster depends on; nil where there is
// none, where it has no place to stay at, and where it changes by what somebody decided.
func (a *above) candidate(lc *tenancy.LogicalCluster) *document.Meta {
	if len(a.faulty) == 0 || lc.State == schema.Deleted {
		return nil
	}
	is, was := a.facts.placement.Sites[lc.Key], a.facts.history.Pins.LogicalClusters[lc.Key]
	if is == nil || was == nil || is.Cluster != was.Cluster || is.Phase != pins.Present || was.Phase != pins.Present {
		return nil
	}
	faulty, dirs := a.inError(lc)
	if faulty == nil || a.decided(lc) || dirs != nil && a.limited(dirs) {
		return nil
	}
	return faulty
}

// inError returns a document in error that reaches a logical cluster, its own first. dirs are
// the directories of what is as it was since today's limits do not admit it.
func (a *above) inError(lc *tenancy.LogicalCluster) (faulty *document.Meta, dirs []string) {
	for _, m := range a.faulty {
		if !a.reaches(m.ID(), lc) {
			continue
		}
		if faulty == nil || m.Kind == schema.KindLogicalClusters {
			faulty = m
		}
		if m.Refused {
			dirs = append(dirs, m.Dir)
		}
	}
	if lc.Suspended {
		dirs = append(dirs, lc.Dir)
	}
	return faulty, dirs
}

// decided reports whether a document that reaches a logical cluster is not as it was.
func (a *above) decided(lc *tenancy.LogicalCluster) bool {
	d := a.differing()
	return d.logicalClusters[lc.Key] || slices.ContainsFunc(d.others, func(id document.ID) bool { return a.reaches(id, lc) })
}

// limited reports whether the text of a directory above one of these is another one than it
// was. Documents that limits do not admit are as they were, so only the texts show whether
// the limits changed.
func (a *above) limited(dirs []string) bool {
	return slices.ContainsFunc(a.texts(), func(above string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool { return dir != above && document.Within(dir, above) })
	})
}

// dated reports whether a day that a document names has come since the last build.
func (a *above) dated(lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(a.dates(), func(id document.ID) bool { return a.reaches(id, lc) })
}

// reaches reports whether a document is the logical cluster's own or may have an effect on it
// from above.
func (a *above) reaches(id document.ID, lc *tenancy.LogicalCluster) bool {
	switch id.Kind {
	case schema.KindLogicalClusters:
		return id.Key == lc.Key
	case schema.KindOrganizations:
		return schema.OrgPath(id.Key).Above(lc.Key)
	case schema.KindClasses:
		return id.Key == lc.Class.Name
	case schema.KindPhysicalClusters:
		return id.Key == a.facts.placement.Sites[lc.Key].Cluster
	}
	return tenancy.Below(lc.Dir, id.Dir)
}
