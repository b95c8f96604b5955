package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// AppendJSON appends v as JSON on one line, without spaces and without a newline
// at the end. Bytes in a string that are not UTF-8 become U+FFFD.
//
// It panics if the tree holds a type that [Value] does not name.
func AppendJSON(dst []byte, v Value) []byte {
	return appendJSON(dst, v, -1)
}

// AppendIndentedJSON is [AppendJSON] with one field or item a line, indented by
// two spaces a level.
func AppendIndentedJSON(dst []byte, v Value) []byte {
	return appendJSON(dst, v, 0)
}

// appendJSON writes on one line if indent is negative.
func appendJSON(dst []byte, v Value, indent int) []byte {
	inner := indent
	if indent >= 0 {
		inner += 2
	}
	switch v := v.(type) {
	case string:
		return appendQuoted(dst, v)
	case Map:
		if len(v) == 0 {
			return append(dst, "{}"...)
		}
		dst = append(dst, '{')
		for i := range v {
			dst = appendBreak(dst, i, inner)
			dst = appendQuoted(dst, v[i].Key)
			dst = append(dst, ':')
			if indent >= 0 {
				dst = append(dst, ' ')
			}
			dst = appendJSON(dst, v[i].Value, inner)
		}
		dst = appendBreak(dst, 0, indent)
		return append(dst, '}')
	case List:
		if len(v) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for i := range v {
			dst = appendBreak(dst, i, inner)
			dst = appendJSON(dst, v[i], inner)
		}
		dst = appendBreak(dst, 0, indent)
		return append(dst, ']')
	case []string:
		if len(v) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for i := range v {
			dst = appendBreak(dst, i, inner)
			dst = appendQuoted(dst, v[i])
		}
		dst = appendBreak(dst, 0, indent)
		return append(dst, ']')
	}
	return appendAtom(dst, v)
}

// appendBreak appends what separates element i from what stands before it.
func appendBreak(dst []byte, i, indent int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	if indent < 0 {
		return dst
	}
	dst = append(dst, '\n')
	return appendSpaces(dst, indent)
}

// appendFloat appends f as the shortest JSON number that gives it back. Whole
// numbers get no fraction, so that readers that tell integers from floats see
// the integer that the API server would store.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic("manifest: a number must be finite")
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		// With a point and a signed exponent, which YAML 1.1 asks of a float.
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		dst = append(dst, mantissa...)
		if !strings.Contains(mantissa, ".") {
			dst = append(dst, ".0"...)
		}
		return append(append(dst, 'e'), exponent...)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

func unknownType(v Value) string {
	return fmt.Sprintf("manifest: a tree cannot hold a %T", v)
}
