package pins

import (
	"encoding/json"

	"github.com/tenantry/tenantry/internal/manifest"
	"go.yaml.in/yaml/v3"
)

// Documents stand in the files as YAML with their fields in the order of the
// JSON. Numbers keep their digits, since a price must not be rounded, so bodies
// never pass through a float.

// bodies appends documents. It reads valid JSON from the front, and keeps one
// field and one list of one item, since boxing new ones would cost more than
// writing them.
type bodies struct {
	data []byte
	pos  int

	one   manifest.Map
	field manifest.Value // one
	only  manifest.List
	item  manifest.Value // only
}

func newBodies() *bodies {
	b := &bodies{one: make(manifest.Map, 1), only: make(manifest.List, 1)}
	b.field, b.item = b.one, b.only
	return b
}

// append appends the field "document" of an entry. What is no JSON at all is
// written as a string, which is no document either.
func (b *bodies) append(dst []byte, body json.RawMessage, indent int) []byte {
	const key = "document"
	if !json.Valid(body) {
		return b.putField(dst, key, string(body), indent)
	}
	b.data, b.pos = body, 0
	return b.appendField(dst, key, indent)
}

func (b *bodies) putField(dst []byte, key string, v manifest.Value, indent int) []byte {
	b.one[0] = manifest.Field{Key: key, Value: v}
	return manifest.AppendYAML(dst, b.field, indent)
}

func (b *bodies) putItem(dst []byte, v manifest.Value, indent int) []byte {
	b.only[0] = v
	return manifest.AppendYAML(dst, b.item, indent)
}

// next returns the next byte that is no white space.
func (b *bodies) next() byte {
	for {
		switch c := b.data[b.pos]; c {
		case ' ', '\t', '\n', '\r':
			b.pos++
		default:
			return c
		}
	}
}

// enter steps into an object or array, and reports whether it holds anything.
func (b *bodies) enter() bool {
	b.pos++
	if c := b.next(); c == '}' || c == ']' {
		b.pos++
		return false
	}
	return true
}

// more steps over a comma, or out of an object or array at its end.
func (b *bodies) more() bool {
	c := b.next()
	b.pos++
	return c == ','
}

func (b *bodies) text() string {
	b.next()
	start, escapes := b.pos, false
	for b.pos++; b.data[b.pos] != '"'; b.pos++ {
		if b.data[b.pos] == '\\' {
			escapes = true
			b.pos++
		}
	}
	b.pos++
	if !escapes {
		return string(b.data[start+1 : b.pos-1])
	}
	var s string
	if err := json.Unmarshal(b.data[start:b.pos], &s); err != nil {
		return "" // never: the whole is valid
	}
	return s
}

// atom returns a number, true, false or null.
func (b *bodies) atom() []byte {
	start := b.pos
	for b.pos < len(b.data) {
		switch b.data[b.pos] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return b.data[start:b.pos]
		}
		b.pos++
	}
	return b.data[start:]
}

func (b *bodies) appendField(dst []byte, key string, indent int) []byte {
	const null = " null\n"
	switch c := b.next(); c {
	case '"':
		return b.putField(dst, key, b.text(), indent)
	case '{', '[':
		if b.enter() {
			dst = b.putField(dst, key, nil, indent)
			dst = append(dst[:len(dst)-len(null)], '\n')
			if c == '{' {
				return b.appendFields(dst, indent+2)
			}
			return b.appendItems(dst, indent)
		}
		return b.putField(dst, key, nothing(c), indent)
	}
	dst = b.putField(dst, key, nil, indent)
	dst = append(dst[:len(dst)-len(null)+1], b.atom()...)
	return append(dst, '\n')
}

func nothing(open byte) manifest.Value {
	if open == '{' {
		return manifest.Map{}
	}
	return manifest.List{}
}

// appendFields appends the fields of an object that holds some.
func (b *bodies) appendFields(dst []byte, indent int) []byte {
	for {
		key := b.text()
		b.next()
		b.pos++ // the colon
		if dst = b.appendField(dst, key, indent); !b.more() {
			return dst
		}
	}
}

// appendItems appends the items of an array that holds some.
func (b *bodies) appendItems(dst []byte, indent int) []byte {
	for {
		start := len(dst)
		switch c := b.next(); c {
		case '"':
			dst = b.putItem(dst, b.text(), indent)
		case '{', '[':
			switch {
			case !b.enter():
				dst = b.putItem(dst, nothing(c), indent)
			case c == '{':
				dst = b.appendFields(dst, indent+2)
				dst[start+indent] = '-'
			default:
				dst = b.appendItems(dst, indent+2)
				dst[start+indent] = '-'
			}
		default:
			for range indent {
				dst = append(dst, ' ')
			}
			dst = append(append(dst, '-', ' '), b.atom()...)
			dst = append(dst, '\n')
		}
		if !b.more() {
			return dst
		}
	}
}

// appendJSON appends a node as json.Marshal would write it. A plain scalar that
// is a JSON number is that number, digit by digit.
func appendJSON(dst []byte, n *yaml.Node) ([]byte, error) {
	if explicit(n) {
		return nil, wrong(n, "tags, anchors and aliases have no place here")
	}
	var err error
	switch n.Kind {
	case yaml.MappingNode:
		dst = append(dst, '{')
		first := true
		err = mapping(n, func(key string, v *yaml.Node) error {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			if dst, err = appendString(dst, key); err == nil {
				dst, err = appendJSON(append(dst, ':'), v)
			}
			return err
		})
		return append(dst, '}'), err
	case yaml.SequenceNode:
		dst = append(dst, '[')
		for i, v := range n.Content {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendJSON(dst, v); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	}
	if n.Style == 0 {
		switch {
		case isNull(n.Value):
			return append(dst, "null"...), nil
		case n.Value == "true", n.Value == "false", isNumber(n.Value):
			return append(dst, n.Value...), nil
		}
	}
	return appendString(dst, n.Value)
}

func isNumber(s string) bool {
	return (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

func appendString(dst []byte, s string) ([]byte, error) {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			quoted, err := json.Marshal(s)
			return append(dst, quoted...), err
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), nil
}
