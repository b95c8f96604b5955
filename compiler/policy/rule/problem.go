package rule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/cel-go/common"

	"github.com/tenantry/tenantry/internal/diag"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Problem is what is wrong with one expression of a set of rules.
type Problem struct {
	// Path leads to the expression in its document.
	Path []string
	// Expression is the text, and Location where in it the problem stands: line
	// from 1, column from 0.
	Expression string
	Location   common.Location
	Message    string
}

// Diagnostics says what is wrong with the expressions of a document. at returns where
// a field of it stands, and where is appended to the field's name.
func Diagnostics(code diag.Code, sources Sources, at func(path ...string) diag.Position, problems []Problem, where string) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, p := range problems {
		pos := at(p.Path...)
		if p.Location != common.NoLocation {
			pos = within(sources, pos, p.Expression, p.Location)
		}
		out = append(out, diag.New(code, pos, "%s%s: %s", FieldName(p.Path), where, PlainMessage(p.Message)))
	}
	return out
}

// FieldName writes a path as people do: rules[0].expression.
func FieldName(path []string) string {
	var b strings.Builder
	for i, s := range path {
		if _, err := strconv.Atoi(s); err == nil {
			b.WriteString("[" + s + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s)
	}
	return b.String()
}

// PlainMessage drops what CEL says of its own containers.
func PlainMessage(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, " (in container '')", ""), "\n", " ")
}

// WarnOfCosts warns of expressions that are likely to exceed what the API server spends
// on one. It returns what [Compile] calls.
func WarnOfCosts(at func(path ...string) diag.Position, warn func(diag.Diagnostic)) func(path []string, expression string, max uint64) {
	return func(path []string, expression string, max uint64) {
		if max > celconfig.PerCallLimit {
			warn(diag.New(diag.ExpressionCost, at(path...), "%s may cost %s of the %d units that one evaluation may take, with lists of %d elements",
				FieldName(path), largeNumber(max), celconfig.PerCallLimit, usualElements).
				Suggest("nest fewer loops over lists, or look at fewer elements"))
		}
	}
}

func largeNumber(n uint64) string {
	if n > 1e12 {
		return "more than 10^12"
	}
	return fmt.Sprint(n)
}
