package admit

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/input"
	"github.com/tenantry/tenantry/internal/printer"
	"k8s.io/apiserver/pkg/admission"
)

// Writes are what is asked of a server: one operation on each of some objects.
type Writes struct {
	Operation              admission.Operation
	Subresource, Namespace string
	// Objects are what is written, Old what stands there, and Body what is sent to a
	// subresource with a kind of its own; at most one.
	Objects, Old, Body []*Document
}

// Report is the answer to all writes.
type Report struct {
	LogicalCluster string `json:"logicalCluster"`
	Cluster        string `json:"cluster"`
	// Pins are the decisions that say where it is.
	Pins       pins.Origin       `json:"pins"`
	As         string            `json:"as,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
	Admitted   bool              `json:"admitted"`
	Answers    []reported        `json:"answers"`
	Unreadable []diag.Diagnostic `json:"unreadable,omitempty"`
}

// reported is an answer as JSON.
type reported struct {
	File        string `json:"file"`
	Line        int    `json:"line"`
	APIVersion  string `json:"apiVersion"`
	Kind        string `json:"kind"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
	Operation   string `json:"operation"`
	Subresource string `json:"subresource,omitempty"`
	Admitted    bool   `json:"admitted"`
	// Findings in the order in which the API server comes to them.
	Findings []diag.Diagnostic `json:"findings"`
	// Object as it would be stored, but for what only a server makes up.
	Object map[string]any `json:"object,omitempty"`
}

// ReadAll returns the objects of files, and what could not be read of them.
func ReadAll(files []input.File) (documents []*Document, unreadable []diag.Diagnostic) {
	for _, f := range files {
		found, problems := Read(f.Name, f.Data)
		unreadable = append(unreadable, problems...)
		for _, d := range found {
			if d.Kind.Group == "kustomize.config.k8s.io" {
				unreadable = append(unreadable, diag.New(diag.AdmitPassedOver, d.At(""), "%s tells kustomize what to build, and is never applied", d.Kind.Kind).
					Suggest("kustomize build | tenantry admit -f -"))
				continue
			}
			documents = append(documents, d)
		}
	}
	return documents, unreadable
}

// AdmitAll answers to all writes in turn. For an update, objects that have no old one
// are created. The error is for a subresource of an object that does not exist.
func (s *Server) AdmitAll(ctx context.Context, w Writes) (*Report, error) {
	out := &Report{LogicalCluster: s.lc.Key, Cluster: s.Cluster(), Answers: []reported{}, Admitted: true}
	s.Know(w.Objects, w.Namespace)
	for _, d := range w.Objects {
		request := Request{Operation: w.Operation, Object: d, Subresource: w.Subresource, Namespace: w.Namespace}
		if len(w.Body) == 1 {
			request.Body = w.Body[0]
		}
		if request.Operation == admission.Update {
			if i := slices.IndexFunc(w.Old, d.Same); i >= 0 {
				request.Old = w.Old[i]
			} else if request.Operation = admission.Create; w.Subresource != "" {
				return nil, fmt.Errorf("%s: --old has no %s", d.At(""), d)
			}
		}
		out.add(s.Admit(ctx, request))
	}
	return out, nil
}

func (r *Report) add(a *Answer) {
	at := a.At("")
	version, kind := a.Kind.ToAPIVersionAndKind()
	r.Admitted = r.Admitted && a.Admitted()
	r.Answers = append(r.Answers, reported{
		File: at.File, Line: at.Line, APIVersion: version, Kind: kind, Namespace: a.Namespace, Name: a.Name,
		Operation: strings.ToLower(string(a.Operation)), Subresource: a.Subresource, Admitted: a.Admitted(),
		Findings: printer.List(a.Findings), Object: a.Object,
	})
}

// Pass adds what could not be read: an error there is an object that is not admitted.
func (r *Report) Pass(unreadable []diag.Diagnostic) {
	r.Unreadable = append(r.Unreadable, unreadable...)
	r.Admitted = r.Admitted && !diag.HasErrors(unreadable)
}

// Findings are those of all answers, and what could not be read.
func (r *Report) Findings() []diag.Diagnostic {
	out := slices.Clone(r.Unreadable)
	for _, a := range r.Answers {
		out = append(out, a.Findings...)
	}
	return out
}

// WriteJSON writes one object with all answers.
func (r *Report) WriteJSON(w io.Writer) error { return printer.JSON(w, r) }

// WriteVerdicts writes a row for each answer.
func (r *Report) WriteVerdicts(w io.Writer) error {
	t := printer.NewTable(w)
	for _, a := range r.Answers {
		verdict, warnings := "admitted", 0
		for _, f := range a.Findings {
			if f.Severity == diag.Warning {
				warnings++
			}
		}
		switch {
		case !a.Admitted:
			verdict = "denied"
		case warnings > 0:
			verdict += ", " + printer.Count(warnings, "warning")
		}
		name := a.Kind + " " + cmp.Or(a.Name, "-")
		if a.Subresource != "" {
			name += " (" + a.Subresource + ")"
		}
		t.Row(verdict, a.Operation, name, printer.OrDash(a.Namespace), fmt.Sprintf("%s:%d", a.File, a.Line))
	}
	return t.End()
}
