package policy

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	apiservercel "k8s.io/apiserver/pkg/cel"
)

// read is a part of a variable that rules look at: one entry of a map that is a field,
// a whole field where key is empty, or the whole where field is.
type read struct{ variable, field, key string }

// noteReads remembers which parts of variables an expression looks at.
func (p *program) noteReads(a *cel.Ast) {
	seen := map[int64]bool{} // operands of which only a part is read
	add := func(r read) {
		if !slices.Contains(p.reads, r) {
			p.reads = append(p.reads, r)
		}
	}
	entry := func(of, key ast.Expr) {
		if of.Kind() != ast.SelectKind || key.Kind() != ast.LiteralKind || of.AsSelect().Operand().Kind() != ast.IdentKind {
			return
		}
		if text, ok := key.AsLiteral().Value().(string); ok && text != "" {
			seen[of.ID()], seen[of.AsSelect().Operand().ID()] = true, true
			add(read{of.AsSelect().Operand().AsIdent(), of.AsSelect().FieldName(), text})
		}
	}
	ast.PreOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.CallKind:
			args := e.AsCall().Args()
			switch e.AsCall().FunctionName() {
			case operators.Index, operators.OptIndex:
				entry(args[0], args[1])
			case operators.In:
				entry(args[1], args[0])
			}
		case ast.SelectKind:
			if on := e.AsSelect().Operand(); !seen[e.ID()] && on.Kind() == ast.IdentKind {
				seen[on.ID()] = true
				add(read{on.AsIdent(), e.AsSelect().FieldName(), ""})
			}
		case ast.IdentKind:
			if !seen[e.ID()] {
				add(read{e.AsIdent(), "", ""})
			}
		}
	}))
}

// memo keeps what a policy's rules say, by all that they look at: many logical
// clusters have the same class, quota or organization.
type memo struct {
	mu           sync.RWMutex
	known        map[string][]string
	hits, misses int
}

// Where hardly anything is alike, remembering costs more than it saves.
const memoTrial = 500

// broken is program.broken for a policy with these parameters.
func (m *memo) broken(p *program, given *facing, params map[string]any) []string {
	if m == nil {
		return p.broken(given.values, params)
	}
	m.mu.RLock()
	off := m.known == nil && m.misses > 0
	m.mu.RUnlock()
	key, ok := given.key(p)
	if off || !ok {
		return p.broken(given.values, params)
	}
	m.mu.RLock()
	out, ok := m.known[string(key)]
	m.mu.RUnlock()
	if !ok {
		out = p.broken(given.values, params)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ok:
		m.hits++
	case m.misses >= memoTrial && m.hits < m.misses:
		m.known = nil
	default:
		if m.known == nil && m.misses == 0 {
			m.known = map[string][]string{}
		}
		if m.misses++; m.known != nil {
			m.known[string(key)] = out
		}
	}
	return out
}

// facing is what the rules of all policies see of one logical cluster.
type facing struct {
	values  map[string]any
	written map[read][]byte
	buffer  []byte
}

// key writes down all that a program looks at; false where that is different for
// each.
func (f *facing) key(p *program) ([]byte, bool) {
	f.buffer = f.buffer[:0]
	for _, r := range p.reads {
		value, ok := f.values[r.variable]
		if !ok {
			continue // a parameter, or a variable of the rules, whose reads are noted as well
		}
		switch {
		case r.variable == "siblings", r.variable == "logicalCluster" && (r.field == "" || r.field == "key"):
			return nil, false
		}
		text, ok := f.written[r]
		if !ok {
			text = appendValue(nil, r.of(value))
			if f.written == nil {
				f.written = map[read][]byte{}
			}
			f.written[r] = text
		}
		f.buffer = strconv.AppendInt(f.buffer, int64(len(text)), 10)
		f.buffer = append(append(f.buffer, ':'), text...)
	}
	return f.buffer, true
}

// of returns what is read of a variable.
func (r read) of(value any) any {
	object, ok := value.(map[string]any)
	if !ok || r.field == "" {
		return value
	}
	value = object[r.field]
	if r.key == "" {
		return value
	}
	switch m := value.(type) {
	case map[string]any:
		x, ok := m[r.key]
		return []any{ok, x}
	case map[string]string:
		x, ok := m[r.key]
		return []any{ok, x}
	}
	return value
}

// set gives a variable another value.
func (f *facing) set(variable string, value any) {
	f.values[variable] = value
	for r := range f.written {
		if r.variable == variable {
			delete(f.written, r)
		}
	}
}

// appendValue writes a value so that different ones are written differently.
func appendValue(dst []byte, value any) []byte {
	switch x := value.(type) {
	case string:
		return strconv.AppendQuote(dst, x)
	case bool:
		return strconv.AppendBool(dst, x)
	case int:
		return strconv.AppendInt(dst, int64(x), 10)
	case apiservercel.Quantity:
		return append(dst, x.String()...)
	case []string:
		dst = append(dst, '[')
		for _, e := range x {
			dst = append(strconv.AppendQuote(dst, e), ',')
		}
		return append(dst, ']')
	case []any:
		dst = append(dst, '[')
		for _, e := range x {
			dst = append(appendValue(dst, e), ',')
		}
		return append(dst, ']')
	case map[string]string:
		dst = append(dst, '{')
		for _, k := range sortedKeys(x) {
			dst = append(strconv.AppendQuote(append(strconv.AppendQuote(dst, k), ':'), x[k]), ',')
		}
		return append(dst, '}')
	case map[string]any:
		dst = append(dst, '{')
		for _, k := range sortedKeys(x) {
			dst = append(appendValue(append(strconv.AppendQuote(dst, k), ':'), x[k]), ',')
		}
		return append(dst, '}')
	}
	return fmt.Appendf(dst, "%T %v", value, value)
}
