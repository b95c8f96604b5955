// Package cli holds what every command of a command line shares: exit codes, flags
// with a choice of values, the output format, colour, progress, and the version. It knows
// nothing of what the commands do.
package cli

import "errors"

// Exit codes that scripts can rely on.
const (
	ExitOK       = 0 // nothing to say, or warnings only
	ExitFindings = 1 // the command ran, and found errors
	ExitFailed   = 2 // the command could not run
)

// Findings ends a command that ran and found errors, which it has printed.
type Findings struct{}

// Error implements error. No command prints it.
func (Findings) Error() string { return "findings" }

// ExitCode returns the exit code for the error that a command ended with.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &Findings{}):
		return ExitFindings
	}
	return ExitFailed
}
