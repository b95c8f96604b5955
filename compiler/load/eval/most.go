package eval

import (
	"cuelang.org/go/cue"

	"github.com/tenantry/tenantry/internal/diag"
)

// Most asks how much of something patterns let a document have, that the document
// itself does not say.
type Most struct {
	// Path of the field in the document: "quota", "cpu".
	Path []string
	// N is the amount that is wished for.
	N int64
	// Spellings are the ways to write an amount, as CUE; what patterns admit in one
	// of them is admitted.
	Spellings func(n int64) []string
}

// Admitted is the answer: the largest amount, N at most, that the patterns admit,
// and below 0 where they admit none. Pos is where the limit stands, if N is not
// admitted. Of patterns that admit an amount and not each lower one, the answer is
// some amount that they admit, or none.
type Admitted struct {
	N   int64
	Pos diag.Position
}

// most answers the questions about an evaluated document.
func (h *holding) most(v cue.Value, questions []Most) []Admitted {
	if len(questions) == 0 {
		return nil
	}
	out := make([]Admitted, len(questions))
	for i, q := range questions {
		path := make([]cue.Selector, len(q.Path))
		for i, name := range q.Path {
			path[i] = cue.Str(name)
		}
		admits := func(n int64) (err error) {
			for _, text := range q.Spellings(n) {
				if err = v.FillPath(cue.MakePath(path...), h.Builder.ctx.CompileString(text)).Validate(cue.Concrete(true), cue.Final()); err == nil {
					return nil
				}
			}
			return err
		}
		err := admits(q.N)
		if err == nil {
			out[i].N = q.N
			continue
		}
		e := explainer{known: h.Builder.known}
		for _, p := range e.explain(err) {
			for _, r := range p.Related {
				if out[i].Pos.IsZero() {
					out[i].Pos = r.Position
				}
			}
		}
		low, high := int64(-1), q.N // low is admitted, or -1; high is not
		for high-low > 1 {
			if middle := low + (high-low)/2; admits(middle) == nil {
				low = middle
			} else {
				high = middle
			}
		}
		out[i].N = low
	}
	return out
}
