package hold

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// missing lists the pinned documents that the repo no longer yields: those whose
// evaluation failed, and those that disappeared while something may still depend on them.
func (h *holder) missing(docs *Documents) []document.ID {
	claimed := h.claimed(docs)
	if h.claims == nil {
		h.claims = claimed
	}
	if docs.countPinned(h.Pins) == len(h.Pins.Documents) { // as a rule
		return nil
	}
	var identities map[document.ID]bool // once a document has another name than before
	present := func(id document.ID) bool {
		if _, ok := docs.Texts[id]; ok {
			return true
		}
		if identities == nil {
			identities = make(map[document.ID]bool, len(docs.Texts))
			for id := range docs.Texts {
				identities[id.Identity()] = true
			}
		}
		return identities[id.Identity()]
	}
	var out []document.ID
	for id := range h.Pins.Documents {
		switch {
		case present(id) || docs.isLost(id):
		case Failed(h.failures, id):
			out = append(out, id)
		case h.hidden(id, claimed):
			out = append(out, id)
		case h.vanished(id, claimed):
			out = append(out, id)
		}
	}
	slices.SortFunc(out, document.ID.Compare)
	return out
}

// countPinned counts the documents that the pins hold under the very name of today.
func (d *Documents) countPinned(p *pins.Pins) int {
	documents := slices.Collect(d.All())
	var found atomic.Int64
	parallel.Chunks(len(documents), func(_, from, to int) {
		n := 0
		for _, m := range documents[from:to] {
			if _, ok := p.Documents[m.ID()]; ok {
				n++
			}
		}
		found.Add(int64(n))
	})
	return int(found.Load())
}

// claimed returns the keys that documents of today had before and may take over.
func (h *holder) claimed(docs *Documents) map[string]bool {
	organizations, renamed := tenancy.OrganizationsOf(docs.Documents), false
	for _, o := range docs.Organizations {
		renamed = renamed || len(o.Spec.Formerly) > 0
	}
	out := map[string]bool{}
	for _, d := range docs.LogicalClusters {
		if len(d.Spec.Formerly) == 0 && !renamed || d.Spec.State == schema.Deleted {
			continue // one that goes takes over nothing
		}
		if h.Pins.LogicalClusters[d.Key] != nil && !docs.Changed(d.Kind, d.Key, d.Dir) {
			continue // it is placed already, and took over what it claims in an earlier build
		}
		for _, key := range organizations.FormerKeys(d.Key, d.Spec.Formerly) {
			out[key] = true
		}
	}
	return out
}

// Failed reports whether a document is among what could not be evaluated.
func Failed(failures []load.Failure, id document.ID) bool {
	return slices.ContainsFunc(failures, func(f load.Failure) bool {
		if f.Kind != "" {
			return document.ID{Kind: f.Kind, Key: f.Key, Dir: f.Dir}.Identity() == id.Identity()
		}
		return f.Dir == "." || document.Within(id.Dir, f.Dir)
	})
}

// hidden reports whether a pinned document may be missing since something else that its
// directory says is in error.
func (h *holder) hidden(id document.ID, claimed map[string]bool) bool {
	if id.Kind == schema.KindLogicalClusters {
		if pin := h.Pins.LogicalClusters[id.Key]; pin == nil || pin.Phase == pins.Gone || claimed[id.Key] {
			return false
		}
	}
	return h.view.Faulty(id.Dir)
}

// vanished reports whether a pinned document that the repo no longer has must be kept for
// now: a logical cluster that was not declared deleted, and what others may refer to.
func (h *holder) vanished(id document.ID, claimed map[string]bool) bool {
	switch id.Kind {
	case schema.KindLogicalClusters:
		pin := h.Pins.LogicalClusters[id.Key]
		if pin == nil || pin.Phase == pins.Gone || claimed[id.Key] {
			return false
		}
		if !h.claims[id.Key] { // a claim that is in error is reported where it is made
			at := diag.Position{File: id.Dir}
			gone := diag.New(diag.Vanished, at, "the document of %s is gone, but it was never declared deleted", id.Key).
				Suggest(`put the document back with state: "deleted", or name %q in the "formerly" of its successor`, id.Key)
			if pin.Phase != pins.Present {
				gone = diag.New(diag.Vanished, at, "the document of %s is gone before its deletion is over, which stops it", id.Key).
					Suggest("put the document back until a note says that nothing is left")
			}
			h.found = append(h.found, gone.About(fmt.Sprintf("logicalClusters %q", id.Key)))
		}
		return true
	case schema.KindOrganizations, schema.KindClasses, schema.KindAPISets, schema.KindPhysicalClusters, schema.KindSettings, schema.KindModules:
		h.gone[id.Identity()] = true
		return true
	}
	return false
}

// forget drops those vanished documents on which nothing depends, and reports the others.
// It returns docs itself if it drops none.
func (h *holder) forget(docs *Documents, t *tenancy.Tenancy) *Documents {
	if len(h.gone) == 0 {
		return docs
	}
	needed := h.needed(docs, t)
	var ids []document.ID
	for id := range h.gone {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, document.ID.Compare)
	var dropped []document.ID
	for _, id := range ids {
		if by := needed[id]; by != "" {
			what := string(id.Kind)
			if id.Key != "" {
				what = fmt.Sprintf("%s %q", id.Kind, id.Key)
			}
			h.found = append(h.found, diag.New(diag.VanishedPlatform, diag.Position{}, "%s is gone, and %s depends on it", what, by).About(what).
				Suggest("put the document back, or let nothing depend on it first"))
			continue
		}
		dropped = append(dropped, id)
	}
	clear(h.gone)
	if len(dropped) == 0 {
		return docs
	}
	next := docs.clone()
	next.remove(dropped)
	return next
}

// needed returns, for each document that something depends on, the first logical cluster
// or policy that does.
func (h *holder) needed(docs *Documents, t *tenancy.Tenancy) map[document.ID]string {
	out := map[document.ID]string{{Kind: schema.KindSettings}: "everything"}
	need := func(id document.ID, by string) {
		if out[id] == "" {
			out[id] = by
		}
	}
	for _, p := range docs.Policies {
		if p.Spec.Module != "" {
			need(document.ID{Kind: schema.KindModules, Key: p.Spec.Module}, "policy "+p.Key)
		}
	}
	for _, lc := range t.LogicalClusters {
		if lc.Class != nil {
			need(lc.Class.Meta.ID().Identity(), lc.Key)
		}
		for _, o := range lc.Org.Ancestors() {
			need(o.Meta.ID().Identity(), lc.Key)
		}
		for _, b := range lc.APIs {
			need(b.Version.Set.Meta.ID().Identity(), lc.Key)
		}
		pin := h.Pins.LogicalClusters[lc.Key]
		if pin == nil {
			continue
		}
		for _, s := range append([]pins.Site{pin.Site}, pin.Left...) {
			if s.Phase != pins.Gone {
				need(document.ID{Kind: schema.KindPhysicalClusters, Key: s.Cluster}, lc.Key)
			}
		}
	}
	return out
}
