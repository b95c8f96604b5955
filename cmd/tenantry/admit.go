package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/admit"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/input"
	"github.com/tenantry/tenantry/internal/printer"
	"k8s.io/apiserver/pkg/admission"
)

const admitHelp = `admit tells, without an API server, whether objects would be admitted in a logical
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

Exit codes: 0 all are admitted, 1 one is denied, 2 the command could not run.`

type admitFlags struct {
	queryFlags
	subject                                     subjectFlags
	files, old                                  []string
	in, operation, subresource, body, namespace string
	output                                      cli.Output[admitted]
}

// admitted is the answer, with the sources that its findings point into.
type admitted struct {
	*admit.Report
	sources func(file string) ([]byte, bool)
}

func newAdmit() *cobra.Command {
	var f admitFlags
	c := &cobra.Command{
		Use:   "admit",
		Short: "Tell what the API server would answer to a write",
		Long:  admitHelp,
		Example: `  tenantry admit -f deployment.yaml --in acme/payments/prod
  tenantry admit -f deploy/ --in acme/payments/prod --as payments-devs -o github
  kustomize build overlays/prod | tenantry admit -f - --in acme/payments/prod
  tenantry admit -f new.yaml --old live.yaml --operation update --in acme/payments/prod
  tenantry admit -f pod.yaml --operation delete --in acme/payments/prod --as user:alice
  tenantry admit -f pod.yaml --subresource exec --in acme/payments/prod --as payments-devs
  tenantry admit -f pod.yaml --subresource ephemeralcontainers --old live.yaml --in acme/payments/prod`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.queryFlags.register(c, outPlaces)
	f.subject.register(c, "who writes", "a group that the writer is in (repeatable)")
	fs := c.Flags()
	fs.StringArrayVarP(&f.files, "file", "f", nil, "a file or directory of objects, or - for standard input (repeatable)")
	fs.StringVar(&f.in, "in", "", "the logical cluster")
	fs.StringVar(&f.operation, "operation", "", "what is done with the objects: create, update, delete or connect; by default what the subresource knows, or create")
	fs.StringArrayVar(&f.old, "old", nil, "the objects as they stand, for updates (repeatable)")
	fs.StringVar(&f.subresource, "subresource", "", "what of the objects is written: "+strings.Join(admit.Subresources(), ", "))
	fs.StringVar(&f.body, "body", "", "what is sent to a subresource with a kind of its own, as a PodExecOptions; by default what kubectl sends")
	fs.StringVarP(&f.namespace, "namespace", "n", "", "where objects go that name no namespace; by default the first of the logical cluster")
	_ = c.MarkFlagRequired("file")
	_ = c.MarkFlagRequired("in")
	cli.Complete(c, "operation", "create", "update", "delete", "connect")
	cli.Complete(c, "subresource", admit.Subresources()...)
	f.registerOutput(c)
	return c
}

// registerOutput adds the formats of an answer, and of its findings alone.
func (f *admitFlags) registerOutput(c *cobra.Command) {
	findings := func(format diag.Format) cli.Format[admitted] {
		return cli.As(string(format), func(a admitted, w io.Writer) error { return f.writeFindings(a, w, format) })
	}
	f.output.RegisterAs(c, cli.Wording{
		Usage:   "format: text, json, sarif or github",
		Refusal: "unknown format %q: must be one of text, json, sarif, github, gitlab",
	},
		cli.As("text", f.writeText),
		cli.As("json", func(a admitted, w io.Writer) error { return a.WriteJSON(w) }),
		findings(diag.SARIF), findings(diag.GitHub), findings(diag.GitLab),
	)
}

func (f *admitFlags) writeText(a admitted, w io.Writer) error {
	if err := a.WriteVerdicts(w); err != nil || len(a.Findings()) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return f.writeFindings(a, w, diag.Text)
}

func (f *admitFlags) writeFindings(a admitted, w io.Writer, format diag.Format) error {
	report := diag.Report{Diagnostics: a.Findings(), Sources: a.sources}
	return report.Write(w, format, diag.WriteOptions{Color: f.color.On(w), Width: cli.Width(w), ToolVersion: cli.Version()})
}

func (f *admitFlags) run(c *cobra.Command) error {
	operation, err := f.whichOperation()
	if err != nil {
		return err
	}
	who, err := f.subject.identity()
	if err != nil {
		return err
	}
	files, err := f.read(c.InOrStdin())
	if err != nil {
		return err
	}
	r, err := f.compileAndReport(c)
	if err != nil {
		return err
	}
	if r.Tenancy.LogicalCluster(f.in) == nil {
		return selection.Missing(r.Tenancy, f.in)
	}
	server, err := admit.NewServer(admit.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Policies: r.Policies, Targets: r.Targets}, f.in, who)
	if err != nil {
		return err
	}
	writes, unreadable, err := f.writes(files, operation)
	if err != nil {
		return err
	}
	report, err := server.AdmitAll(c.Context(), writes)
	if err != nil {
		return err
	}
	if len(writes.Objects) == 0 && len(unreadable) == 0 {
		return fmt.Errorf("there is no object in %s", strings.Join(f.files, ", "))
	}
	report.Pins = r.From
	report.As, report.Groups = f.subject.as, f.subject.groups
	report.Pass(unreadable)
	if err := f.output.Write(c.OutOrStdout(), admitted{report, files.sources(r)}); err != nil {
		return err
	}
	if !report.Admitted {
		return cli.Findings{}
	}
	return nil
}

// operations of the flag.
var operations = map[string]admission.Operation{"create": admission.Create, "update": admission.Update, "delete": admission.Delete, "connect": admission.Connect}

// whichOperation works out what is done, and whether the flags go together.
func (f *admitFlags) whichOperation() (admission.Operation, error) {
	known := admission.Create
	if f.subresource != "" {
		var ok bool
		if known, ok = admit.OperationOn(f.subresource); !ok {
			return "", fmt.Errorf("--subresource is one of %s, not %q", strings.Join(admit.Subresources(), ", "), f.subresource)
		}
	}
	operation := known
	if f.operation != "" {
		operation = operations[f.operation]
	}
	switch {
	case operation == "":
		return "", fmt.Errorf("--operation is create, update, delete or connect, not %q", f.operation)
	case f.subresource != "" && operation != known:
		return "", fmt.Errorf("--subresource %s goes with --operation %s", f.subresource, strings.ToLower(string(known)))
	case f.subresource == "" && operation == admission.Connect:
		return "", errors.New("--operation connect needs a --subresource: exec, attach, portforward or proxy")
	case f.body != "" && !admit.HasBody(f.subresource):
		return "", errors.New("--body goes with a --subresource that has a kind of its own: exec, attach, portforward, proxy, eviction or token")
	case operation == admission.Update && f.old == nil:
		return "", errors.New("--operation update needs the objects as they stand: --old")
	case operation != admission.Update && f.old != nil:
		return "", errors.New("--old goes with --operation update")
	}
	return operation, nil
}

// admitFiles are the files that the flags name.
type admitFiles struct{ objects, old, body []input.File }

func (f *admitFlags) read(stdin io.Reader) (files admitFiles, err error) {
	if files.objects, err = input.Read(stdin, f.files); err != nil {
		return files, err
	}
	if files.old, err = input.Read(stdin, f.old); err != nil || f.body == "" {
		return files, err
	}
	if info, err := os.Stat(f.body); err == nil && info.IsDir() {
		return files, fmt.Errorf("--body %s is a directory: it is one object", f.body)
	}
	files.body, err = input.Read(stdin, []string{f.body})
	return files, err
}

// writes are what is asked, without what could not be read.
func (f *admitFlags) writes(files admitFiles, operation admission.Operation) (admit.Writes, []diag.Diagnostic, error) {
	w := admit.Writes{Operation: operation, Subresource: f.subresource, Namespace: f.namespace}
	var unreadable []diag.Diagnostic
	for _, part := range []struct {
		files []input.File
		into  *[]*admit.Document
	}{{files.objects, &w.Objects}, {files.old, &w.Old}, {files.body, &w.Body}} {
		documents, problems := admit.ReadAll(part.files)
		*part.into = documents
		unreadable = append(unreadable, problems...)
	}
	if f.body != "" && len(w.Body) != 1 && len(unreadable) == 0 {
		return w, nil, fmt.Errorf("--body %s holds %s: it is one object", f.body, printer.Count(len(w.Body), "object"))
	}
	return w, unreadable, nil
}

// sources returns what findings point into: these files, and those of the repo.
func (files admitFiles) sources(r *compiler.Result) func(file string) ([]byte, bool) {
	given := slices.Concat(files.objects, files.old, files.body)
	return func(file string) ([]byte, bool) {
		if data, ok := input.Find(given, file); ok || r.Sources == nil {
			return data, ok
		}
		return r.Sources(file)
	}
}
