package expand

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// Digest identifies the state: equal states have equal digests, and a
// difference in any field changes it. An empty map or list equals a nil one.
func (s *State) Digest() [32]byte {
	e := make(encoder, 0, 2048)
	e.strings(s.Key, s.Organization, s.Cluster, s.Cut, s.Backing)
	e.mapping(s.Labels)
	e.bool(s.Frozen)
	e.strings(string(s.Phase), s.Network, s.DNS.Namespace)
	e.mapping(s.DNS.Labels)
	e.strings(s.PodSecurity)
	e.number(s.Minor)
	e.mapping(s.Containers.DefaultRequest)
	e.mapping(s.Containers.Default)
	e.mapping(s.Containers.Max)
	e.mapping(s.Containers.Min)
	e.number(len(s.Namespaces))
	for i := range s.Namespaces {
		n := &s.Namespaces[i]
		e.strings(n.Name, n.Physical)
		e.mapping(n.Hard)
		e.bool(n.Retired)
	}
	e.number(len(s.Grants))
	for i := range s.Grants {
		g := &s.Grants[i]
		e.strings(g.Kind, g.SubjectNamespace, g.Subject, g.Role)
	}
	e.strings(s.Roles.View, s.Roles.Edit, s.Roles.Admin, s.Gate)
	e.bool(s.Source != nil)
	if src := s.Source; src != nil {
		e.strings(src.Repo, src.Path, src.Branch, src.Role, src.Namespace, src.Secret, src.Interval)
	}
	e.strings(s.Deployers, s.Engine)
	return sha256.Sum256(e)
}

// encoder appends values so that no two sequences of values give equal bytes:
// everything of variable size has its length in front.
type encoder []byte

func (e *encoder) number(n int) { *e = binary.AppendVarint(*e, int64(n)) }

func (e *encoder) bool(b bool) {
	if b {
		e.number(1)
	} else {
		e.number(0)
	}
}

func (e *encoder) strings(values ...string) {
	for _, v := range values {
		e.number(len(v))
		*e = append(*e, v...)
	}
}

func (e *encoder) list(values []string) {
	e.number(len(values))
	e.strings(values...)
}

func (e *encoder) mapping(m map[string]string) {
	e.number(len(m))
	if len(m) == 0 {
		return
	}
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	for _, k := range keys {
		e.strings(k, m[k])
	}
}
