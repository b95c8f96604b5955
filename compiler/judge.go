package compiler

import (
	"context"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/limits"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/proof"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/check"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/schema"
)

// resolve makes the tenancy of a round.
func (j *judging) resolve(d *hold.Documents) (*tenancy.Tenancy, []tenancy.Finding, error) {
	defer j.clock.start(stageResolve)()
	j.options.progress("resolving", 0, 0)
	t, found := j.resolveDocuments(d.Documents)
	return t, found, j.published.err
}

func (j *judging) resolveDocuments(d *document.Documents) (*tenancy.Tenancy, []tenancy.Finding) {
	return resolve.Documents(d, j.snapshot.Tree, j.history.AsOf, resolve.History{Published: j.published.definition, Bound: j.published.bound, Leaves: j.leaves})
}

// leaves reports whether a logical cluster that is declared deleted stays for now, as one
// that is frozen.
func (j *judging) leaves(settings *schema.Settings, d *document.Document[schema.LogicalCluster]) bool {
	pin := j.history.Pins.LogicalClusters[d.Key]
	if pin == nil || j.bare[d.Key] {
		return false
	}
	site := removal.RulesOf(settings).Own(pin.Site, removal.AskedBy(&d.Meta, &d.Spec), j.history.AsOf, j.isApplied(d.Key, &pin.Site))
	return site.Phase.Stays()
}

// isApplied reports whether somebody saw on a physical cluster what a site stands for.
func (j *judging) isApplied(key string, site *pins.Site) bool {
	return j.options.Applied[Applied{key, site.Cluster, site.Phase, site.Since}]
}

// judge makes everything that follows from the documents of a round. A logical cluster that
// is declared deleted and stays for now is never held for an error: it gives nothing then,
// and everything is judged again.
func (j *judging) judge(ctx context.Context, d *hold.Documents, t *tenancy.Tenancy, found []tenancy.Finding) (*facts, hold.Verdict, error) {
	f, verdict, err := j.round(ctx, d, t, found)
	known := len(j.bare)
	for _, id := range verdict.Hold {
		if lc := t.LogicalCluster(id.Key); id.Kind == schema.KindLogicalClusters && lc != nil && lc.Leaving {
			j.bare[id.Key] = true
		}
	}
	if len(j.bare) > known {
		return f, hold.Verdict{Again: true}, err
	}
	follow(t, verdict.Findings)
	return f, verdict, err
}

// follow says of what is found of logical clusters that it may follow from what is wrong with
// an organization above them, where that is left out.
func follow(t *tenancy.Tenancy, found []tenancy.Finding) {
	for i := range found {
		f := &found[i]
		if f.Follows != (document.ID{}) || len(f.Concerns) != 1 || f.Concerns[0].Kind != schema.KindLogicalClusters {
			continue
		}
		if lc := t.LogicalCluster(f.Concerns[0].Key); lc != nil && lc.Org.Missing != nil {
			f.Follows = document.ID{Kind: schema.KindOrganizations, Key: lc.Org.Missing.Path}
		}
	}
}

// round makes everything that follows from the documents of a round, as far as no error
// concerns a document that could still be held.
func (j *judging) round(ctx context.Context, d *hold.Documents, t *tenancy.Tenancy, found []tenancy.Finding) (*facts, hold.Verdict, error) {
	f := &facts{judging: j, documents: d, tenancy: t}
	broken := f.check(stageResolve)
	if j.published.err != nil {
		return nil, hold.Verdict{}, j.published.err
	}
	if ids := d.Concerned(broken); len(ids) > 0 {
		// First: others are not at fault for what a set that breaks its promise does to them.
		return nil, hold.Verdict{Findings: concerning(ids, append(broken, found...)), Hold: ids}, nil
	}
	found = append(found, broken...)
	limited, err := f.limit(ctx)
	if err != nil {
		return nil, hold.Verdict{}, err
	}
	if ids := d.Concerned(limited); len(ids) > 0 {
		return nil, hold.Verdict{Findings: append(found, limited...), Hold: ids}, nil
	}
	found = append(found, limited...)
	divided, err := f.divide(ctx)
	if err != nil {
		return nil, hold.Verdict{}, err
	}
	found = append(append(found, divided...), f.check(stageDivide)...)
	found = append(append(found, f.compilePolicies()...), f.check(stagePolicies)...)
	found = append(found, f.compileImplicit()...)
	if ids := d.Concerned(found); len(ids) > 0 {
		return f, hold.Verdict{Findings: found, Hold: ids}, nil
	}
	placed, again := f.place()
	if again {
		return f, hold.Verdict{Again: true}, nil
	}
	found = append(append(found, placed...), f.check(stagePlace)...)
	if ids := d.Concerned(found); len(ids) > 0 {
		return f, hold.Verdict{Findings: found, Hold: ids}, nil
	}
	f.expand()
	found = append(found, f.check(stageExpand)...)
	return f, hold.Verdict{Findings: found, Hold: d.Concerned(found)}, nil
}

// concerning returns the findings that concern one of the documents.
func concerning(ids []document.ID, findings []tenancy.Finding) (out []tenancy.Finding) {
	for _, f := range findings {
		if slices.ContainsFunc(f.Concerns, func(id document.ID) bool { return slices.Contains(ids, id) }) {
			out = append(out, f)
		}
	}
	return out
}

// limit holds logical clusters to the patterns above them by what they come to. What held
// organizations say beyond a limit does not count, and held logical clusters that break one
// by themselves are suspended.
func (f *facts) limit(ctx context.Context) ([]tenancy.Finding, error) {
	defer f.clock.start(stageLimit)()
	good := f.documents.LastGood
	r, err := limits.Check(ctx, limits.Input{
		Tenancy: f.tenancy, Documents: f.documents.Documents, View: f.documents.View(), Changed: f.documents.Changed,
		LastClass: func(key, dir string) (string, bool) {
			if lc := good.LogicalCluster(key, dir); lc != nil {
				return lc.Class, true
			}
			return "", false
		},
		LastDefaultClass: func(path, dir string) (string, bool) {
			if o := good.Organization(path, dir); o != nil && o.Defaults != nil {
				return o.Defaults.Class, true
			}
			return "", false
		},
	})
	if err != nil {
		return nil, err
	}
	if r.Narrowed != nil {
		f.tenancy, _ = f.resolveDocuments(r.Narrowed)
	}
	var suspended []*tenancy.LogicalCluster
	for _, lc := range r.Suspended {
		if now := f.tenancy.LogicalCluster(lc.Key); now != nil {
			own := *now
			own.Suspended = true
			suspended = append(suspended, &own)
		}
	}
	f.tenancy = f.tenancy.With(suspended)
	return r.Findings, f.published.err
}

// divide reads the prices, and gives logical clusters the quotas that come from their
// budgets.
func (f *facts) divide(ctx context.Context) ([]tenancy.Finding, error) {
	defer f.clock.start(stageDivide)()
	f.former = f.lastGood()
	var err error
	if f.labels, err = f.labelsGiven(ctx); err != nil {
		return nil, err
	}
	book, found := cost.Read(f.tenancy)
	divided, err := cost.Divide(f.tenancy, book, cost.Dividing{
		Former: f.history.Pins, History: f.former, Eligible: placement.Eligible(f.tenancy), Placed: f.placed,
		Admitted: func(questions map[*tenancy.LogicalCluster][]eval.Most) (map[*tenancy.LogicalCluster][]eval.Admitted, error) {
			return f.admitted(ctx, questions)
		},
	})
	if err != nil {
		return nil, err
	}
	f.tenancy, f.book, f.bases = divided.Tenancy, book, divided.Bases
	return append(found, divided.Findings...), nil
}

// admitted asks the loader how much of each amount the patterns above documents admit.
func (f *facts) admitted(ctx context.Context, questions map[*tenancy.LogicalCluster][]eval.Most) (map[*tenancy.LogicalCluster][]eval.Admitted, error) {
	var pinned []eval.Pinned
	var asked []*tenancy.LogicalCluster
	for _, lc := range f.tenancy.LogicalClusters {
		if most := questions[lc]; len(most) > 0 {
			pinned = append(pinned, eval.Pinned{Kind: lc.Kind, Key: lc.Key, Dir: lc.Dir, JSON: f.documents.Texts[lc.Meta.ID()], Above: lc.Held, Most: most})
			asked = append(asked, lc)
		}
	}
	answers, err := f.documents.View().Hold(ctx, pinned)
	if err != nil {
		return nil, err
	}
	out := make(map[*tenancy.LogicalCluster][]eval.Admitted, len(asked))
	for i, lc := range asked {
		out[lc] = answers[i].Admitted
	}
	return out, nil
}

// lastGood returns what the logical clusters came to when their documents were last good.
func (f *facts) lastGood() *history.History {
	t, good := f.tenancy, f.documents.LastGood
	lc := func(key string) *schema.LogicalCluster {
		dir := ""
		if lc := t.LogicalCluster(key); lc != nil {
			dir = lc.Dir // most are in the directory that they were in, and are found at once
		}
		spec, pin := good.LogicalCluster(key, dir), f.history.Pins.LogicalClusters[key]
		if spec == nil || spec.State != schema.Deleted || pin == nil || pin.Bare || !pin.Phase.Stays() {
			return spec
		}
		stayed := *spec
		stayed.State = schema.Frozen
		return &stayed
	}
	organization := func(path string) *schema.Organization {
		dir := ""
		if o := t.Organization(path); o != nil {
			dir = o.Dir
		}
		return good.Organization(path, dir)
	}
	return history.New(t, history.Former{Changed: f.documents.Changed, LogicalCluster: lc, Organization: organization})
}

// labelsGiven asks the loader which labels documents get from patterns above them
// alone: an empty document in their place has just these.
func (f *facts) labelsGiven(ctx context.Context) (func(*document.Meta, string) map[string]string, error) {
	type question struct {
		kind     schema.Kind
		key, dir string
	}
	asked := map[question]map[string]string{}
	var pinned []eval.Pinned
	for _, g := range check.GivenLabels(f.tenancy) {
		q := question{g.Document.Kind, g.Document.Key, g.Dir}
		if _, ok := asked[q]; !ok {
			asked[q] = nil
			pinned = append(pinned, eval.Pinned{Kind: q.kind, Key: q.key, Dir: q.dir, JSON: []byte("{}")})
		}
	}
	if len(pinned) > 0 {
		answers, err := f.documents.View().Hold(ctx, pinned)
		if err != nil {
			return nil, err
		}
		for i, a := range answers {
			q := question{pinned[i].Kind, pinned[i].Key, pinned[i].Dir}
			switch d := a.Document.(type) {
			case *document.Document[schema.LogicalCluster]:
				asked[q] = d.Spec.Labels
			case *document.Document[schema.Organization]:
				asked[q] = d.Spec.Labels
			}
		}
	}
	return func(m *document.Meta, dir string) map[string]string { return asked[question{m.Kind, m.Key, dir}] }, nil
}

func (f *facts) compilePolicies() (found []tenancy.Finding) {
	defer f.clock.start(stagePolicies)()
	f.policies, found = policy.Compile(f.tenancy, f.documents.Documents, f.snapshot.text)
	return append(found, proof.Check(f.policies)...)
}

func (f *facts) compileImplicit() (found []tenancy.Finding) {
	defer f.clock.start(stageImplicit)()
	sources := make([]*implicit.Source, len(f.documents.Implicit))
	for i, d := range f.documents.Implicit {
		sources[i] = implicit.Read(d, f.snapshot.Tree)
	}
	f.implicit, found = implicit.Compile(f.tenancy, sources)
	return found
}

// place finds a place for each logical cluster. It reports whether everything is to be
// judged again, since budgets are divided at other prices where logical clusters are
// placed.
func (f *facts) place() (found []tenancy.Finding, again bool) {
	defer f.clock.start(stagePlace)()
	f.history.last.look() // placing leaves processors idle
	f.placement, found = placement.Place(f.tenancy, f.history.Pins, f.history.AsOf, f.isApplied)
	f.costs = cost.Of(f.tenancy, f.book, f.placement.Sites, f.bases)
	replaced := f.costs.Replaced(f.history.Pins, f.placed)
	maps.Copy(f.placed, replaced)
	return found, len(replaced) > 0
}

func (f *facts) expand() {
	defer f.clock.start(stageExpand)()
	states, platforms := desired.Expand(f.tenancy, f.placement.Sites, f.placement.Definitions, f.policies, f.implicit)
	f.desired = &Desired{states, platforms}
}

// check runs the checks of a stage.
func (f *facts) check(stage string) []tenancy.Finding {
	var out []tenancy.Finding
	for _, c := range Checks() {
		if c.After == stage {
			end := f.clock.startCheck(stage, c.Name)
			out = append(out, c.find(f)...)
			end()
		}
	}
	return out
}
