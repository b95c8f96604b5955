package compiler

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

// manyInFile is how many logical clusters in one file are many.
const manyInFile = 10

// checkCrowded finds files in which many logical clusters share a file with an organization
// or a limit. Files are put back together where one of them can't be read, so a mistake in
// such a file may hold all that it has, and files of their own keep mistakes small.
func checkCrowded(f *facts) (found []tenancy.Finding) {
	if !f.options.Advise {
		return nil
	}
	count := map[string]int{}
	for _, d := range f.documents.LogicalClusters {
		count[d.Pos.File]++
	}
	advise := func(at diag.Position, what string) {
		if n := count[at.File]; n >= manyInFile {
			found = append(found, tenancy.Finding{Diagnostic: diag.New(diag.CrowdedFile, at, "%s shares a file with %d logical clusters, and a mistake in one of them may hold all", what, n).
				Suggest("put it into a file of its own")})
		}
	}
	for _, d := range f.documents.Organizations {
		advise(d.Pos, "organization "+d.Key)
	}
	limits := f.documents.View().Limits()
	for _, file := range slices.Sorted(maps.Keys(limits)) {
		advise(limits[file], "a limit")
	}
	return found
}
