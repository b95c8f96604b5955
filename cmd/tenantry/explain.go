package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/diag"
)

func newExplain() *cobra.Command {
	var list bool
	c := &cobra.Command{
		Use:   "explain CODE",
		Short: "Tell more about a diagnostic",
		Long:  `explain tells what a diagnostic code means, why it matters and what to do.`,
		Example: `  tenantry explain TEN0123
  tenantry explain --list`,
		Args: func(c *cobra.Command, args []string) error {
			if list {
				return cobra.NoArgs(c, args)
			}
			return cobra.ExactArgs(1)(c, args)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, e := range diag.Entries() {
				out = append(out, fmt.Sprintf("%s\t%s", e.Code, e.Title))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			w := c.OutOrStdout()
			if list {
				for _, e := range diag.Entries() {
					fmt.Fprintf(w, "%s  %-7s  %s\n", e.Code, e.Severity, e.Title)
				}
				return nil
			}
			var codes []string
			for _, e := range diag.Entries() {
				if string(e.Code) == strings.ToUpper(args[0]) {
					return e.Write(w, terminalWidth(w))
				}
				codes = append(codes, string(e.Code))
			}
			err := fmt.Errorf("there is no diagnostic %q", args[0])
			if hint := diag.DidYouMean(strings.ToUpper(args[0]), codes); hint != "" {
				err = fmt.Errorf("%w; %s", err, hint)
			}
			return err
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list all codes")
	return c
}
