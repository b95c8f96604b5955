package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/admit"
	"github.com/tenantry/tenantry/internal/diag"
	"k8s.io/apiserver/pkg/admission"
)

func newAdmit() *cobra.Command {
	q := admitQuery{}
	c := &cobra.Command{
		Use:   "admit",
		Short: "Tell what the API server would answer to a write",
		Long: `admit tells, without an API server, whether objects would be admitted in a logical
cluster, and why not: by which rule, and where that stands in the tenancy repo.

It goes through what a write goes through there: RBAC, the API gate and the other
policies of the platform, defaults, the schema of the kind, container bounds, Pod
Security, policies at stage admit, and quota. The platform is never the writer, and
neither is an administrator of the physical cluster.

-f names files in YAML or JSON, or directories, whose files are read at any depth;
- is standard input. Each document is judged by itself. Namespaces are named as the
logical cluster's document names them, or by their physical names.

--as takes a subject as documents have it: a group, "user:NAME" or
"serviceaccount:NAMESPACE/NAME". Without it the write is taken to be allowed by the
writer's role, and RBAC is not asked.

--operation update needs what stands there now, with --old. Objects that --old does
not have are created.

--subresource is about a part of the objects, and says which operation is meant: -f
holds the objects that stand, or for an update what they are to become. A command in a
pod (exec), its terminal (attach), its ports (portforward) and a proxy to it are
connections, judged as kubectl makes them; an eviction and a token for a service
account are created. What kubectl sends for these is taken to be sent, with the command sh, or --body.

What is not known: which other objects there are, so the whole quota is taken to be
free, and every name that an object refers to is taken to exist; what only the API
server's validation of Kubernetes' own kinds refuses, as a port of 70000; admission
webhooks. Objects with a field that the kind does not have are denied, as for
kubectl and Flux, which ask for strict validation.

A Deployment whose pods would be denied is admitted, as the API server admits it,
with a warning.

Exit codes: 0 all are admitted, 1 one is denied, 2 the command could not run.`,
		Example: `  tenantry admit -f deployment.yaml --in acme/payments/prod
  tenantry admit -f deploy/ --in acme/payments/prod --as payments-devs -o github
  kustomize build overlays/prod | tenantry admit -f - --in acme/payments/prod
  tenantry admit -f new.yaml --old live.yaml --operation update --in acme/payments/prod
  tenantry admit -f pod.yaml --operation delete --in acme/payments/prod --as user:alice
  tenantry admit -f pod.yaml --subresource exec --in acme/payments/prod --as payments-devs
  tenantry admit -f pod.yaml --subresource ephemeralcontainers --old live.yaml --in acme/payments/prod`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return q.run(c) },
	}
	q.register(c)
	f := c.Flags()
	f.StringArrayVarP(&q.files, "file", "f", nil, "a file or directory of objects, or - for standard input (repeatable)")
	f.StringVar(&q.in, "in", "", "the logical cluster")
	f.StringVar(&q.as, "as", "", "who writes")
	f.StringSliceVar(&q.groups, "as-group", nil, "a group that the writer is in (repeatable)")
	f.StringVar(&q.operation, "operation", "", "what is done with the objects: create, update, delete or connect; by default what the subresource knows, or create")
	f.StringArrayVar(&q.old, "old", nil, "the objects as they stand, for updates (repeatable)")
	f.StringVar(&q.subresource, "subresource", "", "what of the objects is written: "+strings.Join(admit.Subresources(), ", "))
	f.StringVar(&q.body, "body", "", "what is sent to a subresource with a kind of its own, as a PodExecOptions; by default what kubectl sends")
	f.StringVarP(&q.namespace, "namespace", "n", "", "where objects go that name no namespace; by default the first of the logical cluster")
	f.StringVarP(&q.output, "output", "o", "text", "format: text, json, sarif or github")
	_ = c.MarkFlagRequired("file")
	_ = c.MarkFlagRequired("in")
	_ = c.RegisterFlagCompletionFunc("operation", cobra.FixedCompletions([]string{"create", "update", "delete", "connect"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("subresource", cobra.FixedCompletions(admit.Subresources(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "sarif", "github"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// admitQuery are the flags of admit.
type admitQuery struct {
	repoQuery
	files, old, groups                                      []string
	in, as, operation, subresource, body, namespace, output string
}

// operations of the flag.
var operations = map[string]admission.Operation{"create": admission.Create, "update": admission.Update, "delete": admission.Delete, "connect": admission.Connect}

// admitted is the answer to all documents.
type admitted struct {
	LogicalCluster string            `json:"logicalCluster"`
	Cluster        string            `json:"cluster"`
	As             string            `json:"as,omitempty"`
	Groups         []string          `json:"groups,omitempty"`
	Admitted       bool              `json:"admitted"`
	Answers        []admittedOne     `json:"answers"`
	Unreadable     []diag.Diagnostic `json:"unreadable,omitempty"`
}

type admittedOne struct {
	File        string `json:"file"`
	Line        int    `json:"line"`
	APIVersion  string `json:"apiVersion"`
	Kind        string `json:"kind"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
	Operation   string `json:"operation"`
	Subresource string `json:"subresource,omitempty"`
	Admitted    bool   `json:"admitted"`
	// Findings in the order in which the API server comes to them.
	Findings []diag.Diagnostic `json:"findings"`
	// Object as it would be stored, but for what only a server makes up.
	Object map[string]any `json:"object,omitempty"`
}

func (q *admitQuery) run(c *cobra.Command) error {
	if err := q.whichOperation(); err != nil {
		return err
	}
	if _, err := diag.ParseFormat(q.output); err != nil {
		return err
	}
	switch update := q.operation == "update"; {
	case update && q.old == nil:
		return errors.New("--operation update needs the objects as they stand: --old")
	case !update && q.old != nil:
		return errors.New("--old goes with --operation update")
	}
	var who *access.Identity
	if q.as != "" {
		id, err := access.ParseIdentity(q.as, q.groups)
		if err != nil {
			return fmt.Errorf("--as: %w", err)
		}
		who = &id
	} else if len(q.groups) > 0 {
		return errors.New("--as-group goes with --as")
	}
	files, err := readFiles(c.InOrStdin(), q.files)
	if err != nil {
		return err
	}
	old, err := readFiles(c.InOrStdin(), q.old)
	if err != nil {
		return err
	}
	var bodies inputFiles
	if q.body != "" {
		if info, err := os.Stat(q.body); err == nil && info.IsDir() {
			return fmt.Errorf("--body %s is a directory: it is one object", q.body)
		}
		if bodies, err = readFiles(c.InOrStdin(), []string{q.body}); err != nil {
			return err
		}
	}
	r, err := q.compile(c)
	if err != nil {
		return err
	}
	if r.Tenancy.LogicalCluster(q.in) == nil {
		return noLogicalCluster(r.Tenancy, q.in)
	}
	server, err := admit.NewServer(admit.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Policies: r.Policies}, q.in, who)
	if err != nil {
		return err
	}
	out := admitted{LogicalCluster: q.in, Cluster: server.Cluster(), As: q.as, Groups: q.groups, Answers: []admittedOne{}}
	documents := files.documents(&out.Unreadable)
	before := old.documents(&out.Unreadable)
	sent := bodies.documents(&out.Unreadable)
	if q.body != "" && len(sent) != 1 && len(out.Unreadable) == 0 {
		return fmt.Errorf("--body %s holds %s: it is one object", q.body, plural(len(sent), "object"))
	}
	server.Know(documents, q.namespace)
	for _, d := range documents {
		request := admit.Request{Operation: operations[q.operation], Object: d, Subresource: q.subresource, Namespace: q.namespace}
		if len(sent) == 1 {
			request.Body = sent[0]
		}
		if request.Operation == admission.Update {
			if i := slices.IndexFunc(before, d.Same); i >= 0 {
				request.Old = before[i]
			} else if request.Operation = admission.Create; q.subresource != "" {
				return fmt.Errorf("%s: --old has no %s", d.At(""), d)
			}
		}
		out.add(server.Admit(c.Context(), request))
	}
	if len(documents) == 0 && len(out.Unreadable) == 0 {
		return fmt.Errorf("there is no object in %s", strings.Join(q.files, ", "))
	}
	out.Admitted = !slices.ContainsFunc(out.Answers, func(a admittedOne) bool { return !a.Admitted }) && !diag.HasErrors(out.Unreadable)
	if err := q.write(c, r, out, slices.Concat(files, old, bodies)); err != nil {
		return err
	}
	if !out.Admitted {
		return errFindings
	}
	return nil
}

// whichOperation works out what is done, where only the subresource says so.
func (q *admitQuery) whichOperation() error {
	known := admission.Create
	if q.subresource != "" {
		var ok bool
		if known, ok = admit.OperationOn(q.subresource); !ok {
			return fmt.Errorf("--subresource is one of %s, not %q", strings.Join(admit.Subresources(), ", "), q.subresource)
		}
	}
	switch {
	case q.operation == "":
		q.operation = strings.ToLower(string(known))
	case operations[q.operation] == "":
		return fmt.Errorf("--operation is create, update, delete or connect, not %q", q.operation)
	case q.subresource != "" && operations[q.operation] != known:
		return fmt.Errorf("--subresource %s goes with --operation %s", q.subresource, strings.ToLower(string(known)))
	case q.subresource == "" && q.operation == "connect":
		return errors.New("--operation connect needs a --subresource: exec, attach, portforward or proxy")
	}
	if q.body != "" && !admit.HasBody(q.subresource) {
		return errors.New("--body goes with a --subresource that has a kind of its own: exec, attach, portforward, proxy, eviction or token")
	}
	return nil
}

func (out *admitted) add(a *admit.Answer) {
	at := a.At("")
	version, kind := a.Kind.ToAPIVersionAndKind()
	one := admittedOne{File: at.File, Line: at.Line, APIVersion: version, Kind: kind, Namespace: a.Namespace, Name: a.Name,
		Operation: strings.ToLower(string(a.Operation)), Subresource: a.Subresource, Admitted: a.Admitted(), Findings: a.Findings, Object: a.Object}
	if one.Findings == nil {
		one.Findings = []diag.Diagnostic{}
	}
	out.Answers = append(out.Answers, one)
}

// write prints the answer. It is what was asked for, so it goes to standard output
// in every format.
func (q *admitQuery) write(c *cobra.Command, r *compiler.Result, out admitted, files inputFiles) error {
	w := c.OutOrStdout()
	if q.output == "json" {
		return writeJSON(w, out)
	}
	report := diag.Report{Diagnostics: slices.Clone(out.Unreadable), Sources: func(file string) ([]byte, bool) {
		if data, ok := files.data(file); ok {
			return data, true
		}
		if r.Sources == nil {
			return nil, false
		}
		return r.Sources(file)
	}}
	for _, a := range out.Answers {
		report.Diagnostics = append(report.Diagnostics, a.Findings...)
	}
	color := false
	if q.output == "text" {
		if err := writeVerdicts(w, out); err != nil {
			return err
		}
		if len(report.Diagnostics) == 0 {
			return nil
		}
		fmt.Fprintln(w)
		color = q.repo.color == "always" || q.repo.color == "auto" && os.Getenv("NO_COLOR") == "" && isTerminal(w)
	}
	return report.Write(w, diag.Format(q.output), diag.WriteOptions{Color: color, Width: terminalWidth(w), ToolVersion: toolVersion()})
}

func writeVerdicts(w io.Writer, out admitted) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, a := range out.Answers {
		verdict, warnings := "admitted", 0
		for _, f := range a.Findings {
			if f.Severity == diag.Warning {
				warnings++
			}
		}
		switch {
		case !a.Admitted:
			verdict = "denied"
		case warnings > 0:
			verdict += ", " + plural(warnings, "warning")
		}
		name := a.Kind + " " + cmp.Or(a.Name, "-")
		if a.Subresource != "" {
			name += " (" + a.Subresource + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s:%d\n", verdict, a.Operation, name, orDash(a.Namespace), a.File, a.Line)
	}
	return t.Flush()
}

// inputFile is a file of objects.
type inputFile struct {
	name string
	data []byte
}

type inputFiles []inputFile

// readFiles reads files, directories with all below them, and - as in.
func readFiles(in io.Reader, names []string) (inputFiles, error) {
	var out inputFiles
	for _, name := range names {
		if name == "-" {
			data, err := io.ReadAll(in)
			if err != nil {
				return nil, err
			}
			out = append(out, inputFile{"standard input", data})
			continue
		}
		err := filepath.WalkDir(name, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && p != name && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case d.IsDir(), p != name && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(p)):
				return nil
			}
			data, err := os.ReadFile(p)
			out = append(out, inputFile{filepath.ToSlash(p), data})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (files inputFiles) data(name string) ([]byte, bool) {
	i := slices.IndexFunc(files, func(f inputFile) bool { return f.name == name })
	if i < 0 {
		return nil, false
	}
	return files[i].data, true
}

// documents returns the objects of all files.
func (files inputFiles) documents(problems *[]diag.Diagnostic) []*admit.Document {
	var out []*admit.Document
	for _, f := range files {
		documents, found := admit.Read(f.name, f.data)
		*problems = append(*problems, found...)
		for _, d := range documents {
			if d.Kind.Group == "kustomize.config.k8s.io" {
				*problems = append(*problems, diag.New(diag.AdmitPassedOver, d.At(""), "%s tells kustomize what to build, and is never applied", d.Kind.Kind).
					Suggest("kustomize build | tenantry admit -f -"))
				continue
			}
			out = append(out, d)
		}
	}
	return out
}
