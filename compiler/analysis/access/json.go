package access

import (
	"io"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// entryJSON is an entry as JSON.
type entryJSON struct {
	LogicalCluster string       `json:"logicalCluster"`
	Cluster        string       `json:"cluster"`
	Left           bool         `json:"left,omitempty"`
	Subject        string       `json:"subject"`
	Namespaces     []string     `json:"namespaces"`
	Sensitive      []Mark       `json:"sensitive"`
	Organizations  []string     `json:"organizations,omitempty"`
	From           []sourceJSON `json:"from"`
}

type sourceJSON struct {
	Role         string `json:"role"`
	Organization string `json:"organization,omitempty"`
	Deployer     bool   `json:"deployer,omitempty"`
	Implicit     string `json:"implicit,omitempty"`
	diag.Position
}

func (a *Access) entryJSON(e *Entry) entryJSON {
	out := entryJSON{
		LogicalCluster: e.LogicalCluster, Cluster: e.Cluster, Left: e.Left, Subject: e.Subject.String(),
		Namespaces: e.Namespaces, Sensitive: printer.List(a.Marks(e)), From: []sourceJSON{},
	}
	if tops := a.Organizations(e.Subject); len(tops) > 1 {
		out.Organizations = tops
	}
	for _, s := range e.Sources {
		out.From = append(out.From, sourceJSON{s.Role, s.Organization, s.Deployer, s.Implicit, s.Pos})
	}
	return out
}

// WriteJSON writes the answer with all permissions.
func (out *Answer) WriteJSON(w io.Writer) error {
	type entry struct {
		entryJSON
		Permissions int `json:"permissions"` // an index into those of the answer
	}
	answer := struct {
		Pins   pins.Origin `json:"pins"`
		Access []entry     `json:"access"`
		// Permissions are shared: the entries of thousands have a handful.
		Permissions [][]Permission  `json:"permissions"`
		Closed      []closedCluster `json:"closed"`
	}{Pins: out.Pins, Access: []entry{}, Permissions: [][]Permission{}, Closed: printer.List(out.closed)}
	index := map[*Rights]int{}
	for i := range out.entries {
		n, known := index[out.entries[i].Rights]
		if !known {
			n = len(answer.Permissions)
			index[out.entries[i].Rights] = n
			answer.Permissions = append(answer.Permissions, printer.List(out.entries[i].Rights.Permissions))
		}
		answer.Access = append(answer.Access, entry{out.access.entryJSON(&out.entries[i]), n})
	}
	return printer.JSON(w, answer)
}
