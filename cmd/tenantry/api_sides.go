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
	"github.com/tenantry/tenantry/compiler/definition"
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/evolution"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// apiSide is one side of a comparison.
type apiSide struct {
	// definitions are valid, and no two of one resource.
	definitions []sideDefinition
	// builtin are the resources of an API set that are built into Kubernetes.
	builtin []string
	// promise is that of the API set; empty where the side is none.
	promise schema.Promise
}

type sideDefinition struct {
	*definition.Definition
	file string
}

func (d sideDefinition) resource() string {
	return d.CRD.Spec.Names.Plural + "." + d.CRD.Spec.Group
}

func (s *apiSide) resources() []string {
	var out []string
	for _, d := range s.definitions {
		out = append(out, d.resource())
	}
	return out
}

func (s *apiSide) find(resource string) *sideDefinition {
	i := slices.IndexFunc(s.definitions, func(d sideDefinition) bool { return d.resource() == resource })
	if i < 0 {
		return nil
	}
	return &s.definitions[i]
}

// position returns where this side has what a change speaks of; none for
// standard input.
func (s *apiSide) position(c *evolution.Change) diag.Position {
	d := s.find(c.Resource)
	if d == nil || d.file == "" {
		return diag.Position{}
	}
	var keys []string
	if c.Path != "" {
		keys = evolution.Keys(c.Path)
	}
	line, column := d.Find(c.Version, keys...)
	return diag.Position{File: d.file, Line: line, Column: column}
}

// apiSides reads the sides of a comparison, and compiles the tenancy repo once at
// most.
type apiSides struct {
	repo    repoFlags
	tenancy *tenancy.Tenancy
	report  *compiler.Result
}

func (s *apiSides) read(c *cobra.Command, name string) (*apiSide, error) {
	side, err := s.open(c, name)
	if err != nil {
		return nil, err
	}
	if len(side.definitions)+len(side.builtin) == 0 {
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
		next := sideDefinition{d, file}
		if other := s.find(next.resource()); other != nil {
			return fmt.Errorf("%s: %s is defined twice; the other definition stands in %s", at, d.Name, other.file)
		}
		s.definitions = append(s.definitions, next)
	}
	return nil
}

// version reads a version or channel of an API set.
func (s *apiSides) version(c *cobra.Command, name, version string) (*apiSide, error) {
	if s.tenancy == nil {
		o, err := s.repo.options(c)
		if err != nil {
			return nil, err
		}
		s.repo.usePinsOf(&o, "")
		r, err := compiler.Compile(c.Context(), o)
		if err != nil {
			return nil, err
		}
		s.tenancy, s.report = r.Tenancy, r
	}
	for _, d := range s.report.Diagnostics {
		if d.Severity == diag.Error && d.Document == fmt.Sprintf("apiSets %q", name) {
			return nil, fmt.Errorf("API set %s is in error: %s: %s", name, d.Code, d.Message)
		}
	}
	var sets []*tenancy.APISet
	var names []string
	for _, set := range s.tenancy.APISets {
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
	set := sets[0]
	if target, ok := set.Spec.Channels[version]; ok {
		version = target
	}
	i := slices.IndexFunc(set.Versions, func(v *tenancy.APIVersion) bool { return v.Name == version })
	if i < 0 {
		var versions []string
		for _, v := range set.Versions {
			versions = append(versions, v.Name)
		}
		return nil, fmt.Errorf("API set %s has no version or channel %q; its versions are %s", name, version, strings.Join(versions, ", "))
	}
	side := &apiSide{promise: set.Spec.Promise}
	for _, r := range set.Versions[i].Resources {
		if r.CRD == nil || r.CRD.Definition == nil {
			side.builtin = append(side.builtin, r.Key)
			continue
		}
		d := &definition.Definition{Name: r.CRD.Name, Text: r.CRD.Data, Line: r.CRD.Line, CRD: r.CRD.Definition.DeepCopy()}
		if len(r.Versions) > 0 {
			// What the set does not list, those who bind it can't write.
			for i := range d.CRD.Spec.Versions {
				v := &d.CRD.Spec.Versions[i]
				v.Served = v.Served && slices.Contains(r.Versions, v.Name)
			}
		}
		side.definitions = append(side.definitions, sideDefinition{d, r.CRD.File})
	}
	return side, nil
}

func meant(name string, names []string) string {
	if hint := diag.DidYouMean(name, names); hint != "" {
		return "; " + hint
	}
	return ""
}
