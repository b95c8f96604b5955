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
	// ending is the last line of a file: YAML's own mark for the end of a document.
	// Without it, a file that was cut off after a whole line would pass as complete.
	ending = "...\n"
)

// file is the content of one file.
type file struct {
	_             struct{} `cbor:",toarray"`
	AsOf          string   // in the platform's file only
	Organizations []string // in the platform's file only
	Documents     []document
	Clusters      []logicalCluster // in organizations' files only
}

type document struct {
	_              struct{} `cbor:",toarray"`
	Kind, Key, Dir string
	Body           []byte
}

type logicalCluster struct {
	_    struct{} `cbor:",toarray"`
	Key  string
	Site site
	Left []site
}

// site is a Site with its maps as sorted lists.
type site struct {
	_          struct{} `cbor:",toarray"`
	Cluster    string
	Cut        string
	Namespaces []name
	Retired    []name
	Phase      string
	Since      string
}

type name struct {
	_              struct{} `cbor:",toarray"`
	Name, Physical string
}

func (id DocumentID) compare(other DocumentID) int {
	return cmp.Or(strings.Compare(id.Kind, other.Kind), strings.Compare(id.Key, other.Key), strings.Compare(id.Dir, other.Dir))
}

func (s site) pin() Site {
	return Site{Cluster: s.Cluster, Cut: s.Cut, Namespaces: nameMap(s.Namespaces), Retired: nameMap(s.Retired),
		Phase: Phase(s.Phase), Since: s.Since}
}

func nameMap(names []name) map[string]string {
	if len(names) == 0 {
		return nil
	}
	m := make(map[string]string, len(names))
	for _, n := range names {
		m[n.Name] = n.Physical
	}
	return m
}
