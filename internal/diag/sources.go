package diag

import (
	"bytes"
	"unicode/utf8"
)

// sourceLines finds lines of source files. It indexes each file once, since a
// run may have a great many diagnostics in one file.
type sourceLines struct {
	read  func(file string) ([]byte, bool)
	files map[string]*sourceFile
}

type sourceFile struct {
	content []byte
	starts  []int // offset of each line
}

func newSourceLines(read func(string) ([]byte, bool)) *sourceLines {
	return &sourceLines{read: read, files: map[string]*sourceFile{}}
}

// line returns the line that the position names, without its line end, and
// false where it is not known.
func (s *sourceLines) line(p Position) ([]byte, bool) {
	if s.read == nil || p.File == "" || p.Line < 1 {
		return nil, false
	}
	f, ok := s.files[p.File]
	if !ok {
		if content, found := s.read(p.File); found {
			f = newSourceFile(content)
		}
		s.files[p.File] = f
	}
	if f == nil || p.Line > len(f.starts) {
		return nil, false
	}
	line := f.content[f.starts[p.Line-1]:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return bytes.TrimSuffix(line, []byte("\r")), true
}

func newSourceFile(content []byte) *sourceFile {
	f := &sourceFile{content: content, starts: make([]int, 1, 1+bytes.Count(content, []byte("\n")))}
	for offset := 0; ; {
		end := bytes.IndexByte(content[offset:], '\n')
		if end < 0 {
			return f
		}
		offset += end + 1
		f.starts = append(f.starts, offset)
	}
}

// utf16Column converts a column that counts bytes of the line to one that
// counts UTF-16 code units. A column within a character becomes that
// character's, one beyond the end the column after the last character.
func utf16Column(line []byte, column int) int {
	units := 1
	for offset := 0; offset < len(line); {
		r, size := utf8.DecodeRune(line[offset:])
		offset += size
		if offset >= column {
			break
		}
		units++
		if r >= 0x10000 {
			units++
		}
	}
	return units
}
