package apis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Denominators are the lowest common denominators of the resources that two sides
// define, by name.
type Denominators []denominator

// denominator is that of one resource, as JSON.
type denominator struct {
	Resource string `json:"resource"`
	// Definition is nil where there is none.
	Definition map[string]any `json:"definition,omitempty"`
	// Narrowed is what is left out, or why there is none.
	Narrowed []evolution.Narrowing `json:"narrowed"`
}

// Common returns what two sides have in common.
func Common(a, b *Side) (Denominators, error) {
	out := Denominators{}
	for _, x := range a.Definitions {
		name := x.Resource()
		i := slices.IndexFunc(b.Definitions, func(y impact.Definition) bool { return y.Resource() == name })
		if i < 0 {
			continue
		}
		common, narrowed := evolution.Common(x.Writable(), b.Definitions[i].Writable())
		d := denominator{Resource: name, Narrowed: narrowed}
		if narrowed == nil {
			d.Narrowed = []evolution.Narrowing{}
		}
		if common != nil {
			var err error
			if d.Definition, err = manifestOf(common); err != nil {
				return nil, err
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(x, y denominator) int { return strings.Compare(x.Resource, y.Resource) })
	return out, nil
}

// manifestOf is a definition as people write it, without what an API server fills in.
func manifestOf(d *apiextensionsv1.CustomResourceDefinition) (map[string]any, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, err
	}
	delete(out, "status")
	if metadata, ok := out["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	out["apiVersion"], out["kind"] = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
	return out, nil
}

// Complete reports whether there is any resource, and each has a common denominator.
func (list Denominators) Complete() bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(d denominator) bool { return d.Definition == nil })
}

// WriteJSON writes one object with all.
func (list Denominators) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Resources []denominator `json:"resources"`
	}{list})
}

// WriteYAML writes the definitions, each behind comments that tell what is left out.
func (list Denominators) WriteYAML(w io.Writer) error {
	var b bytes.Buffer
	for i, d := range list {
		if i > 0 {
			b.WriteString("---\n")
		}
		if err := d.write(&b); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		b.WriteString("# no resource is on both sides\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (d *denominator) write(b *bytes.Buffer) error {
	switch {
	case d.Definition == nil:
		fmt.Fprintf(b, "# %s has no common denominator:\n", d.Resource)
	case len(d.Narrowed) > 0:
		fmt.Fprintf(b, "# %s accepts less than the one side or the other:\n", d.Resource)
	}
	for _, n := range d.Narrowed {
		fmt.Fprintf(b, "# - %s\n", strings.ReplaceAll(n.String(), "\n", " "))
	}
	if d.Definition == nil {
		return nil
	}
	data, err := yaml.Marshal(d.Definition)
	b.Write(data)
	return err
}
