package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/diag"
)

func newLock() *cobra.Command {
	var repo repoFlags
	var accept []string
	var maxReach int
	var yes bool
	var output, out string
	c := &cobra.Command{
		Use:   "lock",
		Short: "Show what of the implicit resources waits to be accepted, or accept it",
		Long: `lock compares the implicit resources of the tenancy repo with their locks, and
shows for each that differs which logical clusters it would newly touch (+),
take its objects away from (-) or give others (~), by organization.

--accept writes the lock beside the document, or removes that of a document
which is gone. Commit it together with the change: until then every logical
cluster stays with what was accepted last. A logical cluster that is new, or
that newly matches, needs no change of a lock.

An implicit resource is named as implicit/NAME, with its directory in front
where several have the name: orgs/acme/implicit/NAME.

lock exits 1 while anything waits to be accepted.`,
		Example: `  tenantry lock
  tenantry lock --accept implicit/auditors
  tenantry lock --accept orgs/acme/implicit/registry --max-reach 50`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("-o is text or json, not %q", output)
			}
			if len(accept) > 0 && repo.revision != "" {
				return fmt.Errorf("--accept writes into the files on disk, and --revision reads others")
			}
			if maxReach < -1 {
				return fmt.Errorf("--max-reach is a number of logical clusters, not %d", maxReach)
			}
			r, err := repo.compile(c, out)
			if err != nil {
				return err
			}
			chosen, err := choose(r.Changes, accept)
			if err != nil {
				return err
			}
			if len(accept) > 0 {
				return acceptAll(c, r, repo, chosen, maxReach, yes)
			}
			if err := writeChanges(c.OutOrStdout(), r, output); err != nil {
				return err
			}
			if slices.ContainsFunc(r.Changes, (*implicit.Change).Pending) {
				return errFindings
			}
			return nil
		},
	}
	repo.register(c)
	f := c.Flags()
	f.StringArrayVar(&accept, "accept", nil, "record an implicit resource as it stands: implicit/NAME; may be repeated")
	f.IntVar(&maxReach, "max-reach", -1, "refuse to accept what changes anything for more logical clusters than this")
	f.BoolVar(&yes, "yes", false, "accept it although it is above --max-reach")
	f.StringVarP(&output, "output", "o", "text", "format: text or json")
	f.StringVar(&out, "out", "", "the output whose pins hold; by default rendered, where the repo has it")
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// choose finds implicit resources by their names.
func choose(changes []*implicit.Change, names []string) ([]*implicit.Change, error) {
	var out []*implicit.Change
	for _, name := range names {
		var found []*implicit.Change
		var refs, near []string
		for _, change := range changes {
			ref := change.Ref()
			refs = append(refs, ref)
			if ref == name || strings.HasSuffix(ref, "/"+name) && strings.HasPrefix(name, "implicit/") {
				found = append(found, change)
				near = append(near, ref)
			}
		}
		if i := slices.Index(near, name); i >= 0 {
			found = found[i : i+1]
		}
		switch {
		case len(found) == 0 && len(refs) == 0:
			return nil, fmt.Errorf("there is no %s: the tenancy repo has no implicit resources", name)
		case len(found) == 0:
			hint := "there is " + shortList(refs, 12)
			if n := diag.Nearest(name, refs); n != "" {
				hint = "did you mean " + n + "?"
			}
			return nil, fmt.Errorf("there is no %s: %s", name, hint)
		case len(found) > 1:
			return nil, fmt.Errorf("%s stands in several directories: say which of %s", name, strings.Join(near, ", "))
		}
		out = append(out, found[0])
	}
	return out, nil
}

// acceptAll records changes, all of them or none.
func acceptAll(c *cobra.Command, r *compiler.Result, repo repoFlags, changes []*implicit.Change, maxReach int, yes bool) error {
	w := c.ErrOrStderr()
	refused := false
	for _, change := range changes {
		change.Compare(r.Tenancy, r.Implicit)
		switch n := change.Touched(); {
		case change.Invalid:
			if err := printReport(c, r, repo, reportFlags{format: "text"}); err != nil {
				return err
			}
			fmt.Fprintf(w, "%s is in error and cannot be accepted\n", change.Ref())
			refused = true
		case maxReach >= 0 && n > maxReach && !yes:
			describe(w, change)
			fmt.Fprintf(w, "%s changes something for %s, more than --max-reach %d; --yes accepts it all the same\n",
				change.Ref(), plural(n, "logical cluster"), maxReach)
			refused = true
		}
	}
	if refused {
		return errFindings
	}
	for _, change := range changes {
		file := implicit.LockFile(change.Dir, change.Key)
		path := filepath.Join(repo.dir, filepath.FromSlash(file))
		switch lock := change.Next(); {
		case lock == nil && change.Lock == nil:
			fmt.Fprintf(w, "%s is not locked: there is nothing to accept\n", change.Ref())
			continue
		case lock == nil:
			if err := os.Remove(path); err != nil {
				return err
			}
			fmt.Fprintf(w, "accepted %s: %s; %s removed\n", change.Ref(), change.Summary(), file)
		default:
			if err := writeWhole(path, lock.Encode()); err != nil {
				return err
			}
			fmt.Fprintf(w, "accepted %s, which reaches %s: %s; %s written\n", change.Ref(), plural(len(lock.Reach), "logical cluster"), change.Summary(), file)
		}
	}
	return nil
}

// writeWhole writes a file so that nobody sees a part of it.
func writeWhole(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".tenancy-lock-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(data); err != nil {
		return err
	}
	if err := temporary.Chmod(0o644); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// locked is an implicit resource as lock prints it.
type locked struct {
	Name    string          `json:"name"`
	Status  implicit.Status `json:"status"`
	Content bool            `json:"contentChanged,omitempty"`
	Select  bool            `json:"selectorChanged,omitempty"`
	Invalid bool            `json:"invalid,omitempty"`
	// Accepted is how many logical clusters it reached at acceptance, Reaches how
	// many it reaches as it stands.
	Accepted int               `json:"reachedAtAcceptance"`
	Reaches  int               `json:"reaches"`
	Touch    map[string]effect `json:"byOrganization,omitempty"`
}

type effect struct {
	Touch []string `json:"touch,omitempty"`
	Lose  []string `json:"lose,omitempty"`
	Alter []string `json:"alter,omitempty"`
}

func writeChanges(w io.Writer, r *compiler.Result, format string) error {
	rows := make([]locked, 0, len(r.Changes))
	for _, change := range r.Changes {
		if !change.Pending() {
			change.Compare(r.Tenancy, r.Implicit)
		}
		row := locked{Name: change.Ref(), Status: change.Status, Content: change.Content, Select: change.Selector, Invalid: change.Invalid, Reaches: len(change.Reach)}
		if change.Lock != nil {
			row.Accepted = len(change.Lock.Reach)
		}
		for _, o := range change.ByOrganization() {
			if row.Touch == nil {
				row.Touch = map[string]effect{}
			}
			row.Touch[o.Organization] = effect{o.Touch, o.Lose, o.Alter}
		}
		rows = append(rows, row)
	}
	if format == "json" {
		data, err := json.MarshalIndent(rows, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", data)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "IMPLICIT RESOURCE\tSTATUS\tREACHES\tAT ACCEPTANCE")
	for _, row := range rows {
		status, at := string(row.Status), "-"
		if row.Invalid {
			status += ", in error"
		}
		if row.Accepted > 0 || row.Status == implicit.Accepted {
			at = fmt.Sprint(row.Accepted)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\n", row.Name, status, row.Reaches, at)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, change := range r.Changes {
		if change.Pending() {
			fmt.Fprintln(w)
			describe(w, change)
		}
	}
	return nil
}

// describe lists what accepting a change would do, by organization.
func describe(w io.Writer, change *implicit.Change) {
	fmt.Fprintf(w, "accepting %s %s\n", change.Ref(), change.Summary())
	for _, o := range change.ByOrganization() {
		fmt.Fprintf(w, "  %s\n", o)
		for _, p := range []struct {
			sign string
			keys []string
		}{{"+", o.Touch}, {"-", o.Lose}, {"~", o.Alter}} {
			for _, key := range p.keys {
				fmt.Fprintf(w, "    %s %s\n", p.sign, key)
			}
		}
	}
}
