package diff

import "github.com/tenantry/tenantry/compiler/load/document"

// paired calls each for the documents of two sides that have one identity, in the order of the
// side after, and then for those that only the side before has. Either may be nil.
func paired[T any](before, after []*T, meta func(*T) *document.Meta, each func(was, is *T)) {
	left := map[document.ID]*T{}
	for _, x := range before {
		left[meta(x).ID()] = x
	}
	for _, x := range after {
		id := meta(x).ID()
		was := left[id]
		delete(left, id)
		each(was, x)
	}
	for _, x := range before {
		if left[meta(x).ID()] != nil {
			each(x, nil)
		}
	}
}
