package bill

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
)

// WriteFOCUS writes the bill as FOCUS 1.1, the FinOps Open Cost and Usage
// Specification, in CSV: one charge for each line, a null as an empty field. provider
// names who provides the service and issues the invoice.
//
// The columns are all of FOCUS 1.1 but those for what is not billed here: commitments,
// capacity reservations and availability zones.
func (b *Bill) WriteFOCUS(w io.Writer, provider string) error {
	out := csv.NewWriter(w)
	header := make([]string, len(focusColumns))
	for i, c := range focusColumns {
		header[i] = c.id
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range b.Statements {
		for n := range b.Statements[i].Lines {
			c := charge{bill: b, statement: &b.Statements[i], Line: &b.Statements[i].Lines[n], provider: provider}
			row := make([]string, len(focusColumns))
			for i, column := range focusColumns {
				row[i] = column.value(c)
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// charge is a line of a statement as FOCUS sees it.
type charge struct {
	bill      *Bill
	statement *Statement
	*Line
	provider string
}

// focusColumns are the columns, in the specification's order, by name.
var focusColumns = []struct {
	id    string
	value func(charge) string
}{
	{"BilledCost", charge.cost},
	{"BillingAccountId", func(c charge) string { return c.statement.Organization }},
	{"BillingAccountName", func(c charge) string {
		if c.statement.DisplayName != "" {
			return c.statement.DisplayName
		}
		return c.statement.Organization
	}},
	{"BillingCurrency", func(c charge) string { return c.bill.Currency }},
	{"BillingPeriodEnd", func(c charge) string { return c.bill.month.To.Format(time.RFC3339) }},
	{"BillingPeriodStart", func(c charge) string { return c.bill.month.From.Format(time.RFC3339) }},
	{"ChargeCategory", func(c charge) string {
		if c.metered() {
			return "Usage"
		}
		return "Purchase"
	}},
	{"ChargeClass", null},
	{"ChargeDescription", func(c charge) string {
		return c.what() + " of " + c.LogicalCluster + " on " + c.Cluster + ", " + c.Price.String() + " a month by prices " + c.Prices
	}},
	{"ChargeFrequency", func(c charge) string {
		if c.metered() {
			return "Usage-Based"
		}
		return "Recurring"
	}},
	{"ChargePeriodEnd", func(c charge) string { return c.To.Format(time.RFC3339) }},
	{"ChargePeriodStart", func(c charge) string { return c.From.Format(time.RFC3339) }},
	{"ConsumedQuantity", func(c charge) string {
		if !c.metered() {
			return ""
		}
		return c.hours.String()
	}},
	{"ConsumedUnit", func(c charge) string {
		if !c.metered() {
			return ""
		}
		return focusUnit(c.Unit) + "-Hours"
	}},
	{"ContractedCost", charge.cost},
	{"ContractedUnitPrice", charge.unitPrice},
	{"EffectiveCost", charge.cost},
	{"InvoiceIssuerName", func(c charge) string { return c.provider }},
	{"ListCost", charge.cost},
	{"ListUnitPrice", charge.unitPrice},
	{"PricingCategory", func(charge) string { return "Standard" }},
	{"PricingQuantity", func(c charge) string { return c.Quantity.String() }},
	{"PricingUnit", func(c charge) string {
		if !c.metered() {
			return "Months"
		}
		return focusUnit(c.Unit) + "-Months"
	}},
	{"ProviderName", func(c charge) string { return c.provider }},
	{"PublisherName", func(c charge) string { return c.provider }},
	{"RegionId", func(c charge) string { return c.Region }},
	{"RegionName", func(c charge) string { return c.Region }},
	{"ResourceId", func(c charge) string { return c.LogicalCluster }},
	{"ResourceName", func(c charge) string { return schema.Key(c.LogicalCluster).Name() }},
	{"ResourceType", func(charge) string { return "Logical Cluster" }},
	{"ServiceCategory", func(c charge) string { category, _ := c.service(); return category }},
	{"ServiceName", func(charge) string { return "Logical Cluster" }},
	{"ServiceSubcategory", func(c charge) string { _, sub := c.service(); return sub }},
	{"SkuId", charge.sku},
	{"SkuMeter", func(c charge) string { return c.what() }},
	{"SkuPriceDetails", null},
	{"SkuPriceId", func(c charge) string { return c.Prices + "/" + c.sku() + "/" + c.Cluster }},
	{"SubAccountId", charge.subAccount},
	{"SubAccountName", charge.subAccount},
	{"Tags", func(c charge) string {
		if len(c.labels) == 0 {
			return "{}"
		}
		text, _ := json.Marshal(c.labels) // strings always can be written
		return string(text)
	}},
}

func null(charge) string { return "" }

// metered tells what is billed by use from what recurs.
func (c charge) metered() bool { return c.Kind == cost.Quota }

func (c charge) cost() string { return c.Cost.String() }

func (c charge) unitPrice() string { return c.Price.Mul(c.Factor).String() }

func (c charge) sku() string { return string(c.Kind) + "/" + c.Name }

// subAccount is the organization that the logical cluster stands in.
func (c charge) subAccount() string {
	return string(schema.Key(c.LogicalCluster).Organization())
}

func focusUnit(unit quota.Unit) string {
	switch unit {
	case quota.Core:
		return "Core"
	case quota.GiB:
		return "GiB"
	}
	return "Count"
}

// service returns the category and subcategory of the one service, by what is
// charged for.
func (c charge) service() (category, subcategory string) {
	name := c.Name
	switch {
	case !c.metered():
	case name == "storage" || strings.Contains(name, ".storageclass.storage.k8s.io/") || name == "persistentvolumeclaims":
		return "Storage", "Other (Storage)"
	case name == "loadBalancers" || name == "nodePorts" || name == "services":
		return "Networking", "Application Networking"
	}
	return "Compute", "Containers"
}
