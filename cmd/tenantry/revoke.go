package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/revoke"
	"github.com/tenantry/tenantry/internal/cli"
)

const revokeHelp = `revoke takes the access of a subject away: from a logical cluster, or from an
organization with everything below it. It writes a revocation, a document that
wins over whatever grants the access: also where a document is in error and held
at an earlier version, where its logical cluster is suspended, and where its
directory cannot be parsed. It then compiles the repo and prints what the subject
no longer has. Commit the file; it takes effect with the next build.

The revocation is added to revocations.cue in the directory of the organization, or
of one above it where that directory cannot be evaluated. It takes away what
documents in its own directory and below grant, implicit RoleBindings included; what
is granted above, the owners there revoke. With --in it is written further up, where
the owners of the directories below cannot remove it.

SUBJECT is a subject as documents have it: a group, "user:NAME" or
"serviceaccount:NAMESPACE/NAME". A user keeps what is granted to groups: remove it
from these at your identity provider. What tenants granted by RoleBindings of their
own is not in the repo, and is not taken away.

revoke exits 1, and writes nothing, if the subject has no access, which may be a
misspelling (--yes writes it all the same); and if it keeps access in spite of the
revocation.`

type revokeCommand struct {
	queryFlags
	request    revoke.Request
	everywhere bool
	output     cli.Output[*revoke.Report]
}

func newRevoke() *cobra.Command {
	var f revokeCommand
	c := &cobra.Command{
		Use:   "revoke SUBJECT --from KEY|ORGANIZATION",
		Short: "Take access away, whatever documents say",
		Long:  revokeHelp,
		Example: `  tenantry revoke user:mallory --from acme/payments
  tenantry revoke contractors --from acme/payments/prod --in acme --reason "contract ended"
  tenantry revoke user:mallory --everywhere`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.register(c, outHelp)
	fs := c.Flags()
	fs.StringVar(&f.request.From, "from", "", "the logical cluster, or the organization with everything below it")
	fs.BoolVar(&f.everywhere, "everywhere", false, "from all organizations")
	fs.StringVar(&f.request.In, "in", "", "write it in the directory of this organization, which is above what --from names")
	fs.StringVar(&f.request.Since, "since", "", "the first day on which it holds: 2026-11-20; at once by default")
	fs.StringVar(&f.request.Reason, "reason", "", "why, for those who read the document")
	fs.BoolVar(&f.request.Anyway, "yes", false, "write it although the subject has no access")
	f.output.Register(c, cli.As("text", (*revoke.Report).WriteText), cli.As("json", (*revoke.Report).WriteJSON))
	return c
}

func (f *revokeCommand) run(c *cobra.Command, subject string) error {
	q := &f.request
	switch {
	case f.revision != "":
		return errors.New("revoke writes into the files on disk, and --revision reads others")
	case (q.From == "") != f.everywhere:
		return errors.New("say what access is taken from: --from with an organization or a logical cluster, or --everywhere")
	case f.everywhere && q.In != "":
		return errors.New("--everywhere is for the platform: it is written above all organizations, and --in names one")
	}
	if _, err := time.Parse(time.DateOnly, q.Since); q.Since != "" && err != nil {
		return fmt.Errorf("--since %s is not a day such as 2026-11-20", q.Since)
	}
	q.Dir, q.Subject = f.dir, subject
	q.Compile = func() (*compiler.Result, error) { return f.compile(c) }
	report, err := q.Revoke()
	if refusal := (*revoke.Refusal)(nil); errors.As(err, &refusal) {
		fmt.Fprintln(c.ErrOrStderr(), refusal.Message)
		return cli.Findings{}
	} else if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), report); err != nil {
		return err
	}
	if !report.Complete() {
		return cli.Findings{}
	}
	return nil
}
