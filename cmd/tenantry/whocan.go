package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/diag"
)

func newWhoCan() *cobra.Command {
	var q accessQuery
	var output string
	c := &cobra.Command{
		Use:   "who-can VERB RESOURCE[.GROUP][/SUBRESOURCE]",
		Short: "Show who may do something, and where",
		Long: `who-can prints every subject that may do something in logical clusters, and the
document that gives it. The resource is written as kubectl writes it, in the
plural; its group may be left out where only one API set's resource has the name.

A subject whose role grants it and whom admission refuses, in a logical cluster
that is frozen for one, is listed too, and DENIED says why. The platform and the
administrators of physical clusters are not listed: their rights are not in the
tenancy repo.`,
		Example: `  tenantry who-can create secrets --in 'acme/**'
  tenantry who-can create pods/exec --in acme/payments/prod
  tenantry who-can delete databases.db.acme.example -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o is table or json, not %q", output)
			}
			r, lcs, err := q.compile(c)
			if err != nil {
				return err
			}
			a, err := parseAction(args[0], args[1], r.Platforms)
			if err != nil {
				return err
			}
			f := findAccess(r, lcs, nil)
			rows := f.allowed(a)
			if output == "json" {
				err = writeJSON(c.OutOrStdout(), struct {
					Verb     string    `json:"verb"`
					Group    string    `json:"group"`
					Resource string    `json:"resource"`
					WhoCan   []allowed `json:"whoCan"`
				}{a.verb, a.group, a.resource, rows})
			} else {
				err = writeAllowed(c.OutOrStdout(), rows)
			}
			if err != nil {
				return err
			}
			return findings(r.Diagnostics)
		},
	}
	q.register(c)
	c.Flags().StringVarP(&output, "output", "o", "table", "format: table or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// action is what somebody may do.
type action struct{ verb, group, resource string }

// parseAction reads a verb and a resource. What seems misspelt is refused: the
// answer "nobody" to a question that was not meant would be worse than none.
func parseAction(verb, resource string, platforms []desired.Platform) (action, error) {
	verbs := map[string]bool{"impersonate": true, "escalate": true, "bind": true}
	for _, v := range access.Verbs() {
		verbs[v] = true
	}
	groups := map[string]map[string]bool{} // by resource, without its subresource
	for i := range platforms {
		for _, role := range platforms[i].Roles {
			for _, rule := range role.Rules {
				for _, v := range rule.Verbs {
					verbs[v] = true
				}
				for _, res := range rule.Resources {
					base, _, _ := strings.Cut(res, "/")
					if groups[base] == nil {
						groups[base] = map[string]bool{}
					}
					for _, g := range rule.Groups {
						groups[base][g] = true
					}
				}
			}
		}
	}
	if !verbs[verb] {
		known := slices.Sorted(maps.Keys(verbs))
		if hint := diag.DidYouMean(verb, known); hint != "" {
			return action{}, fmt.Errorf("there is no verb %s; %s", verb, hint)
		}
		return action{}, fmt.Errorf("there is no verb %s; there are %s", verb, strings.Join(known, ", "))
	}
	name, sub, hasSub := strings.Cut(resource, "/")
	base, group, qualified := strings.Cut(name, ".")
	if hasSub {
		sub = "/" + sub
	}
	in := groups[base]
	switch {
	case qualified && in[group], !qualified && in[""]:
		return action{verb, group, base + sub}, nil
	case !qualified && len(in) == 1:
		for group := range in {
			return action{verb, group, base + sub}, nil
		}
	case !qualified && len(in) > 1:
		var names []string
		for _, group := range slices.Sorted(maps.Keys(in)) {
			names = append(names, base+"."+group)
		}
		return action{}, fmt.Errorf("%s is a resource of several groups: %s", base, strings.Join(names, ", "))
	}
	var names []string
	for base, in := range groups {
		for group := range in {
			names = append(names, base, resourceName(group, base))
		}
	}
	slices.Sort(names)
	if hint := diag.DidYouMean(name, slices.Compact(names)); hint != "" {
		return action{}, fmt.Errorf("no logical cluster binds a resource %s; %s", name, hint)
	}
	return action{verb, group, base + sub}, nil
}

// allowed is a subject that may do it, as JSON.
type allowed struct {
	accessEntry
	// UnknownRole: it depends on a role whose content is not known here.
	UnknownRole bool `json:"unknownRole,omitempty"`
	// Denied by admission, though a role grants it.
	Denied   access.Refusal `json:"deniedBy,omitempty"`
	Versions []string       `json:"inVersions,omitempty"`

	place, from string
}

func (f *accessFound) allowed(a action) []allowed {
	out := []allowed{}
	for i := range f.entries {
		e := &f.entries[i]
		d := e.Rights.Decide(a.verb, a.group, a.resource)
		if !d.Granted && !d.Unknown {
			continue
		}
		out = append(out, allowed{accessEntry: f.entry(e), UnknownRole: d.Unknown, Denied: d.Refused, Versions: d.Versions, place: placeOf(e), from: from(e.Sources)})
	}
	return out
}

func writeAllowed(w io.Writer, rows []allowed) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "nobody")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "SUBJECT\tLOGICAL CLUSTER\tDENIED\tFROM")
	for _, r := range rows {
		denied := string(r.Denied)
		if r.UnknownRole {
			denied = "not known: depends on its role"
		}
		if len(r.Versions) > 0 {
			denied = "outside " + strings.Join(r.Versions, ", ")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Subject, r.place, orDash(denied), r.from)
	}
	return t.Flush()
}
