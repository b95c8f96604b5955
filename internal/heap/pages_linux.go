package heap

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// adviseHugePages lets the first size bytes of the heap come in huge pages, where
// the system gives them to those who ask: a build touches hundreds of MiB once,
// and a fault for each 4 KiB of them is a quarter of a small change's time. Go
// does not ask by itself (https://go.dev/doc/gc-guide#Linux_transparent_huge_pages).
//
// The advice is about addresses. So the heap is made to grow once by one value
// that nobody touches; when it is collected, its room stays the heap's.
func adviseHugePages(size int) {
	mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || !strings.Contains(string(mode), "[madvise]") {
		return
	}
	if unix.Madvise(make([]byte, size), unix.MADV_HUGEPAGE) == nil {
		runtime.GC()
	}
}
