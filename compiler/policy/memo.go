package policy

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

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

// memos keep what policies' rules say, by all that they look at: many logical
// clusters have the same class, quota or organization.
type memos struct {
	of map[*Policy]place
	// looks are what policies look at, once for those that look at the same.
	looks []*look
}

// place is where the answers of a policy are found.
type place struct {
	look, slot int
	bounded    bool // the parameters; see [bounded]
}

// look is what some policies' rules look at.
type look struct {
	reads    []read
	policies int

	mu           sync.RWMutex
	known        map[string]*answers
	off          bool
	hits, misses atomic.Int64
}

// answers are what the policies of one look say of what they see. One that is nil is
// not known.
type answers []atomic.Pointer[[]string]

// Where hardly anything is alike, remembering costs more than it saves.
const memoTrial = 500

func newMemos(list []*Policy) *memos {
	m := &memos{of: make(map[*Policy]place, len(list))}
	for _, p := range list {
		i := slices.IndexFunc(m.looks, func(l *look) bool { return slices.Equal(l.reads, p.program.reads) })
		if i < 0 {
			i = len(m.looks)
			m.looks = append(m.looks, &look{reads: p.program.reads, known: map[string]*answers{}})
		}
		m.of[p] = place{i, m.looks[i].policies, bounded(p.Parameters)}
		m.looks[i].policies++
	}
	return m
}

// broken is program.broken for a policy.
func (m *memos) broken(p *Policy, given *facing) []string {
	at := m.of[p]
	judge := func() []string { return p.program.broken(given.values, p.Parameters, given.bounded && at.bounded) }
	known := given.answers(m, at.look)
	if known == nil {
		return judge()
	}
	slot := &(*known)[at.slot]
	if out := slot.Load(); out != nil {
		return *out
	}
	out := judge()
	slot.Store(&out)
	return out
}

// answersTo returns the answers to what a key says; nil where they are not remembered.
func (l *look) answersTo(key []byte) *answers {
	l.mu.RLock()
	out, off := l.known[string(key)], l.off
	l.mu.RUnlock()
	switch {
	case off:
		return nil
	case out != nil:
		l.hits.Add(1)
		return out
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if out = l.known[string(key)]; out != nil {
		return out
	}
	if l.misses.Add(1) > memoTrial && l.hits.Load() < l.misses.Load() {
		l.off, l.known = true, nil
		return nil
	}
	made := make(answers, l.policies)
	l.known[string(key)] = &made
	return &made
}

// facing is what the rules of all policies see of one logical cluster.
type facing struct {
	values  map[string]any
	bounded bool // see the function of that name
	written map[read][]byte
	buffer  []byte
	// found are the answers to each look, where looked says so.
	found  []*answers
	looked []bool
}

// answers returns the answers to what the rules of one look see; nil where they are
// not remembered.
func (f *facing) answers(m *memos, look int) *answers {
	if f.looked == nil {
		f.found, f.looked = make([]*answers, len(m.looks)), make([]bool, len(m.looks))
	}
	if !f.looked[look] {
		f.looked[look], f.found[look] = true, nil
		l := m.looks[look]
		l.mu.RLock()
		off := l.off
		l.mu.RUnlock()
		if off {
			return nil
		}
		if key, ok := f.key(l.reads); ok {
			f.found[look] = l.answersTo(key)
		}
	}
	return f.found[look]
}

// key writes down all that is read; false where that is different for each.
func (f *facing) key(reads []read) ([]byte, bool) {
	f.buffer = f.buffer[:0]
	for _, r := range reads {
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
	f.bounded = f.bounded && bounded(value)
	clear(f.looked)
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
