package compiler

import (
	"path"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

// checkUnread finds YAML and JSON files in the organization tree that nobody reads: they
// declare no documents, and no document names them. Whoever put them there expects
// something of them.
func checkUnread(f *facts) (found []tenancy.Finding) {
	named := map[string]bool{}
	for _, d := range f.documents.APISets {
		for _, v := range d.Spec.Versions {
			for _, r := range v.Resources {
				named[path.Join(d.Dir, r.File)] = true
			}
		}
	}
	for _, d := range f.documents.Implicit {
		for _, file := range d.Spec.Files {
			named[path.Join(d.Dir, file)] = true
		}
	}
	for _, file := range f.documents.View().Unread() {
		if !named[file] {
			found = append(found, tenancy.Finding{Diagnostic: diag.New(diag.UnreadFile, diag.Position{File: file},
				"nobody reads this file: it declares no documents, and no document names it").
				Suggest("name it in an API set or an implicit document, or move it out of %s/", document.OrganizationsDir)})
		}
	}
	return found
}
