package manifest

import "strconv"

// maxSimpleKey is how long a key may be, in bytes as written, to stand before
// its colon on one line. YAML's limit is 1024 characters.
const maxSimpleKey = 1000

// AppendYAML appends v in block style, every line indented by indent spaces and
// ended by a newline. The items of a sequence stand at the indentation of the
// key they belong to, as kubectl prints them. Bytes in a string that are not
// UTF-8 become U+FFFD.
//
// It panics if the tree holds a type that [Value] does not name.
func AppendYAML(dst []byte, v Value, indent int) []byte {
	if block(v) {
		return appendBlock(dst, v, indent, false)
	}
	dst = appendSpaces(dst, indent)
	dst = appendScalar(dst, v, indent+2)
	return append(dst, '\n')
}

// AppendDocuments appends the objects as a stream of YAML documents, "---" between
// them.
func AppendDocuments(dst []byte, objects ...Map) []byte {
	for i, m := range objects {
		if i > 0 {
			dst = append(dst, "---\n"...)
		}
		dst = AppendYAML(dst, m, 0)
	}
	return dst
}

// block reports whether v takes lines of its own.
func block(v Value) bool {
	switch v := v.(type) {
	case Map:
		return len(v) > 0
	case List:
		return len(v) > 0
	case []string:
		return len(v) > 0
	}
	return false
}

// appendBlock appends a map or sequence that is not empty. If inline is set, the
// indentation of the first line is there already, ended by the "- " of the
// sequence around it.
func appendBlock(dst []byte, v Value, indent int, inline bool) []byte {
	switch v := v.(type) {
	case Map:
		for i := range v {
			if i > 0 || !inline {
				dst = appendSpaces(dst, indent)
			}
			dst = appendField(dst, &v[i], indent)
		}
	case List:
		for i := range v {
			if i > 0 || !inline {
				dst = appendSpaces(dst, indent)
			}
			dst = append(dst, '-', ' ')
			if block(v[i]) {
				dst = appendBlock(dst, v[i], indent+2, true)
				continue
			}
			dst = appendScalar(dst, v[i], indent+2)
			dst = append(dst, '\n')
		}
	case []string:
		for i := range v {
			if i > 0 || !inline {
				dst = appendSpaces(dst, indent)
			}
			dst = append(dst, '-', ' ')
			dst = appendString(dst, v[i], indent+2)
			dst = append(dst, '\n')
		}
	}
	return dst
}

func appendField(dst []byte, f *Field, indent int) []byte {
	start := len(dst)
	dst = appendKey(dst, f.Key)
	if len(dst)-start > maxSimpleKey {
		dst = append(dst[:start], '?', ' ')
		dst = appendKey(dst, f.Key)
		dst = append(dst, '\n')
		dst = appendSpaces(dst, indent)
	}
	dst = append(dst, ':')
	if !block(f.Value) {
		dst = append(dst, ' ')
		dst = appendScalar(dst, f.Value, indent+2)
		return append(dst, '\n')
	}
	dst = append(dst, '\n')
	if _, ok := f.Value.(Map); ok {
		indent += 2
	}
	return appendBlock(dst, f.Value, indent, false)
}

func appendKey(dst []byte, key string) []byte {
	if plain(key) {
		return append(dst, key...)
	}
	return appendOneLine(dst, key)
}

// appendScalar appends a value that block does not report. The lines of a
// multi-line string are indented by indent.
func appendScalar(dst []byte, v Value, indent int) []byte {
	switch v := v.(type) {
	case string:
		return appendString(dst, v, indent)
	case Map:
		return append(dst, "{}"...)
	case List, []string:
		return append(dst, "[]"...)
	}
	return appendAtom(dst, v)
}

func appendString(dst []byte, s string, indent int) []byte {
	if plain(s) {
		return append(dst, s...)
	}
	if literal(s) {
		return appendLiteral(dst, s, indent)
	}
	return appendOneLine(dst, s)
}

// appendLiteral appends s as a block scalar, without the newline that ends it.
func appendLiteral(dst []byte, s string, indent int) []byte {
	dst = append(dst, '|')
	if s[len(s)-1] == '\n' {
		s = s[:len(s)-1]
	} else {
		dst = append(dst, '-')
	}
	for start := 0; start <= len(s); {
		end := start
		for end < len(s) && s[end] != '\n' {
			end++
		}
		dst = append(dst, '\n')
		if end > start {
			dst = appendSpaces(dst, indent)
			dst = append(dst, s[start:end]...)
		}
		start = end + 1
	}
	return dst
}

const spaces = "                                "

func appendSpaces(dst []byte, n int) []byte {
	for n > len(spaces) {
		dst = append(dst, spaces...)
		n -= len(spaces)
	}
	return append(dst, spaces[:n]...)
}

// appendAtom appends what YAML and JSON write alike.
func appendAtom(dst []byte, v Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendFloat(dst, v)
	}
	panic(unknownType(v))
}
