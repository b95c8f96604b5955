package schema

import (
	"fmt"
	"path"
)

// LanguageVersion is the version of the CUE language that a tenancy repo's
// module names.
const LanguageVersion = "v0.17.0"

// RootFile is the file at the root of a tenancy repo that closes it with the
// schema. The experiment makes an embedded definition stay closed, so that an
// unknown field is refused at the top level too.
const RootFile = `// Everything in this repo is a tenancy document: fields that the schema does
// not know are refused, here and in every directory below.
@experiment(explicitopen)

package tenancy

import schema "tenantry.dev/schema/v1alpha1"

schema.#Tenancy
`

// RepoFiles returns the files that make a directory a tenancy repo, by path: the
// CUE module, the schema for editors and `cue vet`, the library of policy modules,
// and RootFile.
func RepoFiles(module string) map[string][]byte {
	out := map[string][]byte{
		"cue.mod/module.cue": fmt.Appendf(nil, "module: %q\nlanguage: version: %q\n", module, LanguageVersion),
		"tenancy.cue":        []byte(RootFile),
	}
	for _, f := range Files() {
		out[path.Join(VendorDir, f.Name)] = f.Data
	}
	for _, f := range Library() {
		out[path.Join(LibraryDir, f.Name)] = f.Data
	}
	return out
}
