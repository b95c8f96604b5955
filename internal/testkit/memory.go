package testkit

import (
	"os"
	"testing"
)

// MemoryDir returns a directory in memory, where the system has one, for a test that
// writes many files. A test that runs programs from there, or fills it, is better off
// with t.TempDir.
func MemoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tenantry-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
