// Command tenantry compiles a tenancy repo into the manifests of its physical
// clusters.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// Exit codes that scripts can rely on.
const (
	exitOK       = 0 // nothing to say, or warnings only
	exitFindings = 1 // the command ran, and found errors in the repo
	exitFailed   = 2 // the command could not run
)

func main() {
	tuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// tuneMemory trades memory for time: a run is short, most of what it allocates
// lives until its end, and collecting it again and again is what a small repo
// would wait for. So the first collection waits until the heap has grown to what
// any machine has to spare, and those after it come seldom, until the limit.
// GOGC and GOMEMLIMIT, where they are set, hold.
func tuneMemory() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(384 << 20)
	first := new([16]byte) // collected with the first collection
	runtime.AddCleanup(first, func(struct{}) {
		debug.SetMemoryLimit(1700 << 20)
		debug.SetGCPercent(400)
	}, struct{}{})
}

// errFindings ends a command that ran and found errors, which it has printed.
var errFindings = errors.New("findings")

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "tenantry: this is a defect of tenantry, and nothing was written: %v\n", r)
			code = exitFailed
		}
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "tenantry: interrupted; the former output stands")
		return exitFailed
	}
	fmt.Fprintln(stderr, "tenantry:", err)
	return exitFailed
}
