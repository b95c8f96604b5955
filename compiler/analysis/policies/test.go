package policies

import (
	"context"
	"fmt"
	"io"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/example"
	"github.com/tenantry/tenantry/internal/printer"
)

// Tested is what became of the cases of modules and policies.
type Tested []testedCase

// testedCase is a case as JSON.
type testedCase struct {
	Document string   `json:"document"`
	Case     string   `json:"case"`
	Passed   bool     `json:"passed"`
	Problem  string   `json:"problem,omitempty"`
	Allowed  bool     `json:"allowed"`
	Messages []string `json:"messages,omitempty"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
}

// Test runs the cases of all modules and policies.
func Test(ctx context.Context, p *policy.Policies) Tested {
	out := Tested{}
	for _, t := range example.Test(ctx, p, example.Cases(p)) {
		out = append(out, testedCase{t.Document, t.Name, t.Problem == "", t.Problem, t.Allowed, t.Messages, t.Pos.File, t.Pos.Line})
	}
	return out
}

// Failed returns how many cases did not pass.
func (tested Tested) Failed() int {
	n := 0
	for _, t := range tested {
		if !t.Passed {
			n++
		}
	}
	return n
}

// byDocument groups neighbours of the same document.
func (tested Tested) byDocument() (out []Tested) {
	for i, t := range tested {
		if i == 0 || tested[i-1].Document != t.Document || tested[i-1].File != t.File {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], t)
	}
	return out
}

// WriteJSON writes an array of all cases.
func (tested Tested) WriteJSON(w io.Writer) error { return printer.JSON(w, tested) }

// WriteText writes a line for each document, and one for each case that did not pass.
func (tested Tested) WriteText(w io.Writer) error {
	for _, group := range tested.byDocument() {
		for _, t := range group {
			if !t.Passed {
				fmt.Fprintf(w, "FAIL %s, case %s: %s\n  --> %s:%d\n", t.Document, t.Case, t.Problem, t.File, t.Line)
			}
		}
		if group.Failed() == 0 {
			fmt.Fprintf(w, "ok   %s: %s\n", group[0].Document, printer.Count(len(group), "case"))
		}
	}
	_, err := fmt.Fprintf(w, "%s, %d failed\n", printer.Count(len(tested), "case"), tested.Failed())
	return err
}
