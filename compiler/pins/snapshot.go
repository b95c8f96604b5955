package pins

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// snapshot is all of the pins in one piece: what Read would return for files that
// are known to be as they were written, at a fraction of the time.
type snapshot struct {
	_         struct{} `cbor:",toarray"`
	Form      string
	AsOf      string
	Documents []document
	Clusters  []placed
}

type placed struct {
	_            struct{} `cbor:",toarray"`
	Organization string
	Cluster      logicalCluster
}

// Snapshot encodes the pins.
func (p *Pins) Snapshot() ([]byte, error) {
	s := snapshot{Form: form, AsOf: p.AsOf, Documents: make([]document, 0, len(p.Documents)), Clusters: make([]placed, 0, len(p.LogicalClusters))}
	for id, body := range p.Documents {
		s.Documents = append(s.Documents, document{Kind: id.Kind, Key: id.Key, Dir: id.Dir, Body: body})
	}
	for key, lc := range p.LogicalClusters {
		c := logicalCluster{Key: key, Site: lc.Site.flat()}
		for _, left := range lc.Left {
			c.Left = append(c.Left, left.flat())
		}
		s.Clusters = append(s.Clusters, placed{Organization: lc.Organization, Cluster: c})
	}
	return cbor.Marshal(s)
}

// FromSnapshot decodes what Snapshot returned. An error means that there is no
// snapshot to use, nothing worse.
func FromSnapshot(data []byte) (*Pins, error) {
	mode, err := cbor.DecOptions{MaxArrayElements: 1 << 30}.DecMode()
	if err != nil {
		return nil, err
	}
	var s snapshot
	if err := mode.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	if s.Form != form {
		return nil, ErrNone
	}
	p := &Pins{
		AsOf:            s.AsOf,
		Documents:       make(map[DocumentID]json.RawMessage, len(s.Documents)),
		LogicalClusters: make(map[string]*LogicalCluster, len(s.Clusters)),
	}
	for _, d := range s.Documents {
		p.Documents[DocumentID{d.Kind, d.Key, d.Dir}] = d.Body
	}
	for _, c := range s.Clusters {
		lc := &LogicalCluster{Organization: c.Organization, Site: c.Cluster.Site.pin()}
		for _, left := range c.Cluster.Left {
			lc.Left = append(lc.Left, left.pin())
		}
		p.LogicalClusters[c.Cluster.Key] = lc
	}
	return p, nil
}

func (s Site) flat() site {
	return site{Cluster: s.Cluster, Cut: s.Cut, Namespaces: nameList(s.Namespaces), Retired: nameList(s.Retired),
		Phase: string(s.Phase), Since: s.Since}
}

func nameList(m map[string]string) []name {
	out := make([]name, 0, len(m))
	for n, physical := range m {
		out = append(out, name{Name: n, Physical: physical})
	}
	slices.SortFunc(out, func(a, b name) int { return strings.Compare(a.Name, b.Name) })
	return out
}
