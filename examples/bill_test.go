package examples_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/bill"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
)

// TestBill bills the month of the hosted example. Its usage is made up from the
// quotas, and both are committed; TENANTRY_UPDATE=1 renews them.
func TestBill(t *testing.T) {
	r := compile(t, compiler.Options{Dir: "hosted/repo", Pins: "hosted/rendered"})
	month, err := bill.ParseMonth("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	usage := usageOf(r.Tenancy)
	records, unread, err := bill.Read("2026-11.csv", usage, month)
	if err != nil {
		t.Fatal(err)
	}
	b, found := bill.Make(r.Tenancy, r.Sites, month, "2026-11.csv", records)
	for _, d := range append(unread, found...) {
		t.Errorf("%s: %s %s", d.Position, d.Code, d.Message)
	}
	var statements, focus bytes.Buffer
	if err := b.WriteMarkdown(&statements); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteFOCUS(&focus, "Nimbus"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"2026-11.csv": string(usage), "2026-11.md": statements.String(), "2026-11.focus.csv": focus.String()} {
		name = filepath.Join("hosted", "bill", name)
		testkit.Golden(t, name, want)
	}
}

// usageOf makes usage up: three fifths of what a logical cluster may have of each
// priced resource until the 20th, and nine twentieths after.
func usageOf(t *tenancy.Tenancy) []byte {
	var b bytes.Buffer
	b.WriteString("logicalCluster,resource,from,to,amount\n")
	for _, lc := range t.LogicalClusters {
		if lc.State == schema.Deleted {
			continue
		}
		for _, name := range t.Prices.Resources() {
			amount, _ := lc.Quota.Of(name)
			all := quota.Units(name, amount)
			for _, part := range []struct {
				from, to string
				percent  int64
			}{{"2026-11-01", "2026-11-20T00:00:00Z", 60}, {"2026-11-20T00:00:00Z", "2026-12-01", 45}} {
				if amount := quota.Quantity(name, all*part.percent/100); !amount.IsZero() {
					fmt.Fprintln(&b, strings.Join([]string{lc.Key, name, part.from, part.to, amount.String()}, ","))
				}
			}
		}
	}
	return b.Bytes()
}
