// Package examples holds tenancy repos to start from and to learn by. Each is a
// directory with a README, its tenancy repo and what it renders to.
package examples

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed simple/repo hosted/repo
var files embed.FS

// Names returns the names of the examples.
func Names() []string { return []string{"simple", "hosted"} }

// Files returns the files of an example's tenancy repo by path, without the CUE
// module and the copy of the schema, which schema.RepoFiles has.
func Files(name string) (map[string][]byte, error) {
	root := path.Join(name, "repo")
	if _, err := fs.Stat(files, root); err != nil {
		return nil, fmt.Errorf("there is no example %q; there are %s", name, strings.Join(Names(), " and "))
	}
	out := map[string][]byte{}
	err := fs.WalkDir(files, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(p, root+"/cue.mod/") {
			return err
		}
		data, err := files.ReadFile(p)
		out[strings.TrimPrefix(p, root+"/")] = data
		return err
	})
	return out, err
}
