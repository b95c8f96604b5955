// Package schema is the language of a tenancy repo: the CUE schema, embedded,
// and the Go types of the documents that it describes. A test holds the two
// equal.
package schema

import (
	"crypto/sha256"
	"embed"
	"io/fs"
	"path"
)

// ImportPath is how CUE files import the schema.
const ImportPath = "tenantry.dev/schema/v1alpha1"

// VendorDir is where `tenantry init` puts a copy of the schema in a tenancy
// repo, so that plain `cue vet` and editors find it. The compiler never reads
// that copy.
const VendorDir = "cue.mod/pkg/" + ImportPath

// LibraryPath is how CUE files import the library of policy modules, and
// LibraryDir where `tenantry init` puts it. Unlike the schema it is read from
// there: a newer tool changes no policy until the copy is renewed.
const (
	LibraryPath = "tenantry.dev/library"
	LibraryDir  = "cue.mod/pkg/" + LibraryPath
)

//go:embed v1alpha1/*.cue library/*.cue
var files embed.FS

// File is one CUE file of the schema.
type File struct {
	Name string
	Data []byte
}

// Files returns the CUE files of the schema, sorted by name.
func Files() []File { return filesOf("v1alpha1") }

// Library returns the CUE files of the library of policy modules, sorted by name.
func Library() []File { return filesOf("library") }

func filesOf(dir string) []File {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		panic(err) // the files are part of the binary
	}
	out := make([]File, 0, len(entries))
	for _, e := range entries {
		data, err := files.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			panic(err)
		}
		out = append(out, File{Name: e.Name(), Data: data})
	}
	return out
}

// Digest identifies the text of some files.
func Digest(files []File) [32]byte {
	h := sha256.New()
	for _, f := range files {
		h.Write([]byte(f.Name))
		h.Write([]byte{0})
		h.Write(f.Data)
		h.Write([]byte{0})
	}
	return [32]byte(h.Sum(nil))
}

// Kind names a map of documents, as it stands in a CUE file.
type Kind string

// The maps of a tenancy repo. The registry in compiler/load/document says what each is.
const (
	KindSettings         Kind = "settings"
	KindPhysicalClusters Kind = "physicalClusters"
	KindAPISets          Kind = "apiSets"
	KindClasses          Kind = "classes"
	KindOrganizations    Kind = "organizations"
	KindLogicalClusters  Kind = "logicalClusters"
	KindModules          Kind = "modules"
	KindPolicies         Kind = "policies"
	KindExemptions       Kind = "exemptions"
	KindRevocations      Kind = "revocations"
	KindImplicit         Kind = "implicit"
	KindPrices           Kind = "prices"
)
