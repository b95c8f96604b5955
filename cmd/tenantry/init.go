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
	"github.com/tenantry/tenantry/schema"
)

func newInit() *cobra.Command {
	var module, example string
	var force bool
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a directory a tenancy repo that builds at once",
		Long: `init writes what a tenancy repo needs: the CUE module, a copy of the schema (so
that "cue vet" and editors give the same answers as tenantry, with no registry),
and an example to start from. Files that exist are never changed, unless --force
is given for the copy of the schema, which a newer tenantry brings up to date.

Examples: ` + strings.Join(examples.Names(), ", ") + `.`,
		Example: `  tenantry init tenancy --module acme.example/tenancy
  tenantry init tenancy --example hosted
  tenantry init --force           # bring the copy of the schema up to date`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			if !moduleName.MatchString(module) {
				return fmt.Errorf("--module %q is not a CUE module path such as acme.example/tenancy", module)
			}
			return initRepo(c, dir, module, example, force)
		},
	}
	f := c.Flags()
	f.StringVar(&module, "module", "tenancy.example", "the CUE module path, for imports within the repo")
	f.StringVar(&example, "example", "simple", "the example to start from; none for an empty repo")
	f.BoolVar(&force, "force", false, "replace the copy of the schema")
	_ = c.RegisterFlagCompletionFunc("example", cobra.FixedCompletions(append(examples.Names(), "none"), cobra.ShellCompDirectiveNoFileComp))
	return c
}

var moduleName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(/[A-Za-z0-9._-]+)*$`)

func initRepo(c *cobra.Command, dir, module, example string, force bool) error {
	files := schema.RepoFiles(module)
	_, err := os.Stat(filepath.Join(dir, "cue.mod", "module.cue"))
	exists := err == nil
	if exists && !force {
		return fmt.Errorf("%s is a tenancy repo already; --force brings its copy of the schema up to date", dir)
	}
	if !exists && example != "none" {
		more, err := examples.Files(example)
		if err != nil {
			return err
		}
		for name, data := range more {
			if _, own := files[name]; !own {
				files[name] = data
			}
		}
	}
	var clashes []string
	for name := range files {
		if strings.HasPrefix(name, schema.VendorDir+"/") && force {
			continue
		}
		if exists {
			delete(files, name) // only the schema is brought up to date
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); !errors.Is(err, fs.ErrNotExist) {
			clashes = append(clashes, name)
		}
	}
	if len(clashes) > 0 {
		slices.Sort(clashes)
		return fmt.Errorf("nothing was written: these files stand in %s already: %s", dir, strings.Join(clashes, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return err
		}
	}
	w := c.OutOrStdout()
	if exists {
		fmt.Fprintf(w, "%s: the copy of the schema is up to date\n", dir)
		return nil
	}
	fmt.Fprintf(w, "%s is a tenancy repo of %s. Next:\n\n  cd %s\n  tenantry vet\n  tenantry build --bootstrap\n", dir, plural(len(files), "file"), dir)
	return nil
}
