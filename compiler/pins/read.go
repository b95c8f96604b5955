package pins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/internal/store"
)

// ErrNone says that an output holds no pins at all, so nothing was decided yet.
var ErrNone = errors.New("the output holds no pins")

// Read reads the pins of an output, whose root the file system is. It returns
// ErrNone where there is no directory of pins. Whatever is there must be whole:
// a damaged or missing file is an error that names it, since reading it as empty
// would mean to decide anew where its logical clusters stand. The cache may be
// nil; it keeps what files were parsed to.
func Read(fsys fs.FS, c *store.Cache) (*Pins, error) {
	if _, err := fs.Stat(fsys, root); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	} else if err != nil {
		return nil, err
	}
	var names []string
	err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		if (p == definitionsDir || p == librariesDir) && d != nil && d.IsDir() {
			return fs.SkipDir // each is read when somebody asks for it
		}
		if err == nil && !d.IsDir() && path.Ext(p) == ".yaml" {
			if !d.Type().IsRegular() {
				return fmt.Errorf("%s: not a regular file", p)
			}
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	files := make([]*file, len(names))
	damaged := make([]error, len(names))
	parallel.Each(len(names), func(i int) {
		if files[i], damaged[i] = readFile(fsys, names[i], c); damaged[i] != nil {
			damaged[i] = fmt.Errorf("damaged pins: %w", damaged[i])
		}
	})
	if err := errors.Join(damaged...); err != nil {
		return nil, err
	}
	p, err := join(names, files)
	if err == nil {
		p.Definition, p.Library = definitionsIn(fsys), librariesIn(fsys)
	}
	return p, err
}

// definitionsIn reads the texts of definitions from an output.
func definitionsIn(fsys fs.FS) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		data, err := fs.ReadFile(fsys, path.Join(definitionsDir, name+".yaml"))
		if err != nil {
			return nil, fmt.Errorf("damaged pins: %w", err)
		}
		return bytes.TrimPrefix(data, []byte(outdir.Header)), nil
	}
}

func readFile(fsys fs.FS, name string, c *store.Cache) (*file, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	key := cacheKey(data)
	if f, ok := cached(c, key); ok {
		return f, nil
	}
	if !bytes.HasSuffix(data, []byte("\n"+ending)) {
		return nil, fmt.Errorf("%s: the file is cut off: its last line is not %q", name, strings.TrimSpace(ending))
	}
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s%w", name, err)
	}
	remember(c, key, f)
	return f, nil
}

// join puts the files together and holds them against each other.
func join(names []string, files []*file) (*Pins, error) {
	j := joining{names: names, files: files, textIn: map[string]string{}}
	documents, clusters := 0, 0
	for _, f := range files {
		documents += len(f.Documents)
		clusters += len(f.Clusters)
	}
	j.pins = &Pins{
		Documents:       make(map[document.ID]json.RawMessage, documents),
		Definitions:     map[document.ID][]Definition{},
		LogicalClusters: make(map[string]*LogicalCluster, clusters),
		Stored:          map[StoredID]Stored{},
		Texts:           map[string][]Text{},
	}
	for i := range files {
		j.add(i)
	}
	j.complete()
	if err := errors.Join(j.errs...); err != nil {
		return nil, err
	}
	return j.pins, nil
}

type joining struct {
	pins  *Pins
	names []string
	files []*file
	// textIn are the names of the files that hold the texts of directories.
	textIn map[string]string
	errs   []error
}

func (j *joining) damaged(name, format string, args ...any) {
	j.errs = append(j.errs, fmt.Errorf("damaged pins: %s: %s", name, fmt.Sprintf(format, args...)))
}

func (j *joining) add(i int) {
	f, name, organization := j.files[i], j.names[i], organizationOf(j.names[i])
	if organization == platformFile {
		if j.pins.AsOf = f.AsOf; f.AsOf == "" {
			j.damaged(name, "asOf is missing")
		}
		if len(f.Clusters) > 0 {
			j.damaged(name, "logical clusters stand in their organizations' files")
		}
	} else if f.AsOf != "" || len(f.Organizations)+len(f.Stored) > 0 {
		j.damaged(name, "asOf, organizations and stored stand in the platform's file only")
	}
	for _, d := range f.Stored {
		j.addStored(name, d)
	}
	for _, d := range f.Documents {
		j.addDocument(name, d)
	}
	for _, t := range f.Texts {
		if other, ok := j.textIn[t.Dir]; ok && other != name {
			j.damaged(name, "the text of %q is also in %s", t.Dir, other)
		}
		j.textIn[t.Dir] = name
		j.pins.Texts[t.Dir] = append(j.pins.Texts[t.Dir], t)
	}
	for _, c := range f.Clusters {
		if former, ok := j.pins.LogicalClusters[c.Key]; ok {
			j.damaged(name, "logical cluster %q stands in two places, also in %s", c.Key, Path(former.Organization))
		}
		c.Organization = organization
		j.pins.LogicalClusters[c.Key] = c.LogicalCluster
	}
}

func (j *joining) addStored(file string, d stored) {
	for _, cluster := range d.Clusters {
		id := StoredID{cluster, d.Name}
		if _, ok := j.pins.Stored[id]; ok {
			j.damaged(file, "%s on %s stands in two places", d.Name, cluster)
		}
		j.pins.Stored[id] = Stored{d.Storage, d.Versions}
	}
}

func (j *joining) addDocument(file string, d pinnedDocument) {
	before := len(j.pins.Documents)
	j.pins.Documents[d.ID] = d.Body
	if len(j.pins.Documents) == before {
		j.damaged(file, "%s %q stands in two places", d.Kind, d.Key)
	}
	if len(d.Definitions) > 0 {
		j.pins.Definitions[d.ID] = d.Definitions
	}
}

// complete compares the files that stand there with those that the platform's
// file lists: a lost file must not read as an organization without pins.
func (j *joining) complete() {
	platform := slices.Index(j.names, Path(platformFile))
	if platform < 0 {
		j.damaged(Path(platformFile), "the file is missing")
		return
	}
	present, listed := make(map[string]bool, len(j.names)), map[string]bool{platformFile: true}
	for _, name := range j.names {
		present[name] = true
	}
	for _, o := range j.files[platform].Organizations {
		listed[o] = true
		if !present[Path(o)] {
			j.damaged(Path(o), "the file is missing, although %s lists its organization", Path(platformFile))
		}
	}
	for _, name := range j.names {
		if !listed[organizationOf(name)] {
			j.damaged(name, "%s does not list its organization", Path(platformFile))
		}
	}
}

// Path returns where the file of an organization stands in the output: it holds the
// pins of the logical clusters that stand directly in it.
func Path(organization string) string { return path.Join(root, organization+".yaml") }

func organizationOf(name string) string {
	return strings.TrimSuffix(strings.TrimPrefix(name, root+"/"), ".yaml")
}
