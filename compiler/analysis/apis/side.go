// Package apis compares APIs: what changes from one side to another and for whom, and
// what both sides have in common. A side is a set of definitions from files, a git
// revision or a version of an API set.
package apis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/input"
	"github.com/tenantry/tenantry/schema"
)

// Side is one side of a comparison.
type Side struct {
	impact.API
	// Promise is that of the API set; empty where the side is none.
	Promise schema.Promise
}

// Sides reads the sides of a comparison, and compiles the tenancy repo once at most.
type Sides struct {
	// Dir lies in the git repository that revisions are read from.
	Dir   string
	Stdin io.Reader
	// Compile compiles the tenancy repo.
	Compile func() (*compiler.Result, error)

	result *compiler.Result
}

// Read reads a side: a file or directory, "-", REV:PATH or SET@VERSION. A side without a
// definition is an error.
func (s *Sides) Read(ctx context.Context, name string) (*Side, error) {
	side, err := s.open(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(side.Definitions)+len(side.Builtins) == 0 {
		return nil, fmt.Errorf("%s holds no CustomResourceDefinition", name)
	}
	return side, nil
}

// ReadBoth reads two sides, of which one at most is standard input.
func (s *Sides) ReadBoth(ctx context.Context, a, b string) (*Side, *Side, error) {
	if a == "-" && b == "-" {
		return nil, nil, errors.New("only one side can come from standard input")
	}
	first, err := s.Read(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	second, err := s.Read(ctx, b)
	return first, second, err
}

func (s *Sides) open(ctx context.Context, name string) (*Side, error) {
	side := &Side{}
	if name == "-" {
		data, err := io.ReadAll(s.Stdin)
		if err != nil {
			return nil, err
		}
		return side, side.add("", input.StandardInput, data)
	}
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return readSide(os.DirFS(name), filepath.ToSlash(name))
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return side, side.add(filepath.ToSlash(name), name, data)
	}
	if strings.Contains(name, ":") {
		return s.revision(ctx, name)
	}
	if set, version, ok := strings.Cut(name, "@"); ok && !strings.Contains(name, "/") {
		v, err := s.version(set, version)
		if err != nil {
			return nil, err
		}
		return &Side{API: *impact.Of(v), Promise: v.Set.Spec.Promise}, nil
	}
	return nil, fmt.Errorf("there is no file or directory %s; a revision is written REV:PATH, a version of an API set SET@VERSION", name)
}

// revision reads a directory of a git revision, or a file of one.
func (s *Sides) revision(ctx context.Context, name string) (*Side, error) {
	revision, file, _ := strings.Cut(name, ":")
	files, err := source.Files(ctx, s.Dir, name, source.Options{})
	if err == nil {
		return readSide(files, file)
	}
	parent, base := path.Split(path.Clean(file))
	files, parentErr := source.Files(ctx, s.Dir, revision+":"+parent, source.Options{})
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
	side := &Side{}
	return side, side.add(path.Clean(file), name, data)
}

// readSide reads all definitions below a directory.
func readSide(files fs.FS, dir string) (*Side, error) {
	found, err := input.ReadFS(files, dir)
	if err != nil {
		return nil, err
	}
	side := &Side{}
	for _, f := range found {
		if err := side.add(f.Name, f.Name, f.Data); err != nil {
			return nil, err
		}
	}
	return side, nil
}

// add reads the definitions of one file.
func (s *Side) add(file, name string, data []byte) error {
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

// named returns what SET@VERSION names.
func (s *Sides) named(name string) (*tenancy.APIVersion, error) {
	set, version, ok := strings.Cut(name, "@")
	if !ok {
		return nil, fmt.Errorf("a version of an API set is named SET@VERSION, not %q", name)
	}
	return s.version(set, version)
}

// version returns a version of an API set by its name or that of a channel.
func (s *Sides) version(name, version string) (*tenancy.APIVersion, error) {
	if s.result == nil {
		r, err := s.Compile()
		if err != nil {
			return nil, err
		}
		s.result = r
	}
	for _, d := range s.result.Diagnostics {
		if d.Severity == diag.Error && d.Document == fmt.Sprintf("apiSets %q", name) {
			return nil, fmt.Errorf("API set %s is in error: %s: %s", name, d.Code, d.Message)
		}
	}
	set, err := findSet(s.result.Tenancy, name)
	if err != nil {
		return nil, err
	}
	if v := set.Find(version); v != nil {
		return v, nil
	}
	var versions []string
	for _, v := range set.Versions {
		versions = append(versions, v.Name)
	}
	return nil, fmt.Errorf("API set %s has no version or channel %q; its versions are %s", name, version, strings.Join(versions, ", "))
}

func findSet(t *tenancy.Tenancy, name string) (*tenancy.APISet, error) {
	var sets []*tenancy.APISet
	var names []string
	for _, set := range t.APISets {
		names = append(names, set.Name)
		if set.Name == name {
			sets = append(sets, set)
		}
	}
	switch len(sets) {
	case 0:
		return nil, fmt.Errorf("there is no API set %q%s", name, diag.Hint(name, names))
	case 1:
		return sets[0], nil
	}
	return nil, fmt.Errorf("there are %d API sets %s: one in %s, one in %s; name their files instead", len(sets), name, sets[0].Dir, sets[1].Dir)
}
