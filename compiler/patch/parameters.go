package patch

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A parameter's placeholder is ${tenantry.dev/params.NAME}, one of those that implicit
// objects have; see package implicit.
const (
	opening   = "${tenantry.dev/"
	parameter = opening + "params."
)

// fill puts parameters in the place of their placeholders. present is false for what is
// nothing but the placeholder of one that is not given: there is nothing then.
func (r *reader) fill(v any, path []string, ok *bool) (filled any, present bool) {
	switch v := v.(type) {
	case string:
		return r.text(v, path, ok)
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if value, present := r.fill(v[key], append(slices.Clip(path), key), ok); present {
				out[key] = value
			}
		}
		return out, true
	case []any:
		out := make([]any, 0, len(v))
		for i := range v {
			if value, present := r.fill(v[i], append(slices.Clip(path), fmt.Sprint(i)), ok); present {
				out = append(out, value)
			}
		}
		return out, true
	}
	return v, true
}

func (r *reader) text(s string, path []string, ok *bool) (any, bool) {
	if name, whole := strings.CutPrefix(s, parameter); whole && strings.IndexByte(name, '}') == len(name)-1 {
		value, given := r.value(name[:len(name)-1], path, ok)
		return value, given || !*ok || r.parameters == nil
	}
	var b strings.Builder
	for rest := s; ; {
		at := strings.Index(rest, parameter)
		if at < 0 {
			b.WriteString(rest)
			return b.String(), true
		}
		if at > 0 && rest[at-1] == '$' { // the characters themselves
			b.WriteString(rest[:at+len(parameter)])
			rest = rest[at+len(parameter):]
			continue
		}
		b.WriteString(rest[:at])
		name, after, closed := strings.Cut(rest[at+len(parameter):], "}")
		if !closed {
			*ok = false
			r.wrong(path, "the placeholder that begins with %s has no end: } is missing", parameter)
			return s, true
		}
		value, given := r.value(name, path, ok)
		switch value := value.(type) {
		case string:
			b.WriteString(value)
		case bool, int64, float64:
			text, _ := json.Marshal(value)
			b.Write(text)
		default:
			if given {
				*ok = false
				r.wrong(path, "parameter %s is no text, number or bool, and can't be a part of a text", name)
			} else if *ok && r.parameters != nil {
				*ok = false
				r.wrong(path, "parameter %s is not given, and is a part of a text here", name)
			}
		}
		rest = after
	}
}

// value returns a parameter, or a part of one: images.newName.
func (r *reader) value(name string, path []string, ok *bool) (any, bool) {
	first, _, _ := strings.Cut(name, ".")
	if r.declared == nil || !r.declared(first) {
		*ok = false
		r.wrong(path, "there is no parameter %s", first)
		return nil, false
	}
	var v any = r.parameters
	for _, part := range strings.Split(name, ".") {
		m, _ := v.(map[string]any)
		var given bool
		if v, given = m[part]; !given {
			return nil, false
		}
	}
	return v, true
}
