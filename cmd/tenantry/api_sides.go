package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// apiSide is one side of a comparison.
type apiSide struct {
	impact.API
	// promise is that of the API set; empty where the side is none.
	promise schema.Promise
}

// apiSides reads the sides of a comparison, and compiles the tenancy repo once at
// most.
type apiSides struct {
	repo   repoFlags
	result *compiler.Result
}

func (s *apiSides) read(c *cobra.Command, name string) (*apiSide, error) {
	side, err := s.open(c, name)
	if err != nil {
		return nil, err
	}
	if len(side.Definitions)+len(side.Builtins) == 0 {
		return nil, fmt.Errorf("%s holds no CustomResourceDefinition", name)
	}
	return side, nil
}

func (s *apiSides) open(c *cobra.Command, name string) (*apiSide, error) {
	if name == "-" {
		data, err := io.ReadAll(c.InOrStdin())
		if err != nil {
			return nil, err
		}
		side := &apiSide{}
		return side, side.add("", "standard input", data)
	}
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return readSide(os.DirFS(name), filepath.ToSlash(name))
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		side := &apiSide{}
		return side, side.add(filepath.ToSlash(name), name, data)
	}
	if strings.Contains(name, ":") {
		return s.revision(c, name)
	}
	if set, version, ok := strings.Cut(name, "@"); ok && !strings.Contains(name, "/") {
		return s.version(c, set, version)
	}
	return nil, fmt.Errorf("there is no file or directory %s; a revision is written REV:PATH, a version of an API set SET@VERSION", name)
}

// revision reads a directory of a git revision, or a file of one.
func (s *apiSides) revision(c *cobra.Command, name string) (*apiSide, error) {
	revision, file, _ := strings.Cut(name, ":")
	files, err := source.Files(c.Context(), s.repo.dir, name, source.Options{})
	if err == nil {
		return readSide(files, file)
	}
	parent, base := path.Split(path.Clean(file))
	files, parentErr := source.Files(c.Context(), s.repo.dir, revision+":"+parent, source.Options{})
	if parentErr != nil {
		return nil, err
	}
	data, readErr := fs.ReadFile(files, base)
	if errors.Is(readErr, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no file or directory %s", revision, file)
	}
	if readErr != nil {
		return nil, readErr
	}
	side := &apiSide{}
	return side, side.add(path.Clean(file), name, data)
}

// readSide reads all definitions below a directory.
func readSide(files fs.FS, dir string) (*apiSide, error) {
	side := &apiSide{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return fs.SkipDir
		case d.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)):
			return nil
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		at := path.Join(dir, name)
		return side.add(at, at, data)
	})
	return side, err
}

// add reads the definitions of one file.
func (s *apiSide) add(file, name string, data []byte) error {
	found, err := definition.Read(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, d := range found {
		at := name
		if d.Line > 0 {
			at = fmt.Sprintf("%s:%d", name, d.Line)
		}
		if len(d.Problems) > 0 {
			return fmt.Errorf("%s: %s is not valid: %s", at, d.Name, strings.Join(d.Problems, "; "))
		}
		next := impact.Definition{Definition: d, File: file}
		if other := s.Find(next.Resource()); other != nil {
			return fmt.Errorf("%s: %s is defined twice; the other definition stands in %s", at, d.Name, other.File)
		}
		s.Definitions = append(s.Definitions, next)
	}
	return nil
}

// version reads a version or channel of an API set.
func (s *apiSides) version(c *cobra.Command, name, version string) (*apiSide, error) {
	v, err := s.find(c, name, version)
	if err != nil {
		return nil, err
	}
	return &apiSide{API: *impact.Of(v), promise: v.Set.Spec.Promise}, nil
}

// named returns what SET@VERSION names.
func (s *apiSides) named(c *cobra.Command, name string) (*tenancy.APIVersion, error) {
	set, version, ok := strings.Cut(name, "@")
	if !ok {
		return nil, fmt.Errorf("a version of an API set is named SET@VERSION, not %q", name)
	}
	return s.find(c, set, version)
}

// find returns a version of an API set by its name or that of a channel.
func (s *apiSides) find(c *cobra.Command, name, version string) (*tenancy.APIVersion, error) {
	if s.result == nil {
		o, err := s.repo.options(c)
		if err != nil {
			return nil, err
		}
		s.repo.usePinsOf(&o, "")
		o.Unpromised = true
		if s.result, err = compiler.Compile(c.Context(), o); err != nil {
			return nil, err
		}
	}
	for _, d := range s.result.Diagnostics {
		if d.Severity == diag.Error && d.Document == fmt.Sprintf("apiSets %q", name) {
			return nil, fmt.Errorf("API set %s is in error: %s: %s", name, d.Code, d.Message)
		}
	}
	var sets []*tenancy.APISet
	var names []string
	for _, set := range s.result.Tenancy.APISets {
		names = append(names, set.Name)
		if set.Name == name {
			sets = append(sets, set)
		}
	}
	switch len(sets) {
	case 0:
		return nil, fmt.Errorf("there is no API set %q%s", name, meant(name, names))
	case 1:
	default:
		return nil, fmt.Errorf("there are %d API sets %s: one in %s, one in %s; name their files instead", len(sets), name, sets[0].Dir, sets[1].Dir)
	}
	if v := sets[0].Find(version); v != nil {
		return v, nil
	}
	var versions []string
	for _, v := range sets[0].Versions {
		versions = append(versions, v.Name)
	}
	return nil, fmt.Errorf("API set %s has no version or channel %q; its versions are %s", name, version, strings.Join(versions, ", "))
}

func meant(name string, names []string) string {
	if hint := diag.DidYouMean(name, names); hint != "" {
		return "; " + hint
	}
	return ""
}
