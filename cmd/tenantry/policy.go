package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/example"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

func newPolicy() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "List policies and try them",
		Long: `policy lists the policies of a tenancy repo, whom they reach and who is exempt,
and runs the cases that modules and policies bring along.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newPolicyList(), newPolicyTest())
	return c
}

// listedPolicy is a policy as list prints it.
type listedPolicy struct {
	ID          string `json:"id"`
	Stage       string `json:"stage"`
	Enforcement string `json:"enforcement"`
	Module      string `json:"module,omitempty"`
	Description string `json:"description,omitempty"`
	// Reaches is how many logical clusters it reaches, those that are exempt
	// included; left out for one logical cluster.
	Reaches    *int           `json:"reaches,omitempty"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Exemption  *listedLift    `json:"exemption,omitempty"`
	File       string         `json:"file"`
	Line       int            `json:"line"`
}

// listedLift is the exemption that lifts a policy.
type listedLift struct {
	Key     string `json:"key"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"`
	File    string `json:"file"`
	Line    int    `json:"line"`
}

func newPolicyList() *cobra.Command {
	var repo repoFlags
	var output, in, out string
	c := &cobra.Command{
		Use:   "list",
		Short: "List policies, or those that hold for a logical cluster",
		Long: `list prints the policies of the tenancy repo and how many logical clusters each
reaches. With --in it prints those that reach one logical cluster, in the order
in which they stand: the uppermost directory first. An exemption that lifts one
is named.`,
		Example: `  tenantry policy list
  tenantry policy list --in acme/payments/prod
  tenantry policy list --in acme/payments/prod -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o is table or json, not %q", output)
			}
			r, err := repo.compile(c, out)
			if err != nil {
				return err
			}
			if diag.HasErrors(r.Diagnostics) {
				if err := printReport(c, r, repo, reportFlags{format: "text"}); err != nil {
					return err
				}
			}
			rows, err := policyRows(r, in)
			if err != nil {
				return err
			}
			if err := writePolicies(c.OutOrStdout(), output, rows); err != nil {
				return err
			}
			return findings(r.Diagnostics)
		},
	}
	repo.register(c)
	c.Flags().StringVar(&in, "in", "", "only those that reach this logical cluster")
	c.Flags().StringVarP(&output, "output", "o", "table", "format: table or json")
	c.Flags().StringVar(&out, "out", "", "the output whose pins hold; by default rendered, where the repo has it")
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func policyRows(r *compiler.Result, in string) ([]listedPolicy, error) {
	row := func(p *policy.Policy) listedPolicy {
		return listedPolicy{ID: p.ID(), Stage: string(p.Stage), Enforcement: string(p.Spec.Enforcement), Module: p.Spec.Module,
			Description: p.Spec.Description, Parameters: p.Parameters, File: p.Pos.File, Line: p.Pos.Line}
	}
	rows := []listedPolicy{}
	if in == "" {
		reached := map[*policy.Policy]int{}
		for _, lc := range r.Tenancy.LogicalClusters {
			for _, e := range r.Policies.Of(lc) {
				reached[e.Policy]++
			}
		}
		for _, p := range r.Policies.All {
			one, n := row(p), reached[p]
			one.Reaches = &n
			rows = append(rows, one)
		}
		return rows, nil
	}
	lc := r.Tenancy.LogicalCluster(in)
	if lc == nil {
		return nil, noLogicalCluster(r.Tenancy, in)
	}
	for _, e := range r.Policies.Of(lc) {
		one := row(e.Policy)
		if x := e.Exemption; x != nil {
			one.Exemption = &listedLift{x.Key, x.Spec.Reason, x.Spec.Expires, x.Pos.File, x.Pos.Line}
		}
		rows = append(rows, one)
	}
	return rows, nil
}

func noLogicalCluster(t *tenancy.Tenancy, key string) error {
	var keys []string
	for _, lc := range t.LogicalClusters {
		keys = append(keys, lc.Key)
	}
	err := fmt.Errorf("there is no logical cluster %q", key)
	if hint := diag.DidYouMean(key, keys); hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

func writePolicies(w io.Writer, format string, rows []listedPolicy) error {
	if format == "json" {
		return writeJSON(w, rows)
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	all := slices.ContainsFunc(rows, func(p listedPolicy) bool { return p.Reaches != nil })
	last := "EXEMPT UNTIL"
	if all {
		last = "REACHES"
	}
	fmt.Fprintf(t, "POLICY\tSTAGE\tENFORCEMENT\tMODULE\tDECLARED AT\t%s\n", last)
	for _, p := range rows {
		end := "-"
		if p.Reaches != nil {
			end = fmt.Sprint(*p.Reaches)
		} else if p.Exemption != nil {
			end = fmt.Sprintf("%s (%s:%d)", p.Exemption.Expires, p.Exemption.File, p.Exemption.Line)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s:%d\t%s\n", p.ID, p.Stage, p.Enforcement, orDash(p.Module), p.File, p.Line, end)
	}
	return t.Flush()
}

// testedCase is a case as test prints it.
type testedCase struct {
	Document string   `json:"document"`
	Case     string   `json:"case"`
	Passed   bool     `json:"passed"`
	Problem  string   `json:"problem,omitempty"`
	Allowed  bool     `json:"allowed"`
	Messages []string `json:"messages,omitempty"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
}

func newPolicyTest() *cobra.Command {
	var repo repoFlags
	var output, out string
	c := &cobra.Command{
		Use:   "test",
		Short: "Run the cases of modules and policies",
		Long: `test runs the cases of all modules and policies: examples of what their rules
allow and what they deny, with a part of the message.

Cases of policies on writes are judged by the API server's own validator, with
the features of the oldest Kubernetes release among the physical clusters.`,
		Example: `  tenantry policy test
  tenantry policy test -o junit > policies.xml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output != "text" && output != "json" && output != "junit" {
				return fmt.Errorf("-o is text, json or junit, not %q", output)
			}
			r, err := repo.compile(c, out)
			if err != nil {
				return err
			}
			if diag.HasErrors(r.Diagnostics) {
				if err := printReport(c, r, repo, reportFlags{format: "text"}); err != nil {
					return err
				}
			}
			tested := []testedCase{}
			failed := false
			for _, t := range example.Test(c.Context(), r.Policies, example.Cases(r.Policies)) {
				failed = failed || t.Problem != ""
				tested = append(tested, testedCase{t.Document, t.Name, t.Problem == "", t.Problem, t.Allowed, t.Messages, t.Pos.File, t.Pos.Line})
			}
			if err := writeTested(c.OutOrStdout(), output, tested); err != nil {
				return err
			}
			if failed {
				return errFindings
			}
			return findings(r.Diagnostics)
		},
	}
	repo.register(c)
	c.Flags().StringVarP(&output, "output", "o", "text", "format: text, json or junit")
	c.Flags().StringVar(&out, "out", "", "the output whose pins hold; by default rendered, where the repo has it")
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "junit"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func writeTested(w io.Writer, format string, tested []testedCase) error {
	switch format {
	case "json":
		return writeJSON(w, tested)
	case "junit":
		return writeJUnit(w, tested)
	}
	failed := 0
	for _, group := range byDocument(tested) {
		problems := 0
		for _, t := range group {
			if !t.Passed {
				problems++
				fmt.Fprintf(w, "FAIL %s, case %s: %s\n  --> %s:%d\n", t.Document, t.Case, t.Problem, t.File, t.Line)
			}
		}
		if problems == 0 {
			fmt.Fprintf(w, "ok   %s: %s\n", group[0].Document, plural(len(group), "case"))
		}
		failed += problems
	}
	_, err := fmt.Fprintf(w, "%s, %d failed\n", plural(len(tested), "case"), failed)
	return err
}

// byDocument groups neighbours of the same document.
func byDocument(tested []testedCase) (out [][]testedCase) {
	for i, t := range tested {
		if i == 0 || tested[i-1].Document != t.Document || tested[i-1].File != t.File {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], t)
	}
	return out
}

// The parts of JUnit's XML that CI systems read.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr"`
	Line      int           `xml:"line,attr"`
	Failure   *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
}

func writeJUnit(w io.Writer, tested []testedCase) error {
	all := junitSuites{Tests: len(tested)}
	for _, group := range byDocument(tested) {
		suite := junitSuite{Name: group[0].Document, Tests: len(group)}
		for _, t := range group {
			one := junitCase{Name: t.Case, ClassName: t.Document, File: t.File, Line: t.Line}
			if !t.Passed {
				one.Failure = &junitFailure{t.Problem}
				suite.Failures++
			}
			suite.Cases = append(suite.Cases, one)
		}
		all.Failures += suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}
