package change

// Capacity is an amount of a physical cluster that the change takes or frees.
type Capacity struct {
	Cluster string `json:"cluster"`
	// Amount is logicalClusters, namespaces, cpu, memory or loadBalancers.
	Amount string `json:"amount"`
	// Before and After are the sum of quotas; Capacity is the bound after the
	// change, empty where there is none any more.
	Before   string `json:"before"`
	After    string `json:"after"`
	Capacity string `json:"capacity"`
	// Over: the sum is above the bound.
	Over bool `json:"over,omitempty"`
	// Unbounded counts logical clusters that leave the amount open, so that the sum
	// says less than what may be used.
	Unbounded int `json:"unbounded,omitempty"`
}
