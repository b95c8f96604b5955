package desired

import (
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// containers turns defaults and bounds of containers into the amounts of a
// LimitRange. What several layers say can contradict each other, a default
// above a maximum for one, and the API server refuses such a LimitRange, and
// with it everything that is applied beside it. So a bound wins over a default,
// the maximum over the minimum.
func containers(c *schema.Containers) *Containers {
	out := &Containers{}
	if c == nil {
		return out
	}
	add := func(list *quota.Quota, name string, q *resource.Quantity) {
		if q != nil {
			*list = append(*list, quota.Amount{Resource: name, Quantity: *q})
		}
	}
	for _, r := range []struct {
		name                       string
		request, limit, upper, low schema.Quantity
	}{
		{"cpu", c.DefaultRequest.CPU, c.Default.CPU, c.Max.CPU, c.Min.CPU},
		{"memory", c.DefaultRequest.Memory, c.Default.Memory, c.Max.Memory, c.Min.Memory},
	} {
		request, limit, upper, lower := quantity(r.request), quantity(r.limit), quantity(r.upper), quantity(r.low)
		lower = atMost(lower, upper)
		limit = atLeast(atMost(limit, upper), lower)
		request = atLeast(atMost(atMost(request, upper), limit), lower)
		add(&out.DefaultRequest, r.name, request)
		add(&out.Default, r.name, limit)
		add(&out.Max, r.name, upper)
		add(&out.Min, r.name, lower)
	}
	return out
}

// quantity returns nil for an amount that was not given.
func quantity(q schema.Quantity) *resource.Quantity {
	v, err := resource.ParseQuantity(string(q))
	if err != nil {
		return nil // resolve has refused everything but an empty amount
	}
	return &v
}

func atMost(q, bound *resource.Quantity) *resource.Quantity {
	if q != nil && bound != nil && q.Cmp(*bound) > 0 {
		return bound
	}
	return q
}

func atLeast(q, bound *resource.Quantity) *resource.Quantity {
	if q != nil && bound != nil && q.Cmp(*bound) < 0 {
		return bound
	}
	return q
}
