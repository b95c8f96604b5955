package main

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/internal/cli"
)

const accessHelp = `access prints who may do what in logical clusters, from the roles and bindings
that build renders, and the document that gives it: the logical cluster's own, that of
an organization above it, or an implicit resource.

WRITES tells what admission leaves of a role's writes: they are denied in a
logical cluster that is frozen. SENSITIVE marks what deserves a second look:

  secrets             reads or writes secrets
  exec                enters pods, or reaches their ports
  tokens              makes tokens of service accounts
  impersonate         acts as somebody else
  escalate, bind      writes or binds roles beyond its own rights
  delegate            hands its own rights on to others
  wildcard            covers every verb, resource or group
  unknown-role        is bound to a role whose content is not known here
  cross-organization  has access in several top-level organizations

Nobody but the platform ever writes the platform's objects, whose names begin
with "tenantry-". Whoever may create pods reaches the secrets and the service
accounts of the namespace through them.

--as takes a subject as documents have it: a group, "user:NAME" or
"serviceaccount:NAMESPACE/NAME". What a user may do through groups is part of the
answer if the groups are named with --as-group.`

type accessCommand struct {
	accessFlags
	subject subjectFlags
	detail  bool
	output  cli.Output[*access.Answer]
}

func newAccess() *cobra.Command {
	var f accessCommand
	c := &cobra.Command{
		Use:   "access",
		Short: "Show who has access to logical clusters, and where it comes from",
		Long:  accessHelp,
		Example: `  tenantry access --in acme/payments/prod
  tenantry access --in 'acme/**' --as payments-devs
  tenantry access --in acme --as user:alice --as-group payments-devs -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c)
	f.subject.register(c, "only what this subject may do, verb by verb", "a group that the subject is in (repeatable)")
	c.Flags().BoolVar(&f.detail, "detail", false, "also print the verbs on each resource")
	f.output.Register(c,
		cli.As("table", func(a *access.Answer, w io.Writer) error { return a.WriteTable(w, f.detail || f.subject.as != "") }),
		cli.As("json", (*access.Answer).WriteJSON),
	)
	return c
}

func (f *accessCommand) run(c *cobra.Command) error {
	who, err := f.subject.identity()
	if err != nil {
		return err
	}
	r, answer, err := f.find(c, who)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), answer); err != nil {
		return err
	}
	return findings(r.Diagnostics)
}
