package schema

import (
	"regexp"
	"strconv"
	"strings"
)

// Names are those of backings and engines that documents may use.
type Names struct {
	Backings []Backing
	Engines  []Engine
}

// Places in the schema where it lists them.
var (
	backingNames = regexp.MustCompile(`(?m)^(#Backing: ).*$`)
	engineNames  = regexp.MustCompile(`(?m)^(\tengine\?: ).*$`)
)

// FilesFor returns the CUE files of the schema, with other names of backings and
// engines than those it has; with nil, they are Files.
func FilesFor(n *Names) []File {
	out := Files()
	if n == nil {
		return out
	}
	for i := range out {
		out[i].Data = backingNames.ReplaceAll(out[i].Data, []byte("${1}"+disjunction(n.Backings)))
		out[i].Data = engineNames.ReplaceAll(out[i].Data, []byte("${1}"+disjunction(n.Engines)))
	}
	return out
}

// disjunction is the CUE expression for one of some names.
func disjunction[T ~string](names []T) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(string(n))
	}
	return strings.Join(quoted, " | ")
}
