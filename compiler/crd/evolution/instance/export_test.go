package instance

import "context"

// Find returns a small object that the old schema accepts and the new one refuses
// for a reason at, above or below the path, as changes name it. It is false where
// no such object was found. The error is that of the context.
func (w *Witnesses) Find(ctx context.Context, path string) (map[string]any, bool, error) {
	found, err := w.find(ctx, path, effort)
	return found.object, found.object != nil, err
}
