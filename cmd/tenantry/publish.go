package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/render/publish"
)

func newPublish() *cobra.Command {
	var repo repoFlags
	var report reportFlags
	var to, path string
	var most int
	var strict, bootstrap bool
	c := &cobra.Command{
		Use:   "publish",
		Short: "Build a revision and commit the output to a branch",
		Long: `publish builds a revision of the tenancy repo and commits the output to a
branch of the same git repository, from where Flux or Argo CD read it. The build
goes on from the pins on that branch, and the commit follows the very commit
that they were read from: if the branch moves meanwhile, nothing is published.
Then publish again.

The commit names the revision that was built. Where the branch holds the same
output already, there is none. Neither the working tree nor the remote is
touched: push the branch with git, which refuses it if somebody was faster.

An output is refused if a namespace would go that was not declared deleted, if
more namespaces would go than --max-deletions, if nothing is rendered any more
for a physical cluster that had tenants, or if the branch holds the output of a
revision that comes after this one. As with build, an error in the
repo holds what it concerns; everybody else's is published, and publish exits 1.`,
		Example: `  tenantry publish --to rendered --bootstrap     # the first time
  tenantry publish --to rendered --as-of today && git push origin rendered`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if to == "" {
				return fmt.Errorf("--to names the branch to publish to")
			}
			o, err := repo.options(c)
			if err != nil {
				return err
			}
			if o.Pins != "" {
				return fmt.Errorf("--pins has no place here: the pins are those on the branch")
			}
			if o.Revision == "" {
				o.Revision = "HEAD"
			}
			branch, err := publish.Open(repo.dir, to, path)
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "tenantry-publish-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			o.Out, o.Pins, o.Strict, o.Bootstrap = filepath.Join(dir, "out"), branch.Pins(), strict, bootstrap
			r, err := compiler.Compile(c.Context(), o)
			if err != nil {
				return err
			}
			if err := printReport(c, r, repo, report); err != nil {
				return err
			}
			if r.Provisional && !bootstrap {
				return fmt.Errorf("the branch %s holds no output yet; if this is the first one, say --bootstrap", to)
			}
			if r.Written == nil {
				fmt.Fprintf(c.ErrOrStderr(), "nothing was published; %s stands as it was\n", to)
				return findings(r.Diagnostics)
			}
			hash, err := branch.Publish(c.Context(), o.Out, publish.Commit{Source: r.Tree.Revision(), AsOf: r.AsOf, MaxDeletions: most})
			switch {
			case err != nil:
				return err
			case hash == "":
				fmt.Fprintf(c.ErrOrStderr(), "%s holds the output of %s already\n", to, r.Tree.Name())
			default:
				fmt.Fprintf(c.ErrOrStderr(), "%s is at %.7s: %s as of %s\n", to, hash, r.Tree.Name(), r.AsOf)
			}
			return findings(r.Diagnostics)
		},
	}
	repo.register(c)
	report.register(c)
	f := c.Flags()
	f.StringVar(&to, "to", "", "the branch to publish to")
	f.StringVar(&path, "path", "", "the directory of the output in the branch; by default its root")
	f.IntVar(&most, "max-deletions", 10, "how many namespaces may go in one commit")
	f.BoolVar(&strict, "strict", false, "publish nothing where there is any error")
	f.BoolVar(&bootstrap, "bootstrap", false, "allow a branch without pins: the first output")
	return c
}
