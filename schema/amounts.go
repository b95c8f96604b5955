package schema

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Quantity is an amount as Kubernetes writes it ("250m", "96Gi"); in a document
// it may also stand as a plain number. Empty means that none was given.
type Quantity string

// UnmarshalJSON reads a string or a number.
func (q *Quantity) UnmarshalJSON(data []byte) error {
	s, err := scalarText(data)
	*q = Quantity(s)
	return err
}

// MarshalJSON writes a plain number as a number and anything else as a string, so
// that a document which is read back still meets bounds such as <=64.
func (q Quantity) MarshalJSON() ([]byte, error) {
	if json.Valid([]byte(q)) {
		return []byte(q), nil
	}
	return json.Marshal(string(q))
}

// Money is an exact decimal amount in the repo's currency, or an exact factor.
// Empty means that none was given.
type Money string

// UnmarshalJSON reads a number.
func (m *Money) UnmarshalJSON(data []byte) error {
	s, err := scalarText(data)
	*m = Money(s)
	return err
}

// MarshalJSON writes the amount as a number.
func (m Money) MarshalJSON() ([]byte, error) {
	if m == "" {
		return []byte("null"), nil
	}
	return []byte(m), nil
}

func scalarText(data []byte) (string, error) {
	if strings.HasPrefix(string(data), `"`) {
		var s string
		err := json.Unmarshal(data, &s)
		return s, err
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return "", fmt.Errorf("want a number or a string, have %s", data)
	}
	return n.String(), nil
}

// Quota are amounts by resource name. The short names of the schema stand for
// Kubernetes' own; see ResourceName.
type Quota map[string]Quantity

// shortNames are the short names of #Quota and what they stand for in a
// ResourceQuota.
var shortNames = map[string]string{
	"cpu":           "requests.cpu",
	"memory":        "requests.memory",
	"storage":       "requests.storage",
	"loadBalancers": "services.loadbalancers",
	"nodePorts":     "services.nodeports",
}

// ResourceName returns the name that a ResourceQuota uses for a key of a Quota.
func ResourceName(key string) string {
	if name, ok := shortNames[key]; ok {
		return name
	}
	return key
}
