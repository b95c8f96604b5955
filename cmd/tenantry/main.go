// Command tenantry compiles a tenancy repo into the manifests of its physical
// clusters.
//
// Each command is one file: its help, a constructor that makes flags, and a function
// that calls the compiler or an analysis and writes the answer. newRoot lists them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/heap"
)

func main() {
	heap.Tune()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "tenantry: this is a defect of tenantry, and nothing was written: %v\n", r)
			code = cli.ExitFailed
		}
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	c, err := root.ExecuteContextC(ctx)
	defer trimCache(c)
	code = cli.ExitCode(err)
	switch {
	case code != cli.ExitFailed:
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "tenantry: interrupted; the former output stands")
	default:
		fmt.Fprintln(stderr, "tenantry:", err)
	}
	return code
}
