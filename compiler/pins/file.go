package pins

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
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

// file is the content of one file. Its lists are sorted where it is to be written.
type file struct {
	AsOf          string   // in the platform's file only
	Organizations []string // in the platform's file only
	Documents     []pinnedDocument
	Texts         []Text           // by directory, the latest first
	Clusters      []logicalCluster // in organizations' files only
	Stored        []stored         // in the platform's file only
}

// stored is what several physical clusters store alike.
type stored struct {
	Name, Storage      string
	Versions, Clusters []string
}

// group returns what is stored in the form of the file, sorted.
func group(all map[StoredID]Stored) []stored {
	type key struct{ name, storage, versions string }
	groups := map[key]*stored{}
	for _, id := range slices.SortedFunc(maps.Keys(all), StoredID.compare) {
		s := all[id]
		k := key{id.Name, s.Storage, strings.Join(s.Versions, " ")}
		if groups[k] == nil {
			groups[k] = &stored{Name: id.Name, Storage: s.Storage, Versions: s.Versions}
		}
		groups[k].Clusters = append(groups[k].Clusters, id.Cluster)
	}
	out := make([]stored, 0, len(groups))
	for _, g := range groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b stored) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Clusters[0], b.Clusters[0]))
	})
	return out
}

func (id StoredID) compare(other StoredID) int {
	return cmp.Or(strings.Compare(id.Cluster, other.Cluster), strings.Compare(id.Name, other.Name))
}

type pinnedDocument struct {
	document.ID
	Body        []byte
	Definitions []Definition // by version and resource
}

type logicalCluster struct {
	Key string
	*LogicalCluster
}
