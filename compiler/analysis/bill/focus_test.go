package bill_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/bill"
)

// column is what FOCUS says of a column.
type column struct {
	id      string
	level   string // Mandatory, Recommended or Conditional
	null    bool   // allows nulls
	kind    string // String, Decimal, Date/Time or JSON
	allowed []string
}

// published are the columns of FOCUS 1.1 in its order, with the constraints of the
// tables "Content Constraints" and "Allowed values" of each page in
// specification/columns of github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec at
// version 1.1; columns.mdpp there has the order.
var published = []column{
	{"AvailabilityZone", "Recommended", true, "String", nil},
	{"BilledCost", "Mandatory", false, "Decimal", nil},
	{"BillingAccountId", "Mandatory", false, "String", nil},
	{"BillingAccountName", "Mandatory", true, "String", nil},
	{"BillingCurrency", "Mandatory", false, "String", nil},
	{"BillingPeriodEnd", "Mandatory", false, "Date/Time", nil},
	{"BillingPeriodStart", "Mandatory", false, "Date/Time", nil},
	{"CapacityReservationId", "Conditional", true, "String", nil},
	{"CapacityReservationStatus", "Conditional", true, "String", []string{"Used", "Unused"}},
	{"ChargeCategory", "Mandatory", false, "String", []string{"Usage", "Purchase", "Tax", "Credit", "Adjustment"}},
	{"ChargeClass", "Mandatory", true, "String", []string{"Correction"}},
	{"ChargeDescription", "Mandatory", true, "String", nil},
	{"ChargeFrequency", "Recommended", false, "String", []string{"One-Time", "Recurring", "Usage-Based"}},
	{"ChargePeriodEnd", "Mandatory", false, "Date/Time", nil},
	{"ChargePeriodStart", "Mandatory", false, "Date/Time", nil},
	{"CommitmentDiscountCategory", "Conditional", true, "String", []string{"Spend", "Usage"}},
	{"CommitmentDiscountId", "Conditional", true, "String", nil},
	{"CommitmentDiscountName", "Conditional", true, "String", nil},
	{"CommitmentDiscountQuantity", "Conditional", true, "Decimal", nil},
	{"CommitmentDiscountStatus", "Conditional", true, "String", []string{"Used", "Unused"}},
	{"CommitmentDiscountType", "Conditional", true, "String", nil},
	{"CommitmentDiscountUnit", "Conditional", true, "String", nil},
	{"ConsumedQuantity", "Conditional", true, "Decimal", nil},
	{"ConsumedUnit", "Conditional", true, "String", nil},
	{"ContractedCost", "Mandatory", false, "Decimal", nil},
	{"ContractedUnitPrice", "Conditional", true, "Decimal", nil},
	{"EffectiveCost", "Mandatory", false, "Decimal", nil},
	{"InvoiceIssuerName", "Mandatory", false, "String", nil},
	{"ListCost", "Mandatory", false, "Decimal", nil},
	{"ListUnitPrice", "Conditional", true, "Decimal", nil},
	{"PricingCategory", "Conditional", true, "String", []string{"Standard", "Dynamic", "Committed", "Other"}},
	{"PricingQuantity", "Mandatory", true, "Decimal", nil},
	{"PricingUnit", "Mandatory", true, "String", nil},
	{"ProviderName", "Mandatory", false, "String", nil},
	{"PublisherName", "Mandatory", false, "String", nil},
	{"RegionId", "Conditional", true, "String", nil},
	{"RegionName", "Conditional", true, "String", nil},
	{"ResourceId", "Conditional", true, "String", nil},
	{"ResourceName", "Conditional", true, "String", nil},
	{"ResourceType", "Conditional", true, "String", nil},
	{"ServiceCategory", "Mandatory", false, "String", []string{"AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases",
		"Developer Tools", "Multicloud", "Identity", "Integration", "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile",
		"Networking", "Security", "Storage", "Web", "Other"}},
	{"ServiceName", "Mandatory", false, "String", nil},
	{"ServiceSubcategory", "Recommended", false, "String", nil},
	{"SkuId", "Conditional", true, "String", nil},
	{"SkuMeter", "Conditional", true, "String", nil},
	{"SkuPriceDetails", "Conditional", true, "JSON", nil},
	{"SkuPriceId", "Conditional", true, "String", nil},
	{"SubAccountId", "Conditional", true, "String", nil},
	{"SubAccountName", "Conditional", true, "String", nil},
	{"Tags", "Conditional", true, "JSON", nil},
}

// subcategories are those of FOCUS 1.1 below the categories that are used here.
var subcategories = map[string][]string{
	"Compute":    {"Containers", "End User Computing", "Quantum Compute", "Serverless Compute", "Virtual Machines", "Other (Compute)"},
	"Networking": {"Application Networking", "Content Delivery", "Network Connectivity", "Network Infrastructure", "Network Routing", "Network Security", "Other (Networking)"},
	"Storage":    {"Backup Storage", "Block Storage", "File Storage", "Object Storage", "Storage Platforms", "Other (Storage)"},
}

// What is written as FOCUS has the published columns, and every value is one that
// the specification allows there, alone and beside the others of its row.
func TestFOCUS(t *testing.T) {
	r, err := compiler.Compile(t.Context(), compiler.Options{Dir: "../../../examples/hosted/repo", Pins: "../../../examples/hosted/rendered"})
	if err != nil {
		t.Fatal(err)
	}
	month, err := bill.ParseMonth("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	var usage bytes.Buffer
	usage.WriteString("logicalCluster,resource,from,to,amount\n")
	for _, lc := range r.Tenancy.LogicalClusters {
		for _, name := range []string{"cpu", "memory", "storage", "loadBalancers", "requests.nvidia.com/gpu"} {
			usage.WriteString(lc.Key + "," + name + ",2026-11-03,2026-11-17T07:31:11Z,3\n")
		}
	}
	records, found, err := bill.Read("usage.csv", usage.Bytes(), month)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	b, _ := bill.Make(r.Tenancy, r.Sites, month, "usage.csv", records)
	var out bytes.Buffer
	if err := b.WriteFOCUS(&out, "Nimbus"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header := rows[0]
	var known []column
	for _, c := range published {
		switch {
		case slices.Contains(header, c.id):
			known = append(known, c)
		case c.level == "Mandatory":
			t.Errorf("the mandatory column %s is missing", c.id)
		}
	}
	for i, id := range header {
		if i >= len(known) || known[i].id != id {
			t.Fatalf("column %d is %s, which FOCUS 1.1 does not have there", i+1, id)
		}
	}
	lines := 0
	for _, s := range b.Statements {
		lines += len(s.Lines)
	}
	if len(rows)-1 != lines || lines < 50 {
		t.Errorf("%d charges of %d lines", len(rows)-1, lines)
	}
	for n, row := range rows[1:] {
		value := map[string]string{}
		for i, c := range known {
			v := row[i]
			value[c.id] = v
			if v == "" {
				if !c.null {
					t.Errorf("charge %d: %s is null", n, c.id)
				}
				continue
			}
			valid := true
			switch c.kind {
			case "Decimal":
				_, valid = new(big.Rat).SetString(v)
			case "Date/Time":
				at, err := time.Parse(time.RFC3339, v)
				valid = err == nil && strings.HasSuffix(v, "Z") && !at.Before(month.From) && !at.After(month.To)
			case "JSON":
				valid = json.Valid([]byte(v))
			}
			if !valid || c.allowed != nil && !slices.Contains(c.allowed, v) {
				t.Errorf("charge %d: %s is %q", n, c.id, v)
			}
		}
		together(t, n, value)
	}
}

// together checks what the specification says of values that stand in one row.
func together(t *testing.T, n int, value map[string]string) {
	t.Helper()
	need := func(ok bool, what string) {
		if !ok {
			t.Errorf("charge %d: %s: %v", n, what, value)
		}
	}
	rat := func(id string) *big.Rat { r, _ := new(big.Rat).SetString(value[id]); return r }
	for _, c := range []string{"List", "Contracted"} {
		need(new(big.Rat).Mul(rat(c+"UnitPrice"), rat("PricingQuantity")).Cmp(rat(c+"Cost")) == 0, c+"UnitPrice times PricingQuantity is "+c+"Cost")
	}
	usage := value["ChargeCategory"] == "Usage"
	need(usage == (value["ConsumedQuantity"] != "") && usage == (value["ConsumedUnit"] != ""), "consumption stands with usage, and with nothing else")
	need(!usage || rat("ConsumedQuantity").Sign() > 0, "what is consumed is positive")
	need(usage || value["ChargeFrequency"] != "Usage-Based", "a purchase is not based on usage")
	for _, id := range []string{"PricingCategory", "PricingUnit", "SkuId", "SkuPriceId"} {
		need(value[id] != "", id+" stands with usage and purchases")
	}
	need(slices.Contains(subcategories[value["ServiceCategory"]], value["ServiceSubcategory"]), "the subcategory is one of the category")
	need((value["ResourceId"] == "") == (value["ResourceType"] == ""), "a resource has a type")
	need(value["ChargePeriodStart"] < value["ChargePeriodEnd"], "a charge takes time")
}
