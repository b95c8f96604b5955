package compiler

import (
	"encoding/json"
	"fmt"

	"github.com/tenantry/tenantry/compiler/pins"
)

// Applied names a step of a removal of which somebody saw on the physical cluster that what
// it renders stands there.
type Applied struct {
	Key, Cluster string
	Phase        pins.Phase
	Since        string
}

// ReadApplied reads what "tenantry status -o json" wrote: the sites on their way out that
// stand as they are rendered.
func ReadApplied(data []byte) (map[Applied]bool, error) {
	var report struct {
		LogicalClusters *[]struct {
			Key, Cluster string
			Removal      struct {
				Phase   pins.Phase
				Since   string
				Applied bool
			}
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("it is not what tenantry status -o json writes: %w", err)
	}
	if report.LogicalClusters == nil {
		return nil, fmt.Errorf("it is not what tenantry status -o json writes: it has no logicalClusters")
	}
	out := map[Applied]bool{}
	for _, lc := range *report.LogicalClusters {
		if lc.Removal.Applied {
			out[Applied{lc.Key, lc.Cluster, lc.Removal.Phase, lc.Removal.Since}] = true
		}
	}
	return out, nil
}
