package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/render/engine"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/live"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"k8s.io/apimachinery/pkg/labels"
)

// liveFlags are the flags of the commands that look at clusters.
type liveFlags struct {
	dir, out, kubeContext, selector, on, class string
	kubeconfigs                                []string
	timeout                                    time.Duration
	clusters                                   int
	managementOnly                             bool

	// path is the argument; empty for all.
	path   string
	labels labels.Selector
}

// objectsAtATime bounds the requests to one cluster.
const objectsAtATime = 16

const liveHelp = `
The output is what is compared: the directory that "tenantry build" wrote, or
with --out REV:PATH the branch that the engine reads (--out origin/rendered: for
its root), which is not ahead of what was published.

--kubeconfig FILE is the management cluster's; without it, the one that kubectl
would take. Physical clusters are reached as the GitOps engine reaches them: by
the kubeconfig in Flux's secret, or by Argo CD's cluster secret. For one that you
reach otherwise, say --kubeconfig CLUSTER=FILE; where only such are given, the
management cluster is left out.

PATH narrows the logical clusters: it is ` + selection.Help + `.`

func (f *liveFlags) register(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVarP(&f.dir, "dir", "C", ".", "the tenancy repo, in which --out is looked for")
	fs.StringVar(&f.out, "out", "", "the output: a directory, or REV:PATH in git; by default rendered in the tenancy repo")
	fs.StringArrayVar(&f.kubeconfigs, "kubeconfig", nil, "the management cluster's kubeconfig, or CLUSTER=FILE for a physical cluster (repeatable)")
	fs.StringVar(&f.kubeContext, "context", "", "the context of the management cluster's kubeconfig")
	fs.DurationVar(&f.timeout, "request-timeout", 15*time.Second, "how long one request to a cluster may take")
	fs.IntVarP(&f.clusters, "workers", "j", 8, "clusters looked at at a time")
	fs.StringVarP(&f.selector, "selector", "l", "", "only logical clusters whose labels match, as kubectl writes it: env=prod,tier!=gold")
	fs.StringVar(&f.on, "on", "", "only what is on this physical cluster")
	fs.StringVar(&f.class, "class", "", "only logical clusters of this class")
	cli.CompleteDirectory(c, "dir")
	_ = c.MarkFlagFilename("kubeconfig")
}

// read reads the output, and returns the logical clusters of it that are asked for; nil
// for all, and the platform with them.
func (f *liveFlags) read(c *cobra.Command, args []string) (*live.Output, map[*live.Site]bool, error) {
	if err := f.check(args); err != nil {
		return nil, nil, err
	}
	name := f.out
	if name == "" {
		name = filepath.Join(f.dir, usualOutput)
	}
	o, err := live.Read(c.Context(), f.dir, name, engine.BuiltIn())
	if err != nil {
		return nil, nil, err
	}
	if f.on != "" && !slices.ContainsFunc(o.Clusters, f.isOn) {
		var names []string
		for _, c := range o.Clusters {
			names = append(names, c.Name)
		}
		return nil, nil, fmt.Errorf("--on: %s has no physical cluster %q; it has %s", o.Name, f.on, strings.Join(names, ", "))
	}
	sites, err := f.chosen(o)
	return o, sites, err
}

func (f *liveFlags) check(args []string) (err error) {
	if f.path, err = pathArg(args); err != nil {
		return err
	}
	if f.labels, err = labels.Parse(f.selector); err != nil {
		return fmt.Errorf("--selector: %w", err)
	}
	if f.clusters < 1 {
		return fmt.Errorf("--workers must be at least 1, have %d", f.clusters)
	}
	if f.timeout <= 0 {
		return fmt.Errorf("--request-timeout must be more than 0, have %s", f.timeout)
	}
	return nil
}

// connect reaches the clusters that hold what was chosen.
func (f *liveFlags) connect(ctx context.Context, o *live.Output, sites map[*live.Site]bool) ([]*live.Target, error) {
	a, err := f.access()
	if err != nil {
		return nil, err
	}
	return live.Connect(ctx, o, a, func(c *live.Cluster) bool {
		return f.isOn(c) && (sites == nil || slices.ContainsFunc(c.Sites, func(s *live.Site) bool { return sites[s] }))
	}, f.clusters)
}

// access tells by which kubeconfigs clusters are reached.
func (f *liveFlags) access() (live.Access, error) {
	a := live.Access{Context: f.kubeContext, ManagementOnly: f.managementOnly, Physical: map[string]string{}, Timeout: f.timeout, UserAgent: "tenantry/" + cli.Version()}
	for _, value := range f.kubeconfigs {
		if cluster, file, ok := strings.Cut(value, "="); ok && !strings.ContainsAny(cluster, `/\`) {
			a.Physical[cluster] = file
		} else if a.Kubeconfig != "" {
			return a, fmt.Errorf("--kubeconfig is given twice for the management cluster: %s and %s; say CLUSTER=FILE for a physical one", a.Kubeconfig, value)
		} else {
			a.Kubeconfig = value
		}
	}
	if a.ManagementOnly && len(a.Physical) > 0 {
		return a, errors.New("--management-only leaves physical clusters out, so it takes no kubeconfig of one")
	}
	return a, nil
}

func (f *liveFlags) isOn(c *live.Cluster) bool { return f.on == "" || c.Name == f.on }

// chosen returns the logical clusters that are asked for.
func (f *liveFlags) chosen(o *live.Output) (map[*live.Site]bool, error) {
	if f.path == "" && f.selector == "" && f.class == "" {
		return nil, nil
	}
	out := map[*live.Site]bool{}
	for _, c := range o.Clusters {
		for _, s := range c.Sites {
			if f.selects(s) {
				out[s] = true
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no such logical cluster", o.Name)
	}
	return out, nil
}

func (f *liveFlags) selects(s *live.Site) bool {
	return f.isOn(s.Cluster) && f.isBelow(s.Key) && (f.class == "" || s.Class == f.class) && f.labels.Matches(labels.Set(s.Labels))
}

func (f *liveFlags) isBelow(key string) bool { return f.path == "" || selection.Under(key, f.path) }

// others tells which logical clusters that the output does not have are among those
// that are asked for: by their keys alone, so none where labels or a class decide.
func (f *liveFlags) others() func(key string) bool {
	if f.selector != "" || f.class != "" {
		return nil
	}
	return f.isBelow
}
