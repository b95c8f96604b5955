package testkit

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Alone runs a test in a process of its own, which ends with everything that the test
// leaves running. It returns true where that was done, and false in that process, which
// is to go on:
//
//	if testkit.Alone(t) {
//		return
//	}
func Alone(t *testing.T) bool {
	t.Helper()
	const variable = "TENANTRY_TEST_ALONE"
	if os.Getenv(variable) == t.Name() {
		return false
	}
	var pattern []string
	for _, name := range strings.Split(t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(name)+"$")
	}
	cmd := exec.Command(os.Args[0], "-test.run="+strings.Join(pattern, "/"), "-test.v")
	cmd.Env = append(os.Environ(), variable+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Fatalf("%v\n%s", err, out)
	}
	return true
}
