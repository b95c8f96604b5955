package render_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// The schema lists the backings and engines that come with Tenantry, and the defaults
// name two of them.
func TestSchemaNamesTargets(t *testing.T) {
	table := render.BuiltIn().Table()
	if diff := cmp.Diff(schema.Files(), schema.FilesFor(table.Names())); diff != "" {
		t.Errorf("the schema names others (-schema +registries):\n%s", diff)
	}
	if table.Engines.Named(schema.DefaultGitOps().Engine) == nil || table.Backings.Named(schema.DefaultLogicalCluster().Backing) == nil {
		t.Error("a default is in no registry")
	}
}

// capabilities are all that there are.
var capabilities = []target.Capability{target.SeveralNamespaces, target.CreatingNamespaces, target.OwnDefinitions, target.ClusterRoles,
	target.OwnWebhooks, target.CustomResources, target.NetworkStance, target.AdmissionPolicies, target.ImplicitResources,
	target.SourceOfTheTeam, target.FreezingAndDeleting}

// Each backing says of each capability how far it is kept, and why it is not.
func TestCapabilities(t *testing.T) {
	for _, b := range render.BuiltIn().Table().Backings {
		for _, c := range capabilities {
			s, ok := b.Capabilities[c]
			if !ok || (s.Level != target.Kept) != (s.Reason != "") {
				t.Errorf("%s: %s is %+v", b.Name, c, s)
			}
		}
	}
}

// named finds what names a backing or an engine in a program.
var named = regexp.MustCompile(`^(flux|argo|dedicated)$|fluxcd\.io|argoproj\.io|kustomize-controller|argocd-`)

// No production file outside the packages of backings and engines names one, but for
// the defaults of the language, and texts for people.
func TestTargetsAreNamedOnce(t *testing.T) {
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		path := filepath.ToSlash(strings.TrimPrefix(name, "../"))
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if slices.Contains([]string{"fixtures", "render/engine/flux", "render/engine/argo", "render/backing/namespace", "render/backing/dedicated"}, path) {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"), path == "schema/defaults.go":
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if imports, ok := decl.(*ast.GenDecl); ok && imports.Tok == token.IMPORT {
				continue
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if text, err := strconv.Unquote(l.Value); err == nil && named.MatchString(text) {
						t.Errorf("%s names %q", path, text)
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
