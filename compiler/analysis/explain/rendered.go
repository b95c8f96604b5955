package explain

import (
	"fmt"
	"io"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/printer"
)

// OfFile answers for the fields at a path of the objects in a rendered file: of all
// objects, or of the one that is named as KIND/NAME or KIND/NAMESPACE/NAME.
func OfFile(r *compiler.Result, objects []Rendered, at []string, object string) (Answer, error) {
	var found fieldsAnswer
	for i := range objects {
		o := &objects[i]
		if object != "" && object != o.Kind+"/"+o.Name && object != o.Kind+"/"+o.Namespace+"/"+o.Name {
			continue
		}
		leaves := o.Leaves(at)
		if len(leaves) == 0 {
			continue
		}
		fields, err := ofObject(r, o, leaves)
		if err != nil {
			return nil, err
		}
		found = append(found, fields...)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found, nil
}

// fieldsAnswer is the answer for fields of rendered objects.
type fieldsAnswer []fieldJSON

// fieldJSON is a field of a rendered object as JSON.
type fieldJSON struct {
	Kind           string      `json:"kind"`
	Name           string      `json:"name"`
	Namespace      string      `json:"namespace,omitempty"`
	Path           string      `json:"path"`
	Value          string      `json:"value"`
	Line           int         `json:"line"`
	LogicalCluster string      `json:"logicalCluster,omitempty"`
	Note           string      `json:"note,omitempty"`
	Values         []valueJSON `json:"values"`

	values []tenancy.Value
}

func ofObject(r *compiler.Result, o *Rendered, leaves []Leaf) ([]fieldJSON, error) {
	base := fieldJSON{Kind: o.Kind, Name: o.Name, Namespace: o.Namespace}
	reasons := func(*fieldJSON, []string) {} // of the platform, all fields have the same
	if lc, object := o.Of(r.Tenancy, r.States); lc != nil {
		base.LogicalCluster = lc.Key
		reasons = reasonsOf(r, o, lc, object)
	} else if err := base.ofPlatform(r, o); err != nil {
		return nil, err
	}
	var out []fieldJSON
	for _, leaf := range leaves {
		f := base
		f.Path, f.Value, f.Line = FormatPath(leaf.Path), leaf.Value, leaf.Line
		reasons(&f, leaf.Path)
		f.Values = valuesJSON(f.values)
		out = append(out, f)
	}
	return out, nil
}

// ofPlatform gives the reason for an object that belongs to no logical cluster.
func (f *fieldJSON) ofPlatform(r *compiler.Result, o *Rendered) error {
	values, users := Platform(r.Tenancy, r.States, o.Name)
	rules := 0
	if users == 0 {
		values, rules = PolicyObject(r.Tenancy, r.States, r.Policies, o.Name)
	}
	switch {
	case rules > 0:
		f.Note = "a policy of the tenancy repo demands it, of " + printer.Count(rules, "logical cluster")
		f.values = values
	case users > 0:
		f.Note = "it follows from the API sets that are bound; " + printer.Count(users, "logical cluster") + " with these use it"
		f.values = values
	case o.Shared():
		f.Note = "every physical cluster has it, whatever the documents say"
	default:
		return fmt.Errorf("%s %s belongs to nothing that the repo has now", o.Kind, o.Name)
	}
	return nil
}

// reasonsOf returns what gives a field of a logical cluster's object its reason.
func reasonsOf(r *compiler.Result, o *Rendered, lc *tenancy.LogicalCluster, object *Object) func(*fieldJSON, []string) {
	values := valuesOf(r, lc)
	patches := o.Patches(r.Rendering(), lc)
	return func(f *fieldJSON, at []string) {
		patched := OfPatch(r.Policies, r.Policies.Of(lc), patches, at)
		reason, ok := object.Field(at)
		switch {
		case len(patched) > 0:
			reason = Reason{Note: "a policy sets it"}
		case !ok:
			reason.Note = "tenantry does not render it"
		}
		f.Note = reason.Note
		f.values = append(f.values, patched...)
		for _, name := range reason.Fields {
			f.values = append(f.values, Select(values, name)...)
		}
		if len(at) == 3 && at[0] == "metadata" && at[1] == "labels" {
			f.values = append(f.values, OfLabel(r.Policies, lc, at[2])...)
		}
	}
}

// WriteJSON implements Answer.
func (found fieldsAnswer) WriteJSON(w io.Writer) error { return printer.JSON(w, found) }

// WriteText implements Answer.
func (found fieldsAnswer) WriteText(w io.Writer) error {
	last := ""
	for _, f := range found {
		if title := f.title(); title != last {
			if last != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, title)
			last = title
		}
		fmt.Fprintf(w, "  %s: %s\n", f.Path, f.Value)
		if f.Note != "" {
			fmt.Fprintf(w, "    %s\n", f.Note)
		}
		if err := writeValues(w, f.values, "    "); err != nil {
			return err
		}
	}
	return nil
}

// title names the object of a field.
func (f *fieldJSON) title() string {
	title := f.Kind + " " + f.Name
	if f.Namespace != "" {
		title += " in " + f.Namespace
	}
	if f.LogicalCluster != "" {
		title += ", of " + f.LogicalCluster
	}
	return title
}
