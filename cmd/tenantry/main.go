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
