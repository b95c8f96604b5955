package selection_test

import (
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/selection"
)

func TestUnder(t *testing.T) {
	for _, tt := range []struct {
		key, pattern string
		want         bool
	}{
		{"acme/payments/prod", "acme", true},
		{"acme/payments/prod", "acme/payments/prod", true},
		{"acme/payments/prod", "acme/pay", false},
		{"acme/payments/prod", "acme/*/prod", true},
		{"acme/payments/prod", "acme/pay*/prod", true},
		{"acme/payments/prod", "acme/*", false},
		{"acme/payments/prod", "acme/**", true},
		{"acme/payments/prod", "**/prod", true},
		{"acme/payments/prod", "**", true},
		{"acme/payments/prod", "acme/**/payments/prod", true},
		{"acme/payments/prod", "beta/**", false},
	} {
		if got := selection.Under(tt.key, tt.pattern); got != tt.want {
			t.Errorf("Under(%q, %q) = %v", tt.key, tt.pattern, got)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := selection.Check("acme/[a"); err == nil {
		t.Error("a pattern that cannot be read is no error")
	}
	if err := selection.Check("acme/**"); err != nil {
		t.Error(err)
	}
}
