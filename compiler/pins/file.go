package pins

import (
	"cmp"
	"strings"
)

const (
	root       = "pins"
	apiVersion = "tenantry.dev/v1alpha1"
	kind       = "Pins"
	// platformFile holds the date, the organizations that have files, and every
	// document that belongs to no organization. No organization can be called so.
	platformFile = "_platform"
	// definitionsDir holds the texts of definitions, a file each.
	definitionsDir = root + "/_definitions"
	// ending is the last line of a file: YAML's own mark for the end of a document.
	// Without it, a file that was cut off after a whole line would pass as complete.
	ending = "...\n"
)

// file is the content of one file.
type file struct {
	AsOf          string   // in the platform's file only
	Organizations []string // in the platform's file only
	Documents     []document
	Clusters      []logicalCluster // in organizations' files only
}

type document struct {
	Kind, Key, Dir string
	Body           []byte
	Definitions    []Definition // by version and resource
}

type logicalCluster struct {
	Key string
	LogicalCluster
}

func (id DocumentID) compare(other DocumentID) int {
	return cmp.Or(strings.Compare(id.Kind, other.Kind), strings.Compare(id.Key, other.Key), strings.Compare(id.Dir, other.Dir))
}
