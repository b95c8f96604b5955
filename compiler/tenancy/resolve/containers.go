package resolve

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// checkContainers reports whether the API server would accept the bounds: the
// least, the default request, the default limit and the most, each not above
// the next.
func checkContainers(c *schema.Containers, m *document.Meta, at tenancy.Positions, out *tenancy.Findings) bool {
	before := len(*out)
	for _, of := range []struct {
		name string
		get  func(schema.Compute) schema.Quantity
	}{
		{"cpu", func(c schema.Compute) schema.Quantity { return c.CPU }},
		{"memory", func(c schema.Compute) schema.Quantity { return c.Memory }},
	} {
		type bound struct {
			field string
			value resource.Quantity
		}
		var bounds []bound
		for _, b := range []struct {
			field string
			value schema.Compute
		}{{"min", c.Min}, {"defaultRequest", c.DefaultRequest}, {"default", c.Default}, {"max", c.Max}} {
			text := of.get(b.value)
			if text == "" {
				continue
			}
			pos := at("containers", b.field, of.name)
			q, problem := quota.Parse(schema.ResourceName(of.name), string(text))
			if problem != "" {
				out.Fault(m, diag.New(diag.AmountInvalid, pos, "containers.%s.%s: %s", b.field, of.name, problem), "these bounds fall away")
				continue
			}
			if n := len(bounds); n > 0 && bounds[n-1].value.Cmp(q) > 0 {
				last := bounds[n-1]
				out.Fault(m, diag.New(diag.ContainerBounds, pos, "%s of %s is %s, below %s, which is %s", b.field, of.name, q.String(), last.field, last.value.String()).
					See(at("containers", last.field, of.name), "%s stands here", last.field), "these bounds fall away")
				continue
			}
			bounds = append(bounds, bound{b.field, q})
		}
	}
	return len(*out) == before
}
