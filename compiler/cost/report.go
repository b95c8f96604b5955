package cost

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// Row is what an organization, with all below it, or a logical cluster costs a
// month at most.
type Row struct {
	// Kind is "organization" or "logicalCluster".
	Kind string `json:"kind"`
	Key  string `json:"key"`
	// Depth in the organization tree, 0 at the top.
	Depth int   `json:"-"`
	Total Money `json:"total"`
	// Budget as declared; nil where there is none. Overcommit is what it is
	// multiplied by before the total is held against it; nil means 1.
	Budget     *Money `json:"budget,omitempty"`
	Overcommit *Money `json:"overcommit,omitempty"`
	// Places are where a logical cluster stands, each with what it costs there.
	Places []PlaceCost `json:"places,omitempty"`
	// Division is what its budget is divided into; nil where it is not.
	Division *Division `json:"division,omitempty"`
}

// PlaceCost is what a logical cluster costs on one physical cluster, part by part.
type PlaceCost struct {
	Place
	Parts []Part `json:"parts"`
}

// Tree returns the rows of the organization tree, a parent before its children and
// an organization's logical clusters before the organizations below it. A
// logical cluster that is declared deleted has none.
func (c *Costs) Tree(t *tenancy.Tenancy) []Row {
	var out []Row
	children := map[*tenancy.Organization][]*tenancy.Organization{}
	for _, o := range t.Organizations {
		children[o.Parent] = append(children[o.Parent], o)
	}
	var add func(o *tenancy.Organization, depth int) Money
	add = func(o *tenancy.Organization, depth int) Money {
		at := len(out)
		out = append(out, Row{Kind: "organization", Key: o.Path, Depth: depth, Budget: amount(o.Spec.Budget), Overcommit: amount(o.Spec.Overcommit)})
		var sum Money
		for _, lc := range t.In(o) {
			if lc.State == schema.Deleted {
				continue
			}
			total := c.Total(lc.Key)
			sum = sum.Add(total)
			row := Row{Kind: "logicalCluster", Key: lc.Key, Depth: depth + 1, Total: total, Budget: amount(lc.Spec.Budget), Division: c.Division(lc)}
			for _, p := range c.Places(lc) {
				row.Places = append(row.Places, PlaceCost{p, c.Parts(lc, p)})
			}
			out = append(out, row)
		}
		for _, child := range children[o] {
			sum = sum.Add(add(child, depth+1))
		}
		out[at].Total = sum
		return sum
	}
	for _, o := range children[nil] {
		add(o, 0)
	}
	return out
}

// amount reads what Read has judged; nil where nothing that counts is written.
func amount(text schema.Money) *Money {
	if text == "" {
		return nil
	}
	m, err := Parse(string(text))
	if err != nil {
		return nil
	}
	return &m
}

// Dimension is what costs can be added up by.
type Dimension string

// The dimensions.
const (
	ByOrganization Dimension = "organization" // at the top of the tree
	ByCluster      Dimension = "cluster"
	ByRegion       Dimension = "region"
	ByClass        Dimension = "class"
	ByAPI          Dimension = "api"
)

// Dimensions lists them.
func Dimensions() []Dimension {
	return []Dimension{ByOrganization, ByCluster, ByRegion, ByClass, ByAPI}
}

// Group is the sum of all costs that share something.
type Group struct {
	// Name is empty for what belongs to none: by API set, all that is no price of one.
	Name  string `json:"name"`
	Total Money  `json:"total"`
}

// By adds up the costs of logical clusters by a dimension, the largest sum first.
// The sums come to the total.
func (c *Costs) By(d Dimension, lcs []*tenancy.LogicalCluster) []Group {
	sums := map[string]Money{}
	for _, lc := range lcs {
		for _, p := range c.Places(lc) {
			for _, part := range c.Parts(lc, p) {
				name := ""
				switch d {
				case ByOrganization:
					name = string(schema.OrgPath(lc.Key).Top())
				case ByCluster:
					name = p.Cluster
				case ByRegion:
					name = p.Region
				case ByClass:
					name = lc.Class.Name
				case ByAPI:
					if part.Kind == API {
						name = part.Name
					}
				}
				sums[name] = sums[name].Add(part.Cost)
			}
		}
	}
	out := make([]Group, 0, len(sums))
	for name, sum := range sums {
		out = append(out, Group{name, sum})
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Or(-a.Total.Cmp(b.Total), strings.Compare(a.Name, b.Name)) })
	return out
}
