package manifest

import (
	"strings"
	"unicode/utf8"
)

// plain reports whether s, written without quotes in block style, is read as
// the string s by YAML 1.1 and by YAML 1.2.
func plain(s string) bool {
	if s == "" || !plainEnds(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
			return false
		case c == ':' && i+1 < len(s) && s[i+1] == ' ', c == '#' && i > 0 && s[i-1] == ' ':
			return false
		case c >= utf8.RuneSelf:
			return printable(s[i:]) && plainASCII(s[i:]) && !special(s)
		}
	}
	return !special(s)
}

// plainEnds reports whether neither the first nor the last characters of a string mean
// something else than themselves.
func plainEnds(s string) bool {
	switch s[0] {
	case ' ', '\t', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	case '-', '?', ':':
		if len(s) == 1 || s[1] == ' ' {
			return false
		}
	}
	last := s[len(s)-1]
	return last != ' ' && last != ':'
}

// plainASCII looks for ": " and " #" in the rest of a string whose runes are
// known to be printable.
func plainASCII(s string) bool {
	return !strings.Contains(s, ": ") && !strings.Contains(s, " #") && !strings.ContainsAny(s, "\n\t")
}

// special reports whether s is a word, number or date to some reader, or marks
// the start or end of a document.
func special(s string) bool {
	switch c := s[0]; {
	case '0' <= c && c <= '9':
		return numeric(s) || date(s)
	case c == '+' || c == '.' || c == '-':
		if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
			return len(s) == 3 || s[3] == ' '
		}
		return s == "." || numeric(s)
	}
	switch s {
	case "~", "<<", "=",
		"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE",
		"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE",
		"null", "Null", "NULL":
		return true
	}
	return false
}

// numeric reports whether s is an integer or float of YAML 1.1 or 1.2: with
// underscores, in base 2, 8, 10, 16 or 60, or one of .inf and .nan.
func numeric(s string) bool {
	if s[0] == '+' || s[0] == '-' {
		s = s[1:]
	}
	if strings.Contains(s, "_") {
		s = strings.ReplaceAll(s, "_", "") // wherever it stands: 0_x1 is 1 to some
	}
	switch s {
	case "":
		return false
	case ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN":
		return true
	}
	if base := baseDigits(s); base != "" {
		return strings.Trim(strings.TrimLeft(s[2:], "+-"), base) == "" // Go's readers take 0b+1 for 1
	}
	rest, whole := digits(s)
	if whole > 0 {
		var ok bool
		if rest, ok = sexagesimal(rest); !ok {
			return false
		}
	}
	if rest != "" && rest[0] == '.' {
		var fraction int
		rest, fraction = digits(rest[1:])
		whole += fraction
	}
	return whole > 0 && (rest == "" || exponent(rest))
}

// baseDigits returns the digits of the base that a prefix such as 0x announces; empty if
// there is none.
func baseDigits(s string) string {
	if len(s) < 3 || s[0] != '0' {
		return ""
	}
	switch s[1] {
	case 'b', 'B':
		return "01"
	case 'o', 'O':
		return "01234567"
	case 'x', 'X':
		return "0123456789abcdefABCDEF"
	}
	return ""
}

// sexagesimal skips the further places of a number in base 60, such as :59:07. It reports
// false for a place above 59 or without digits.
func sexagesimal(s string) (rest string, ok bool) {
	for s != "" && s[0] == ':' {
		n := 1
		for n < len(s) && n < 3 && isDigit(s[n]) {
			n++
		}
		if n == 1 || n == 3 && s[1] > '5' {
			return s, false
		}
		s = s[n:]
	}
	return s, true
}

// exponent reports whether s is an exponent such as e-9, and nothing else.
func exponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	rest, n := digits(s)
	return n > 0 && rest == ""
}

// digits skips digits and returns the rest and their number.
func digits(s string) (rest string, n int) {
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[n:], n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// date reports whether s starts like a date that ends there or goes on with a
// time of day.
func date(s string) bool {
	if len(s) < len("2006-1-2") || !isDigit(s[1]) || !isDigit(s[2]) || !isDigit(s[3]) || s[4] != '-' {
		return false
	}
	rest, ok := oneOrTwoDigits(s[5:])
	if !ok || rest == "" || rest[0] != '-' {
		return false
	}
	if rest, ok = oneOrTwoDigits(rest[1:]); !ok || rest == "" {
		return ok
	}
	if rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ' {
		return false
	}
	rest = strings.TrimLeft(rest[1:], " ")
	return rest != "" && isDigit(rest[0])
}

// oneOrTwoDigits skips up to two digits. It reports false if there is none.
func oneOrTwoDigits(s string) (rest string, ok bool) {
	n := 0
	for n < len(s) && n < 2 && isDigit(s[n]) {
		n++
	}
	return s[n:], n > 0
}

// printable reports whether s is UTF-8 without a character that YAML wants
// escaped or takes for a line break. Newline and tab count as printable.
func printable(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || escaped(r) {
			return false
		}
		i += size
	}
	return true
}

// escaped reports whether r, beyond ASCII, is no printable character of YAML or
// breaks a line in YAML 1.1.
func escaped(r rune) bool {
	return r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// literal reports whether s has several lines and comes back unchanged from a
// block scalar without explicit indentation, with at most one newline at its
// end.
func literal(s string) bool {
	end := strings.TrimSuffix(s, "\n")
	if !strings.Contains(s, "\n") || end == "" {
		return false
	}
	switch end[0] {
	case '\n', ' ', '\t':
		return false
	}
	if end[len(end)-1] == '\n' {
		return false
	}
	return printable(s) && !blankLine(end)
}

// blankLine reports whether a line of s holds nothing but spaces and tabs.
func blankLine(s string) bool {
	for line := range strings.SplitSeq(s, "\n") {
		if line != "" && strings.Trim(line, " \t") == "" {
			return true
		}
	}
	return false
}

// appendOneLine appends s in quotes: in single ones where that spares a reader
// escapes, else in double ones.
func appendOneLine(dst []byte, s string) []byte {
	if strings.ContainsAny(s, `"\`) && !strings.ContainsAny(s, "'\n\t") && printable(s) {
		dst = append(dst, '\'')
		dst = append(dst, s...)
		return append(dst, '\'')
	}
	return appendQuoted(dst, s)
}

const hex = "0123456789abcdef"

// appendQuoted appends s as a string that is both JSON and double-quoted YAML.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < 0x7f {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if !escaped(r) && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
		}
		dst = append(dst, s[done:i]...)
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += size
		done = i
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}
