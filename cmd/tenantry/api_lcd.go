package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// denominator is what api lcd found for one resource.
type denominator struct {
	Resource string `json:"resource"`
	// Definition is nil where there is none.
	Definition map[string]any `json:"definition,omitempty"`
	// Narrowed is what is left out, or why there is none.
	Narrowed []evolution.Narrowing `json:"narrowed"`
}

func newAPILCD() *cobra.Command {
	var repo repoFlags
	var output string
	c := &cobra.Command{
		Use:   "lcd A B",
		Short: "Find the lowest common denominator of two APIs",
		Long: `lcd prints CustomResourceDefinitions that accept only what both sides accept: an
object that is valid under one of them, with its defaults, is valid under A and
under B, and means the same. Whoever keeps to it can work with either.

What one side has and the result has not is told as comments. A field by which the
sides do not go together is left out; where it can't be, there is no common
denominator. Where the sides fill in different defaults, a value must be given.

A and B are each one of
  FILE or DIRECTORY    with CustomResourceDefinitions in YAML or JSON
  -                    standard input
  REV:PATH             a file or directory in a git revision, from the root of the
                       repository that --dir lies in
  SET@VERSION          a version or channel of an API set of the tenancy repo

Exit codes: 0 every resource of both sides has one, 1 one has none, or no resource
is on both sides, 2 the command could not run.`,
		Example: `  tenantry api lcd database@v1 database@v2
  tenantry api lcd v1.20:config/crd v1.21:config/crd -o json
  tenantry api lcd a.yaml b.yaml > common.yaml`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if output != "yaml" && output != "json" {
				return fmt.Errorf("-o is yaml or json, not %q", output)
			}
			if args[0] == "-" && args[1] == "-" {
				return fmt.Errorf("only one side can come from standard input")
			}
			sides := &apiSides{repo: repo}
			a, err := sides.read(c, args[0])
			if err != nil {
				return err
			}
			b, err := sides.read(c, args[1])
			if err != nil {
				return err
			}
			found, err := denominators(a, b)
			if err != nil {
				return err
			}
			return writeDenominators(c, found, output)
		},
	}
	repo.register(c)
	c.Flags().StringVarP(&output, "output", "o", "yaml", "format: yaml, json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"yaml", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// denominators are those of all resources that both sides define, by name.
func denominators(a, b *apiSide) ([]denominator, error) {
	out := []denominator{}
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

func writeDenominators(c *cobra.Command, found []denominator, output string) error {
	w := c.OutOrStdout()
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if err := e.Encode(struct {
			Resources []denominator `json:"resources"`
		}{found}); err != nil {
			return err
		}
	} else {
		var b bytes.Buffer
		for i, d := range found {
			if i > 0 {
				b.WriteString("---\n")
			}
			if d.Definition == nil {
				fmt.Fprintf(&b, "# %s has no common denominator:\n", d.Resource)
			} else if len(d.Narrowed) > 0 {
				fmt.Fprintf(&b, "# %s accepts less than the one side or the other:\n", d.Resource)
			}
			for _, n := range d.Narrowed {
				fmt.Fprintf(&b, "# - %s\n", strings.ReplaceAll(n.String(), "\n", " "))
			}
			if d.Definition != nil {
				data, err := yaml.Marshal(d.Definition)
				if err != nil {
					return err
				}
				b.Write(data)
			}
		}
		if len(found) == 0 {
			b.WriteString("# no resource is on both sides\n")
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return err
		}
	}
	if len(found) == 0 || slices.ContainsFunc(found, func(d denominator) bool { return d.Definition == nil }) {
		return errFindings
	}
	return nil
}
