package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

func newAccess() *cobra.Command {
	var q accessQuery
	var subject, output string
	var groups []string
	var detail bool
	c := &cobra.Command{
		Use:   "access",
		Short: "Show who has access to logical clusters, and where it comes from",
		Long: `access prints who may do what in logical clusters, from the roles and bindings
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
answer if the groups are named with --as-group.`,
		Example: `  tenantry access --in acme/payments/prod
  tenantry access --in 'acme/**' --as payments-devs
  tenantry access --in acme --as user:alice --as-group payments-devs -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o is table or json, not %q", output)
			}
			if subject == "" && len(groups) > 0 {
				return fmt.Errorf("--as-group goes with --as")
			}
			var who *access.Identity
			if subject != "" {
				id, err := access.ParseIdentity(subject, groups)
				if err != nil {
					return fmt.Errorf("--as: %w", err)
				}
				who = &id
			}
			r, lcs, err := q.compile(c)
			if err != nil {
				return err
			}
			found := findAccess(r, lcs, who)
			if output == "json" {
				err = found.writeJSON(c.OutOrStdout())
			} else {
				err = found.writeTable(c.OutOrStdout(), detail || who != nil)
			}
			if err != nil {
				return err
			}
			return findings(r.Diagnostics)
		},
	}
	q.register(c)
	f := c.Flags()
	f.StringVar(&subject, "as", "", "only what this subject may do, verb by verb")
	f.StringSliceVar(&groups, "as-group", nil, "a group that the subject is in (repeatable)")
	f.BoolVar(&detail, "detail", false, "also print the verbs on each resource")
	f.StringVarP(&output, "output", "o", "table", "format: table or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// accessQuery are the flags of commands that ask about access.
type accessQuery struct {
	repoQuery
	in string
}

func (q *accessQuery) register(c *cobra.Command) {
	q.repoQuery.register(c)
	c.Flags().StringVar(&q.in, "in", "", "only in these logical clusters: an organization, a logical cluster, or a pattern such as acme/**")
}

// compile also returns the logical clusters that are asked about.
func (q *accessQuery) compile(c *cobra.Command) (*compiler.Result, []*tenancy.LogicalCluster, error) {
	if err := checkPattern("--in", q.in); err != nil {
		return nil, nil, err
	}
	r, err := q.repoQuery.compile(c)
	if err != nil {
		return nil, nil, err
	}
	lcs, err := selected(r, q.in)
	return r, lcs, err
}

// accessFound is what access prints.
type accessFound struct {
	access  *access.Access
	entries []access.Entry
	// closed are logical clusters in which nobody has access, and why.
	closed []closedCluster
}

type closedCluster struct {
	LogicalCluster string `json:"logicalCluster"`
	Reason         string `json:"reason"`
	Grants         int    `json:"grantsInRepo"`
}

func findAccess(r *compiler.Result, lcs []*tenancy.LogicalCluster, who *access.Identity) *accessFound {
	f := &accessFound{access: access.New(r.Tenancy, r.States, r.Platforms)}
	for _, lc := range lcs {
		switch {
		case lc.Suspended:
			f.closed = append(f.closed, closedCluster{lc.Key, "suspended", len(lc.Access)})
			continue
		case r.Sites[lc.Key] == nil:
			f.closed = append(f.closed, closedCluster{lc.Key, "not placed", len(lc.Access)})
			continue
		}
		if who != nil {
			f.entries = append(f.entries, f.access.As(lc.Key, *who)...)
		} else {
			f.entries = append(f.entries, f.access.In(lc.Key)...)
		}
	}
	return f
}

// accessEntry is an entry as JSON.
type accessEntry struct {
	LogicalCluster string         `json:"logicalCluster"`
	Cluster        string         `json:"cluster"`
	Left           bool           `json:"left,omitempty"`
	Subject        string         `json:"subject"`
	Namespaces     []string       `json:"namespaces"`
	Sensitive      []access.Mark  `json:"sensitive"`
	Organizations  []string       `json:"organizations,omitempty"`
	From           []accessSource `json:"from"`
}

type accessSource struct {
	Role         string `json:"role"`
	Organization string `json:"organization,omitempty"`
	Deployer     bool   `json:"deployer,omitempty"`
	Implicit     string `json:"implicit,omitempty"`
	diag.Position
}

func (f *accessFound) entry(e *access.Entry) accessEntry {
	out := accessEntry{
		LogicalCluster: e.LogicalCluster, Cluster: e.Cluster, Left: e.Left, Subject: e.Subject.String(),
		Namespaces: e.Namespaces, Sensitive: orEmpty(f.access.Marks(e)), From: []accessSource{},
	}
	if tops := f.access.Organizations(e.Subject); len(tops) > 1 {
		out.Organizations = tops
	}
	for _, s := range e.Sources {
		out.From = append(out.From, accessSource{s.Role, s.Organization, s.Deployer, s.Implicit, s.Pos})
	}
	return out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (f *accessFound) writeJSON(w io.Writer) error {
	type entry struct {
		accessEntry
		Permissions int `json:"permissions"` // an index into those of the answer
	}
	answer := struct {
		Access []entry `json:"access"`
		// Permissions are shared: the entries of thousands have a handful.
		Permissions [][]access.Permission `json:"permissions"`
		Closed      []closedCluster       `json:"closed"`
	}{Access: []entry{}, Permissions: [][]access.Permission{}, Closed: orEmpty(f.closed)}
	index := map[*access.Rights]int{}
	for i := range f.entries {
		n, known := index[f.entries[i].Rights]
		if !known {
			n = len(answer.Permissions)
			index[f.entries[i].Rights] = n
			answer.Permissions = append(answer.Permissions, orEmpty(f.entries[i].Rights.Permissions))
		}
		answer.Access = append(answer.Access, entry{f.entry(&f.entries[i]), n})
	}
	return writeJSON(w, answer)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (f *accessFound) writeTable(w io.Writer, detail bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "LOGICAL CLUSTER\tSUBJECT\tROLE\tWRITES\tSENSITIVE\tFROM")
	for i := range f.entries {
		e := &f.entries[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", placeOf(e), e.Subject, roleOf(e), writesOf(e.Rights),
			orDash(join(f.access.Marks(e))), from(e.Sources))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, c := range f.closed {
		fmt.Fprintf(w, "%s is %s: nobody has access (%s in the repo)\n", c.LogicalCluster, c.Reason, plural(c.Grants, "grant"))
	}
	if !detail {
		return nil
	}
	var order []*access.Rights
	places := map[*access.Rights][]string{}
	for i := range f.entries {
		e := &f.entries[i]
		if places[e.Rights] == nil {
			order = append(order, e.Rights)
		}
		if place := e.Subject.String() + " in " + placeOf(e); !slices.Contains(places[e.Rights], place) {
			places[e.Rights] = append(places[e.Rights], place)
		}
	}
	for _, r := range order {
		list := places[r]
		const most = 5
		if more := len(list) - most; more > 1 {
			list = append(list[:most:most], fmt.Sprintf("%d more", more))
		}
		fmt.Fprintf(w, "\n%s:\n", strings.Join(list, "; "))
		t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		for i := range r.Permissions {
			p := &r.Permissions[i]
			fmt.Fprintf(t, "  %s\t%s\n", resourceName(p.Group, p.Resource), verbsOf(p))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func placeOf(e *access.Entry) string {
	if e.Left {
		return e.LogicalCluster + " (left on " + e.Cluster + ")"
	}
	return e.LogicalCluster
}

// roleOf is the strongest role of an entry, which includes the others.
func roleOf(e *access.Entry) string {
	if len(e.Sources) == 0 {
		return "-"
	}
	return e.Sources[0].Role
}

// writesOf tells what becomes of the writes that roles grant.
func writesOf(r *access.Rights) string {
	passes, denied := false, access.Refusal("")
	for i := range r.Permissions {
		p := &r.Permissions[i]
		denied = max(denied, p.By)
		passes = passes || p.Writes()
	}
	switch {
	case denied != "" && passes:
		return "in part denied: " + string(denied)
	case denied != "":
		return "denied: " + string(denied)
	case passes:
		return "yes"
	}
	return "no"
}

func from(sources []access.Source) string {
	var out []string
	for _, s := range sources {
		out = append(out, s.String())
	}
	return orDash(strings.Join(out, "; "))
}

// resourceName is a resource as kubectl writes it: "deployments.apps/scale".
func resourceName(group, resource string) string {
	if group == "" {
		return resource
	}
	base, sub, ok := strings.Cut(resource, "/")
	if ok {
		sub = "/" + sub
	}
	return base + "." + group + sub
}

func verbsOf(p *access.Permission) string {
	out := strings.Join(p.Verbs, ", ")
	if len(p.Denied) > 0 {
		out += fmt.Sprintf(" (denied, %s: %s)", p.By, strings.Join(p.Denied, ", "))
	}
	if len(p.Versions) > 0 {
		out += " (writes in " + strings.Join(p.Versions, ", ") + " only)"
	}
	if p.BoundOnly {
		out += " (writes to bound APIs only)"
	}
	return strings.TrimSpace(out)
}

func join[T ~string](list []T) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}
