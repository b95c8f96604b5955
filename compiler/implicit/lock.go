package implicit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// lockSuffix follows the name of a document in the name of its lock. Each document
// has a lock of its own, so that changes of different ones never meet in a file.
const lockSuffix = ".tenancy.lock"

const (
	lockVersion = "tenantry.dev/v1alpha1"
	lockKind    = "ImplicitLock"
	lockHeader  = "# Written by tenantry lock: what was accepted, and whom it reached then. Do not edit.\n"
)

// Lock is what was accepted of an implicit document.
type Lock struct {
	Dir, Key string
	// File is its path in the repo.
	File    string
	Content schema.Implicit
	// Reach are the keys of the logical clusters that it reached at acceptance.
	Reach []string
	// Damage says why the lock cannot be used; empty as a rule.
	Damage string
	// Line is where the damage is; 0 if unknown.
	Line int
}

// LockFile returns the path of a document's lock.
func LockFile(dir, key string) string { return path.Join(dir, key+lockSuffix) }

// Ref names the document.
func (l *Lock) Ref() string { return Ref(l.Dir, l.Key) }

// Pos is where the lock, or its damage, stands.
func (l *Lock) Pos() diag.Position { return diag.Position{File: l.File, Line: l.Line} }

// JSON returns what was accepted, as pins hold it.
func (l *Lock) JSON() json.RawMessage { return marshal(l.Content) }

// Locks reads all locks of a tree, by path.
func Locks(tree *source.Tree) []*Lock {
	var out []*Lock
	for _, f := range tree.Files() {
		key, ok := strings.CutSuffix(path.Base(f.Path), lockSuffix)
		if !ok {
			continue
		}
		l := &Lock{Key: key, File: f.Path}
		if dir := path.Dir(f.Path); dir != "." {
			l.Dir = dir
		}
		l.parse(f.Data)
		out = append(out, l)
	}
	return out
}

// digests of what was accepted.
func contentDigest(c schema.Implicit) string {
	return digest(marshal(schema.Implicit{Objects: c.Objects, Merge: c.Merge, Namespaces: c.Namespaces}))
}

func selectorDigest(c schema.Implicit) string {
	return digest(marshal(schema.Implicit{Selector: c.Selector, Classes: c.Classes}))
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// sameContent reports whether a document gives what was accepted, in the same way.
func (l *Lock) sameContent(s *Source) bool {
	return contentDigest(l.Content) == contentDigest(s.Content)
}

// sameSelector reports whether a document selects as was accepted.
func (l *Lock) sameSelector(s *Source) bool {
	return selectorDigest(l.Content) == selectorDigest(s.Content)
}

// Encode returns the lock's file.
func (l *Lock) Encode() []byte {
	reach := encodeReach(l.Reach)
	m := manifest.M("apiVersion", lockVersion, "kind", lockKind, "implicit", l.Key, "digests", manifest.M(
		"content", contentDigest(l.Content), "selector", selectorDigest(l.Content), "reach", digest(reach)))
	var accepted map[string]any
	if err := json.Unmarshal(marshal(l.Content), &accepted); err != nil {
		panic(fmt.Sprintf("implicit: %v", err))
	}
	for _, key := range []string{"selector", "classes", "namespaces", "merge", "objects"} {
		if v, ok := accepted[key]; ok {
			m = append(m, manifest.Field{Key: key, Value: tree(v)})
		}
	}
	return append(manifest.AppendYAML([]byte(lockHeader), m, 0), reach...)
}

const reachField = "reach:"

// encodeReach writes an organization to a line, with the number of its logical
// clusters, and a logical cluster to a line.
func encodeReach(keys []string) []byte {
	byOrganization := map[string][]string{}
	for _, key := range keys {
		org := string(schema.Key(key).Organization())
		byOrganization[org] = append(byOrganization[org], key)
	}
	var b bytes.Buffer
	if len(keys) == 0 {
		b.WriteString(reachField + " {}\n")
		return b.Bytes()
	}
	b.WriteString(reachField + "\n")
	for _, org := range slices.Sorted(maps.Keys(byOrganization)) {
		keys := byOrganization[org]
		slices.Sort(keys)
		fmt.Fprintf(&b, "  %s: # %d\n", org, len(keys))
		for _, key := range keys {
			fmt.Fprintf(&b, "  - %s\n", key)
		}
	}
	return b.Bytes()
}

// parse reads the file strictly: what does not fit its digests was not written by
// the compiler.
func (l *Lock) parse(data []byte) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	head, reach := data, []byte(nil)
	if i := bytes.Index(data, []byte("\n"+reachField)); i >= 0 {
		head, reach = data[:i+1], data[i+1:]
	}
	values, err := manifest.FromYAML(head)
	switch {
	case err != nil:
		l.Line, l.Damage = yamlProblem(err)
		return
	case len(values) != 1:
		l.Damage = "it is not one YAML document"
		return
	}
	var file struct {
		APIVersion, Kind, Implicit string
		Digests                    struct{ Content, Selector, Reach string }
		Selector                   *schema.Selector
		Classes, Namespaces        []string
		Merge                      schema.Merge
		Objects                    []map[string]any
	}
	decoder := json.NewDecoder(bytes.NewReader(manifest.AppendJSON(nil, values[0])))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		l.Damage = strings.TrimPrefix(err.Error(), "json: ")
		return
	}
	l.Content = schema.Implicit{Selector: file.Selector, Classes: file.Classes, Namespaces: file.Namespaces, Merge: file.Merge, Objects: file.Objects}
	switch {
	case file.APIVersion != lockVersion || file.Kind != lockKind:
		l.Damage = fmt.Sprintf("want apiVersion %s and kind %s", lockVersion, lockKind)
	case file.Implicit != l.Key:
		l.Damage = fmt.Sprintf("it is the lock of %q", file.Implicit)
	case file.Digests.Content != contentDigest(l.Content):
		l.Damage = "the digest of the content does not fit the objects"
	case file.Digests.Selector != selectorDigest(l.Content):
		l.Damage = "the digest of the selector does not fit the selector"
	case reach == nil || file.Digests.Reach != digest(reach):
		l.Damage = "the digest of the reach does not fit the list of logical clusters"
	}
	for line := range strings.Lines(string(reach)) {
		if key, ok := strings.CutPrefix(line, "  - "); ok {
			l.Reach = append(l.Reach, strings.TrimSpace(key))
		}
	}
}

// tree turns plain values into a tree whose fields stand in the usual order.
func tree(v any) manifest.Value {
	switch v := v.(type) {
	case map[string]any:
		m := make(manifest.Map, 0, len(v))
		for _, key := range sortedKeys(v) {
			m = append(m, manifest.Field{Key: key, Value: tree(v[key])})
		}
		return m
	case []any:
		list := make(manifest.List, len(v))
		for i, item := range v {
			list[i] = tree(item)
		}
		return list
	}
	return v
}
