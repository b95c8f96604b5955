package admit

import (
	"context"
)

// mutate runs the policies that change objects.
func (w *write) mutate(context.Context) {}
