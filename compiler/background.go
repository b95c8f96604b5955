package compiler

// background starts f and returns what waits for its result. Where f panics, so does
// that.
func background[T any](f func() T) func() T {
	var value T
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		value = f()
	}()
	return func() T {
		<-done
		if panicked != nil {
			panic(panicked)
		}
		return value
	}
}
