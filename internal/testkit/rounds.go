package testkit

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// Soaking reports whether tests try all that there is, and not a part: TENANTRY_SOAK is
// set.
func Soaking() bool { return os.Getenv("TENANTRY_SOAK") != "" }

// Rounds has rapid.Check draw n inputs in the rest of a test whose rounds compile whole
// repos. With TENANTRY_SOAK, or where -rapid.checks says so, it draws as many as always.
// The test must not be parallel.
func Rounds(t *testing.T, n int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if Soaking() || checks == nil || checks.Value.String() != checks.DefValue {
		return
	}
	set := func(value string) {
		if err := checks.Value.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	set(strconv.Itoa(n))
	t.Cleanup(func() { set(checks.DefValue) })
}
