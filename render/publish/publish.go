// Package publish puts an output on a branch of a git repository, from where
// Flux or Argo CD read it: one commit, which names the source that it was built
// from. No work tree is touched.
//
// What is published is applied, so some outputs are refused: those that take a
// namespace away that nobody declared deleted, or more namespaces than somebody
// said, those that leave nothing for a physical cluster that had tenants, and those
// of a revision that comes before the published one.
package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/outdir"
)

// Branch is a branch as it was when it was opened.
type Branch struct {
	repo *git.Repository
	ref  plumbing.ReferenceName
	// local is the branch's reference, nil where only its remote counterpart, or
	// nothing, is there.
	local *plumbing.Reference
	// parent is the commit that the next one follows; nil for none.
	parent *object.Commit
	dir    string // in the branch, "" for its root
}

// Open opens a branch of the repository that dir lies in. A branch that only the
// remote origin has is begun from there. It refuses one that is checked out, and
// one that is behind its counterpart.
func Open(dir, name, path string) (*Branch, error) {
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if err != nil {
		return nil, fmt.Errorf("cannot open the git repository of %s: %w", dir, err)
	}
	b := &Branch{repo: repo, ref: plumbing.NewBranchReferenceName(name), dir: strings.Trim(path, "/")}
	if b.dir == "." {
		b.dir = ""
	}
	if err := b.ref.Validate(); err != nil {
		return nil, fmt.Errorf("%q is no name of a branch", name)
	}
	if head, err := repo.Storer.Reference(plumbing.HEAD); err == nil && head.Target() == b.ref {
		return nil, fmt.Errorf("the branch %s is checked out here: the work tree would no longer fit it", name)
	}
	local, err := lookUp(repo, b.ref)
	if err != nil {
		return nil, err
	}
	remote, err := lookUp(repo, plumbing.NewRemoteReferenceName("origin", name))
	if err != nil {
		return nil, err
	}
	b.local = local
	tip := cmp.Or(local, remote)
	if tip == nil {
		return b, nil
	}
	if b.parent, err = repo.CommitObject(tip.Hash()); err != nil {
		return nil, fmt.Errorf("the branch %s: %w", name, err)
	}
	if local != nil && remote != nil && local.Hash() != remote.Hash() {
		if err := b.requireAncestor(remote.Hash(), name); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// requireAncestor fails where the branch lacks the tip of the same branch at origin.
func (b *Branch) requireAncestor(remote plumbing.Hash, name string) error {
	theirs, err := b.repo.CommitObject(remote)
	if err != nil {
		return fmt.Errorf("the branch origin/%s: %w", name, err)
	}
	if ahead, err := theirs.IsAncestor(b.parent); err != nil || !ahead {
		return fmt.Errorf("the branch %s lacks commits of origin/%s: bring it up to date first", name, name)
	}
	return nil
}

func lookUp(repo *git.Repository, name plumbing.ReferenceName) (*plumbing.Reference, error) {
	ref, err := storer.ResolveReference(repo.Storer, name)
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, nil
	}
	return ref, err
}

// Pins names the output on the branch as compiler.Options.Pins does; empty where
// there is none yet.
func (b *Branch) Pins() string {
	if b.parent == nil {
		return ""
	}
	if b.dir != "" {
		if tree, err := b.parent.Tree(); err == nil {
			if _, err := tree.Tree(b.dir); errors.Is(err, object.ErrDirectoryNotFound) {
				return ""
			}
		}
	}
	return b.parent.Hash.String() + ":" + b.dir
}

// Commit is what a new commit says.
type Commit struct {
	// Source is the full hash of the revision that was built.
	Source string
	AsOf   string
	// MaxDeletions is how many namespaces may go.
	MaxDeletions int
}

// Publish commits the output in dir. The hash is empty where the branch holds the
// same already. It fails if the branch has moved since it was opened.
func (b *Branch) Publish(ctx context.Context, dir string, c Commit) (hash string, err error) {
	w := &writer{repo: b.repo, known: map[plumbing.Hash]bool{}}
	former := map[string]plumbing.Hash{}
	var root plumbing.Hash
	if b.parent != nil {
		root = b.parent.TreeHash
		tree, err := b.parent.Tree()
		if err != nil {
			return "", err
		}
		if err := listFiles(ctx, tree, b.dir, former); err != nil {
			return "", err
		}
	}
	for _, h := range former {
		w.known[h] = true
	}
	roots := map[string]plumbing.Hash{}
	files := map[string]plumbing.Hash{}
	for _, name := range outdir.Roots {
		h, err := w.directory(ctx, dir, name, files)
		if err != nil {
			return "", err
		}
		if h != plumbing.ZeroHash {
			roots[name] = h
		}
	}
	if err := b.notOlder(c.Source); err != nil {
		return "", err
	}
	if err := b.guard(dir, former, files, c.MaxDeletions); err != nil {
		return "", err
	}
	tree, err := w.replace(root, b.dir, roots)
	if err != nil {
		return "", err
	}
	if b.parent != nil && tree == b.parent.TreeHash {
		return "", nil
	}
	return b.commit(w, tree, c)
}

// sourceTrailer names, in a commit's message, the revision that was built.
const sourceTrailer = "Tenancy-Revision: "

// notOlder refuses to go back: the branch may hold the output of a revision that
// comes after this one, where two publications overtake each other.
func (b *Branch) notOlder(source string) error {
	for c := b.parent; c != nil; {
		_, after, found := strings.Cut(c.Message, "\n"+sourceTrailer)
		if found {
			published, _, _ := strings.Cut(after, "\n")
			return b.precedes(source, strings.TrimSpace(published))
		}
		var err error
		if c, err = c.Parent(0); errors.Is(err, object.ErrParentNotFound) || errors.Is(err, plumbing.ErrObjectNotFound) {
			return nil // the first, or where a shallow clone ends
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (b *Branch) precedes(source, published string) error {
	if source == published {
		return nil
	}
	from, err := b.repo.CommitObject(plumbing.NewHash(source))
	if err != nil {
		return nil // not of this repository, so nothing is known of their order
	}
	to, err := b.repo.CommitObject(plumbing.NewHash(published))
	if err != nil {
		return nil
	}
	older, err := from.IsAncestor(to)
	if err != nil || !older {
		return nil // a shallow clone ends before
	}
	return fmt.Errorf("refused: the branch holds the output of %.7s, which comes after %.7s: publish that one, or a revision that reverts it", published, source)
}

// listFiles lists the files of the output below a directory of a tree.
func listFiles(ctx context.Context, tree *object.Tree, dir string, into map[string]plumbing.Hash) error {
	if dir != "" {
		var err error
		if tree, err = tree.Tree(dir); errors.Is(err, object.ErrDirectoryNotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	for _, root := range outdir.Roots {
		below, err := tree.Tree(root)
		if errors.Is(err, object.ErrDirectoryNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		err = below.Files().ForEach(func(f *object.File) error {
			into[root+"/"+f.Name] = f.Hash
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Branch) commit(w *writer, tree plumbing.Hash, c Commit) (string, error) {
	who := b.author()
	commit := &object.Commit{
		Author: who, Committer: who, TreeHash: tree,
		Message: fmt.Sprintf("Render the tenancy at %s\n\n"+sourceTrailer+"%s\nTenancy-As-Of: %s\n", c.Source[:min(12, len(c.Source))], c.Source, c.AsOf),
	}
	if b.parent != nil {
		commit.ParentHashes = []plumbing.Hash{b.parent.Hash}
	}
	hash, err := w.store(commit)
	if err != nil {
		return "", err
	}
	now, err := lookUp(b.repo, b.ref)
	if err != nil {
		return "", err
	}
	if (now == nil) != (b.local == nil) || now != nil && now.Hash() != b.local.Hash() {
		return "", b.moved()
	}
	err = b.repo.Storer.CheckAndSetReference(plumbing.NewHashReference(b.ref, hash), b.local)
	if errors.Is(err, storage.ErrReferenceHasChanged) {
		return "", b.moved()
	}
	return hash.String(), err
}

func (b *Branch) moved() error {
	return fmt.Errorf("the branch %s has moved meanwhile: publish again, which goes on from what is there now", b.ref.Short())
}

// author is who git says the user is.
func (b *Branch) author() object.Signature {
	who := object.Signature{Name: "tenantry", Email: "tenantry@localhost", When: time.Now()}
	if cfg, err := b.repo.ConfigScoped(config.SystemScope); err == nil && cfg.User.Name != "" && cfg.User.Email != "" {
		who.Name, who.Email = cfg.User.Name, cfg.User.Email
	}
	return who
}

// guard refuses an output that takes more away than was declared.
func (b *Branch) guard(dir string, former, files map[string]plumbing.Hash, most int) error {
	then, had, err := b.tenantsBefore(former, files)
	if err != nil {
		return err
	}
	now, has, err := tenantsNow(dir, former, files)
	if err != nil {
		return err
	}
	var gone, undeclared, emptied []string
	for _, name := range slices.Sorted(maps.Keys(then)) {
		if _, stands := now[name]; stands {
			continue
		}
		gone = append(gone, name)
		if then[name] != desired.DeletionConfirmed {
			undeclared = append(undeclared, name)
		}
	}
	for _, cluster := range slices.Sorted(maps.Keys(had)) {
		if !has[cluster] {
			emptied = append(emptied, cluster)
		}
	}
	switch {
	case len(undeclared) > 0:
		return fmt.Errorf("refused: %d namespaces would go whose logical clusters were not declared deleted: %s", len(undeclared), few(undeclared))
	case len(emptied) > 0:
		return fmt.Errorf("refused: nothing is rendered any more for physical clusters that had tenants: %s", few(emptied))
	case len(gone) > most:
		return fmt.Errorf("refused: %d namespaces would be deleted, and --max-deletions is %d: %s", len(gone), most, few(gone))
	}
	return nil
}

// tenantsBefore returns the deletion marks of the namespaces on the branch whose files
// change, by cluster and name, and the clusters that have tenants there.
func (b *Branch) tenantsBefore(former, files map[string]plumbing.Hash) (marks map[string]string, clusters map[string]bool, err error) {
	marks, clusters = map[string]string{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(former)) {
		cluster, ok := tenantFile(name)
		if !ok {
			continue
		}
		clusters[cluster] = true
		if files[name] == former[name] {
			continue
		}
		blob, err := b.repo.BlobObject(former[name])
		if err != nil {
			return nil, nil, err
		}
		if err := readNamespaces(cluster, blob, marks); err != nil {
			return nil, nil, fmt.Errorf("%s on the branch: %w", name, err)
		}
	}
	return marks, clusters, nil
}

// tenantsNow returns the same of the output that is to be published, and the clusters for
// which anything is rendered.
func tenantsNow(dir string, former, files map[string]plumbing.Hash) (marks map[string]string, clusters map[string]bool, err error) {
	marks, clusters = map[string]string{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if parts := strings.SplitN(name, "/", 3); parts[0] == "clusters" {
			clusters[parts[1]] = true
		}
		cluster, ok := tenantFile(name)
		if !ok || files[name] == former[name] {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, nil, err
		}
		if err := namespaces(cluster, data, marks); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return marks, clusters, nil
}

func few(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// tenantFile returns the physical cluster of a file of a logical cluster.
func tenantFile(name string) (cluster string, ok bool) {
	parts := strings.SplitN(name, "/", 5)
	return parts[min(1, len(parts)-1)], len(parts) == 5 && parts[0] == "clusters" && parts[2] == "tenants"
}

func readNamespaces(cluster string, blob *object.Blob, into map[string]string) error {
	r, err := blob.Reader()
	if err != nil {
		return err
	}
	defer r.Close()
	data := make([]byte, 0, blob.Size)
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		data = append(data, buf[:n]...)
		if err != nil {
			break
		}
	}
	if int64(len(data)) != blob.Size {
		return fmt.Errorf("read %d bytes of %d", len(data), blob.Size)
	}
	return namespaces(cluster, data, into)
}

// namespaces notes the Namespaces of a file, with their mark of deletion.
func namespaces(cluster string, data []byte, into map[string]string) error {
	objects, err := manifest.FromYAML(data)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.Get("kind") == "Namespace" && o.Get("apiVersion") == "v1" {
			name, _ := o.Get("metadata", "name").(string)
			mark, _ := o.Get("metadata", "annotations", desired.AnnotationDeletion).(string)
			into[cluster+"/"+name] = mark
		}
	}
	return nil
}

// writer writes git objects.
type writer struct {
	repo *git.Repository
	// known objects are in the repository already.
	known map[plumbing.Hash]bool
}

type encodable interface {
	Encode(plumbing.EncodedObject) error
}

func (w *writer) store(o encodable) (plumbing.Hash, error) {
	e := w.repo.Storer.NewEncodedObject()
	if err := o.Encode(e); err != nil {
		return plumbing.ZeroHash, err
	}
	if w.repo.Storer.HasEncodedObject(e.Hash()) == nil {
		return e.Hash(), nil
	}
	return w.repo.Storer.SetEncodedObject(e)
}

func (w *writer) blob(data []byte) (plumbing.Hash, error) {
	hash := plumbing.ComputeHash(plumbing.BlobObject, data)
	if w.known[hash] {
		return hash, nil
	}
	w.known[hash] = true
	e := w.repo.Storer.NewEncodedObject()
	e.SetType(plumbing.BlobObject)
	e.SetSize(int64(len(data)))
	to, err := e.Writer()
	if err != nil {
		return hash, err
	}
	if _, err := to.Write(data); err != nil {
		return hash, err
	}
	if err := to.Close(); err != nil {
		return hash, err
	}
	return w.repo.Storer.SetEncodedObject(e)
}

// directory writes a directory of the output and everything below it, and notes
// the files. One that is empty or not there has the zero hash.
func (w *writer) directory(ctx context.Context, base, name string, files map[string]plumbing.Hash) (plumbing.Hash, error) {
	if err := ctx.Err(); err != nil {
		return plumbing.ZeroHash, err
	}
	items, err := os.ReadDir(filepath.Join(base, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return plumbing.ZeroHash, nil
	}
	if err != nil {
		return plumbing.ZeroHash, err
	}
	entries := map[string]object.TreeEntry{}
	for _, item := range items {
		p := name + "/" + item.Name()
		if item.IsDir() {
			h, err := w.directory(ctx, base, p, files)
			if err != nil {
				return h, err
			}
			if h != plumbing.ZeroHash {
				entries[item.Name()] = object.TreeEntry{Name: item.Name(), Mode: filemode.Dir, Hash: h}
			}
			continue
		}
		data, err := os.ReadFile(filepath.Join(base, filepath.FromSlash(p)))
		if err != nil {
			return plumbing.ZeroHash, err
		}
		h, err := w.blob(data)
		if err != nil {
			return h, err
		}
		files[p] = h
		entries[item.Name()] = object.TreeEntry{Name: item.Name(), Mode: filemode.Regular, Hash: h}
	}
	return w.tree(entries)
}

func (w *writer) tree(entries map[string]object.TreeEntry) (plumbing.Hash, error) {
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	list := slices.Collect(maps.Values(entries))
	slices.SortFunc(list, func(a, b object.TreeEntry) int { return strings.Compare(sortName(a), sortName(b)) })
	return w.store(&object.Tree{Entries: list})
}

// sortName is what git sorts the entries of a tree by.
func sortName(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

// replace returns the tree in which a directory holds these roots of an output in
// place of its former ones. All else stays.
func (w *writer) replace(tree plumbing.Hash, dir string, roots map[string]plumbing.Hash) (plumbing.Hash, error) {
	entries := map[string]object.TreeEntry{}
	if tree != plumbing.ZeroHash {
		t, err := w.repo.TreeObject(tree)
		if err != nil {
			return tree, err
		}
		for _, e := range t.Entries {
			entries[e.Name] = e
		}
	}
	if dir != "" {
		name, rest, _ := strings.Cut(dir, "/")
		var below plumbing.Hash
		if e, ok := entries[name]; ok && e.Mode == filemode.Dir {
			below = e.Hash
		}
		h, err := w.replace(below, rest, roots)
		if err != nil {
			return h, err
		}
		entries[name] = object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: h}
		return w.tree(entries)
	}
	for _, name := range outdir.Roots {
		delete(entries, name)
		if h, ok := roots[name]; ok {
			entries[name] = object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: h}
		}
	}
	return w.tree(entries)
}
