package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/tenantry/tenantry/internal/printer"
)

// Choice is a flag that takes one of a few values. Anything else is refused while the
// command line is read, before the command begins.
type Choice struct {
	value, initial string
	values         []string
	refusal        string
}

// Register adds the flag to a command. An empty default stands for no choice.
func (ch *Choice) Register(c *cobra.Command, name, initial, usage string, values ...string) {
	ch.register(c, name, "", initial, usage, values)
}

func (ch *Choice) register(c *cobra.Command, name, shorthand, initial, usage string, values []string) {
	ch.value, ch.initial, ch.values = initial, initial, values
	if ch.refusal == "" {
		flag := "--" + name
		if shorthand != "" {
			flag = "-" + shorthand
		}
		ch.refusal = flag + " is " + printer.Or(values) + ", not %q"
	}
	c.Flags().VarP(ch, name, shorthand, usage)
	Complete(c, name, values...)
}

// String returns the value.
func (ch *Choice) String() string { return ch.value }

// Set implements pflag.Value.
func (ch *Choice) Set(value string) error {
	if value != ch.initial && !slices.Contains(ch.values, value) {
		return UsageError{fmt.Sprintf(ch.refusal, value)}
	}
	ch.value = value
	return nil
}

// Type implements pflag.Value; help shows it as what the flag takes.
func (ch *Choice) Type() string { return "string" }

// UsageError says what is wrong with a flag's value, as a message that needs no
// context.
type UsageError struct{ Message string }

func (e UsageError) Error() string { return e.Message }

// FlagError is for cobra.Command.SetFlagErrorFunc: it leaves out what pflag puts
// around a UsageError.
func FlagError(_ *cobra.Command, err error) error {
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
		if usage := (UsageError{}); errors.As(invalid.Unwrap(), &usage) {
			return usage
		}
	}
	return err
}

// Complete lets shells complete a flag with a few values.
func Complete(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag, or it is completed already
	}
}

// CompleteDirectory lets shells complete a flag with directories.
func CompleteDirectory(c *cobra.Command, flag string) {
	if err := c.MarkFlagDirname(flag); err != nil {
		panic(err) // there is no such flag
	}
}
