package testkit_test

import (
	"os"
	"testing"

	"github.com/tenantry/tenantry/internal/testkit"
)

// What a test does alone, it does not do to others.
func TestAlone(t *testing.T) {
	t.Run("a name, in (brackets)", func(t *testing.T) {
		if testkit.Alone(t) {
			if os.Getenv("TENANTRY_ALONE_LEFT") != "" {
				t.Error("it ran in this process")
			}
			return
		}
		if err := os.Setenv("TENANTRY_ALONE_LEFT", "1"); err != nil {
			t.Fatal(err)
		}
	})
}
