package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/examples"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

const initHelp = `init writes what a tenancy repo needs: the CUE module, a copy of the schema (so
that "cue vet" and editors give the same answers as tenantry, with no registry),
and an example to start from. Files that exist are never changed, unless --force
is given for the copy of the schema, which a newer tenantry brings up to date.

Examples: `

type initFlags struct {
	module, example string
	force           bool
}

func newInit() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a directory a tenancy repo that builds at once",
		Long:  initHelp + strings.Join(examples.Names(), ", ") + ".",
		Example: `  tenantry init tenancy --module acme.example/tenancy
  tenantry init tenancy --example hosted
  tenantry init --force           # bring the copy of the schema up to date`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	fs := c.Flags()
	fs.StringVar(&f.module, "module", "tenancy.example", "the CUE module path, for imports within the repo")
	fs.StringVar(&f.example, "example", "simple", "the example to start from; none for an empty repo")
	fs.BoolVar(&f.force, "force", false, "replace the copy of the schema")
	cli.Complete(c, "example", append(examples.Names(), "none")...)
	return c
}

var moduleName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(/[A-Za-z0-9._-]+)*$`)

func (f *initFlags) run(c *cobra.Command, args []string) error {
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	if !moduleName.MatchString(f.module) {
		return fmt.Errorf("--module %q is not a CUE module path such as acme.example/tenancy", f.module)
	}
	w := c.OutOrStdout()
	if _, err := os.Stat(filepath.Join(dir, "cue.mod", "module.cue")); err == nil {
		if !f.force {
			return fmt.Errorf("%s is a tenancy repo already; --force brings its copy of the schema up to date", dir)
		}
		if err := renewSchema(dir, f.module); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: the copy of the schema is up to date\n", dir)
		return nil
	}
	n, err := f.create(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s is a tenancy repo of %s. Next:\n\n  cd %s\n  tenantry vet\n  tenantry build --bootstrap\n", dir, printer.Count(n, "file"), dir)
	return nil
}

// renewSchema brings the copy of the schema in a tenancy repo up to date.
func renewSchema(dir, module string) error {
	files := schema.RepoFiles(module)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return !isSchema(name) })
	return writeFiles(dir, files)
}

func isSchema(name string) bool { return strings.HasPrefix(name, schema.VendorDir+"/") }

// create writes a new tenancy repo, and returns how many files it has. Files that exist
// are left alone: then nothing is written.
func (f *initFlags) create(dir string) (int, error) {
	files := schema.RepoFiles(f.module)
	if f.example != "none" {
		more, err := examples.Files(f.example)
		if err != nil {
			return 0, err
		}
		maps.Copy(more, files)
		files = more
	}
	var clashes []string
	for name := range files {
		if isSchema(name) && f.force {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); !errors.Is(err, fs.ErrNotExist) {
			clashes = append(clashes, name)
		}
	}
	if len(clashes) > 0 {
		slices.Sort(clashes)
		return 0, fmt.Errorf("nothing was written: these files stand in %s already: %s", dir, strings.Join(clashes, ", "))
	}
	return len(files), writeFiles(dir, files)
}

func writeFiles(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
