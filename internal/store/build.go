package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"sync"
)

// Build identifies the running program by what it computes: two programs of one
// build give the same answers. It keys what is in a cache, since programs of one
// version may still have different rules.
//
// A released build is identified by its source and its toolchain, as the go
// command recorded them. Any other is identified by its executable: by the build
// ID that the go command gave it, which is a digest of all that it was made of
// and takes no time to read, else by the digest of its content. A digest is not
// remembered from run to run by the file's size and times, since reproducible
// images have the same of those in different builds.
var Build = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok && isReleased(info) {
		sum := sha256.Sum256([]byte(info.String()))
		return "released " + hex.EncodeToString(sum[:])
	}
	for _, open := range []func() (*os.File, error){
		func() (*os.File, error) { return os.Open("/proc/self/exe") }, // even where the file was replaced
		func() (*os.File, error) {
			name, err := os.Executable()
			if err != nil {
				return nil, err
			}
			return os.Open(name)
		},
	} {
		if f, err := open(); err == nil {
			id, err := identify(f)
			f.Close()
			if err == nil {
				return id
			}
		}
	}
	return "unknown " + rand.Text() // nobody else's
})

// isReleased reports whether a build's information identifies all of its source: a
// module with its checksum, or a revision that nothing was changed in, and no
// dependency that was replaced by a directory.
func isReleased(info *debug.BuildInfo) bool {
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		if d.Sum == "" {
			return false
		}
	}
	if info.Main.Sum != "" {
		return true
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	return settings["vcs.revision"] != "" && settings["vcs.modified"] == "false"
}

// identify returns the build ID of an executable, else the digest of its content.
func identify(f *os.File) (string, error) {
	if id, err := buildID(f); err == nil {
		return "build " + id, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		return "", err
	}
	return "executable " + hex.EncodeToString(h.Sum(nil)), nil
}

// goBuildID is the form of an ID that the go command made: digests of what the
// program and its main package were made of, and of what came out. Another one
// was set by a flag of the linker and may be that of many programs.
var goBuildID = regexp.MustCompile(`^[\w-]{20}(/[\w-]{20}){3}$`)

// buildID reads the note of the go command in an ELF file; see elfBuildID in
// cmd/internal/buildid.
func buildID(r io.ReaderAt) (string, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", err
	}
	none := errors.New("no build ID")
	section := f.Section(".note.go.buildid")
	if section == nil {
		return "", none
	}
	note, err := section.Data()
	const head = 16 // the sizes of name and ID, the tag, the name
	if err != nil || len(note) < head || !bytes.Equal(note[12:head], []byte("Go\x00\x00")) {
		return "", none
	}
	size := f.ByteOrder.Uint32(note[4:])
	if uint64(size) > uint64(len(note)-head) || !goBuildID.Match(note[head:head+int(size)]) {
		return "", none
	}
	return string(note[head : head+int(size)]), nil
}
