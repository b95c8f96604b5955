package impact

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/internal/store"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Comparer compares APIs. Two contents are compared once, however many versions
// have them, and not at all where the cache knows the answer. It is safe for
// concurrent use.
type Comparer struct {
	cache  *store.Cache
	head   string
	config evolution.Config

	mu    sync.Mutex
	known map[store.Key][]evolution.Change
}

// NewComparer returns a comparer that judges as the configuration says. The cache
// may be nil; the version of the tool keys it.
func NewComparer(c *store.Cache, toolVersion string, config evolution.Config) *Comparer {
	config.Promise = "" // it takes no part in what changed
	tuned, _ := json.Marshal(config)
	return &Comparer{cache: c, head: toolVersion + " " + string(tuned), config: config, known: map[store.Key][]evolution.Change{}}
}

// Changes returns all that changes from one API to another, resource by resource.
// A nil API has no resources.
func (c *Comparer) Changes(old, new *API) []evolution.Change {
	if old == nil {
		old = &API{}
	}
	if new == nil {
		new = &API{}
	}
	var out []evolution.Change
	names := slices.Concat(old.Resources(), new.Resources())
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		was, is := old.Find(name), new.Find(name)
		if had, has := old.bare(name), new.bare(name); had != nil || has != nil {
			out = append(out, evolution.CompareBuiltins(old.builtin(name), new.builtin(name), c.config)...)
			out = append(out, c.demands(had, has)...)
			continue
		}
		out = append(out, c.definitions(was, is)...)
	}
	return out
}

func (c *Comparer) definitions(old, new *Definition) []evolution.Change {
	key, same := c.key(old, new)
	if same {
		return nil
	}
	c.mu.Lock()
	changes, ok := c.known[key]
	c.mu.Unlock()
	if ok {
		return slices.Clone(changes)
	}
	if changes, ok = c.load(key); !ok {
		pair := make([]*apiextensionsv1.CustomResourceDefinition, 2)
		for i, d := range []*Definition{old, new} {
			if d != nil {
				pair[i] = d.Writable()
			}
		}
		changes = evolution.Compare(pair[0], pair[1], c.config)
		c.save(key, changes)
	}
	c.mu.Lock()
	c.known[key] = changes
	c.mu.Unlock()
	return slices.Clone(changes)
}

// demands compares what is demanded of the fields of a resource without a definition.
func (c *Comparer) demands(old, new *Builtin) []evolution.Change {
	if old == nil || new == nil || old.Resolved == nil || new.Resolved == nil || reflect.DeepEqual(old.Resolved.Demands, new.Resolved.Demands) {
		return nil
	}
	was, is := old.demanded(), new.demanded()
	if was == nil || is == nil {
		return nil
	}
	return evolution.Compare(was, is, c.config)
}

// key identifies two contents. It reports true where they are one.
func (c *Comparer) key(old, new *Definition) (key store.Key, same bool) {
	h := store.NewKey(c.head, "evolution")
	var content [2]string
	for i, d := range []*Definition{old, new} {
		if d == nil {
			h.Int(0)
			continue
		}
		content[i] = string(d.Digest[:]) + "\n" + strings.Join(d.Versions, " ") + "\n" + strings.Join(d.CRD.Status.StoredVersions, " ")
		if !d.Demands.Empty() {
			demands, _ := json.Marshal(d.Demands)
			content[i] += "\n" + string(demands)
		}
		h.Int(1).String(content[i])
	}
	return h.Key(), content[0] == content[1]
}

// savedChange is a change as the cache holds it: what JSON says of an object is kept
// as it was written, so that it prints as it did.
type savedChange struct {
	Change            evolution.Change // without the rest
	Old, New, Witness json.RawMessage
}

// save keeps changes in the cache. Where one has no JSON, nothing is kept.
func (c *Comparer) save(key store.Key, changes []evolution.Change) {
	saved := make([]savedChange, len(changes))
	for i, change := range changes {
		var errs [3]error
		saved[i].Old, errs[0] = asJSON(change.Old, change.Old == nil)
		saved[i].New, errs[1] = asJSON(change.New, change.New == nil)
		saved[i].Witness, errs[2] = asJSON(change.Witness, len(change.Witness) == 0)
		if errors.Join(errs[:]...) != nil {
			return
		}
		change.Old, change.New, change.Witness = nil, nil, nil
		saved[i].Change = change
	}
	c.cache.Save(key, &saved)
}

func (c *Comparer) load(key store.Key) ([]evolution.Change, bool) {
	var saved []savedChange
	if !c.cache.Load(key, &saved) {
		return nil, false
	}
	changes := make([]evolution.Change, len(saved))
	for i, s := range saved {
		changes[i] = s.Change
		if s.Old != nil {
			changes[i].Old = s.Old
		}
		if s.New != nil {
			changes[i].New = s.New
		}
		if s.Witness != nil && json.Unmarshal(s.Witness, &changes[i].Witness) != nil {
			return nil, false
		}
	}
	return changes, true
}

// asJSON returns a value as JSON, without escaping for HTML; nil for none.
func asJSON(value any, none bool) (json.RawMessage, error) {
	if none {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return bytes.TrimSpace(b.Bytes()), err
}
