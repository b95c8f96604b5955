package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/render/publish"
)

const publishHelp = `publish builds a revision of the tenancy repo and commits the output to a
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
repo holds what it concerns; everybody else's is published, and publish exits 1.`

type publishFlags struct {
	repoFlags
	output            findingsOutput
	to, path          string
	maxDeletions      int
	strict, bootstrap bool
}

func newPublish() *cobra.Command {
	var f publishFlags
	c := &cobra.Command{
		Use:   "publish",
		Short: "Build a revision and commit the output to a branch",
		Long:  publishHelp,
		Example: `  tenantry publish --to rendered --bootstrap     # the first time
  tenantry publish --to rendered --as-of today && git push origin rendered`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c)
	f.registerStatus(c)
	f.output.register(c)
	fs := c.Flags()
	fs.StringVar(&f.to, "to", "", "the branch to publish to")
	fs.StringVar(&f.path, "path", "", "the directory of the output in the branch; by default its root")
	fs.IntVar(&f.maxDeletions, "max-deletions", 10, "how many namespaces may go in one commit")
	fs.BoolVar(&f.strict, "strict", false, "publish nothing where there is any error")
	fs.BoolVar(&f.bootstrap, "bootstrap", false, "allow a branch without pins: the first output")
	return c
}

func (f *publishFlags) run(c *cobra.Command) error {
	o, err := f.options(c)
	if err != nil {
		return err
	}
	branch, err := publish.Open(f.dir, f.to, f.path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tenantry-publish-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.Out, o.Pins = filepath.Join(dir, "out"), branch.Pins()
	r, err := compiler.Compile(c.Context(), o)
	if err != nil {
		return err
	}
	if err := f.output.print(c, r, &f.repoFlags); err != nil {
		return err
	}
	if r.From.Provisional && !f.bootstrap {
		return fmt.Errorf("the branch %s holds no output yet; if this is the first one, say --bootstrap", f.to)
	}
	message := fmt.Sprintf("nothing was published; %s stands as it was", f.to)
	if r.Written != nil {
		if message, err = f.commit(c.Context(), branch, o.Out, r); err != nil {
			return err
		}
	}
	fmt.Fprintln(c.ErrOrStderr(), message)
	return findings(r.Diagnostics)
}

// options are the compiler's, but for where it reads the pins and writes to.
func (f *publishFlags) options(c *cobra.Command) (compiler.Options, error) {
	if f.to == "" {
		return compiler.Options{}, errors.New("--to names the branch to publish to")
	}
	o, err := f.repoFlags.options(c)
	if err != nil {
		return o, err
	}
	if o.Pins != "" {
		return o, errors.New("--pins has no place here: the pins are those on the branch")
	}
	if o.Revision == "" {
		o.Revision = "HEAD"
	}
	o.Strict, o.Bootstrap = f.strict, f.bootstrap
	return o, nil
}

// commit commits what was built, and says where the branch is then.
func (f *publishFlags) commit(ctx context.Context, branch *publish.Branch, built string, r *compiler.Result) (string, error) {
	hash, err := branch.Publish(ctx, built, publish.Commit{Source: r.Tree.Revision(), AsOf: r.AsOf, MaxDeletions: f.maxDeletions})
	if err != nil {
		return "", err
	}
	if hash == "" {
		return fmt.Sprintf("%s holds the output of %s already", f.to, r.Tree.Name()), nil
	}
	return fmt.Sprintf("%s is at %.7s: %s as of %s", f.to, hash, r.Tree.Name(), r.AsOf), nil
}
