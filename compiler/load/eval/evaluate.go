package eval

import (
	"cuelang.org/go/cue"

	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// Evaluate returns what a directory declares; in are the files of its instance.
func (b *Builder) Evaluate(d *syntax.Directory, in []syntax.Input) Outcome {
	return b.evaluate(d, in).today()
}

func (b *Builder) evaluate(d *syntax.Directory, in []syntax.Input) Outcome {
	e := &evaluation{Builder: b, dir: d, inputs: in}
	e.instance = b.instantiate(in)
	if e.problems != nil {
		return Outcome{Diagnostics: e.problems, Dead: true}
	}
	e.index()
	e.explainer = explainer{known: b.known, own: ownNames(in), place: e.where}
	e.topLevel()
	values := e.collect()
	if err := e.value.Validate(cue.Concrete(true), cue.Final()); err != nil {
		e.general(err)
	}
	if e.Dead {
		return Outcome{Diagnostics: diag.Sort(e.Outcome.Diagnostics), Dead: true}
	}
	revalidate := e.value.Err() != nil || e.opens()
	good := map[Identity]cue.Value{}
	for _, id := range sortedIdentities(values) {
		if e.document(id, values[id], revalidate) {
			good[id] = values[id]
		}
	}
	e.checkAbove(good)
	e.Diagnostics = diag.Sort(e.Diagnostics)
	return e.Outcome
}
