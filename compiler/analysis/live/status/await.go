package status

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// pause is how long a look is waited for after the last one.
const pause = 2 * time.Second

// Await looks until all is ready or the limit is over, and returns the last look, and
// whether the limit is over. It tells what is waited for. A cluster that can't be asked
// any more may come back; that the first look fails is an error.
func Await(ctx context.Context, limit time.Duration, look func(context.Context) (*Report, error), tell func(string)) (r *Report, over bool, err error) {
	if r, err = look(ctx); err != nil {
		return nil, false, err
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !r.Ready() {
		tell("waiting: " + r.Summary())
		select {
		case <-limited.Done():
		case <-time.After(pause):
		}
		next, err := look(limited)
		switch {
		case ctx.Err() != nil:
			return nil, false, ctx.Err()
		case limited.Err() != nil:
			tell(fmt.Sprintf("not ready after %s", limit))
			return r, true, nil
		case err != nil:
			tell("waiting: " + strings.ReplaceAll(err.Error(), "\n", "; "))
		default:
			r = next
		}
	}
	return r, false, nil
}

// Differs reports whether something stands otherwise than the output has it.
func (r *Report) Differs() bool {
	return r.Counts[Drifted]+r.Counts[Missing]+r.Counts[Unmanaged] > 0
}
