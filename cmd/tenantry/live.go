package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/live"
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
	path string
	want labels.Selector
}

const liveHelp = `
The output is what is compared: the directory that "tenantry build" wrote, or
with --out REV:PATH the branch that the engine reads (--out origin/rendered: for
its root), which is not ahead of what was published.

--kubeconfig FILE is the management cluster's; without it, the one that kubectl
would take. Physical clusters are reached as the GitOps engine reaches them: by
the kubeconfig in Flux's secret, or by Argo CD's cluster secret. For one that you
reach otherwise, say --kubeconfig CLUSTER=FILE; where only such are given, the
management cluster is left out.

PATH narrows the logical clusters: it is ` + patternHelp + `.`

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
	_ = c.MarkFlagDirname("dir")
	_ = c.MarkFlagFilename("kubeconfig")
}

// read reads the output.
func (f *liveFlags) read(c *cobra.Command, args []string) (o *live.Output, err error) {
	for _, f.path = range args {
		if err := checkPattern("PATH", f.path); err != nil {
			return nil, err
		}
	}
	if f.want, err = labels.Parse(f.selector); err != nil {
		return nil, fmt.Errorf("--selector: %w", err)
	}
	if f.clusters < 1 {
		return nil, fmt.Errorf("--workers must be at least 1, have %d", f.clusters)
	}
	if f.timeout <= 0 {
		return nil, fmt.Errorf("--request-timeout must be more than 0, have %s", f.timeout)
	}
	name := f.out
	if name == "" {
		name = filepath.Join(f.dir, usualOutput)
	}
	if o, err = live.Read(c.Context(), f.dir, name); err != nil {
		return nil, err
	}
	if f.on != "" && !slices.ContainsFunc(o.Clusters, f.isOn) {
		var names []string
		for _, c := range o.Clusters {
			names = append(names, c.Name)
		}
		return nil, fmt.Errorf("--on: %s has no physical cluster %q; it has %s", o.Name, f.on, strings.Join(names, ", "))
	}
	return o, nil
}

// connect reaches the clusters that hold what was chosen.
func (f *liveFlags) connect(ctx context.Context, o *live.Output, sites map[*live.Site]bool) ([]*live.Target, error) {
	a := live.Access{Context: f.kubeContext, ManagementOnly: f.managementOnly, Physical: map[string]string{}, Timeout: f.timeout, UserAgent: "tenantry/" + toolVersion()}
	for _, value := range f.kubeconfigs {
		if cluster, file, ok := strings.Cut(value, "="); ok && !strings.ContainsAny(cluster, `/\`) {
			a.Physical[cluster] = file
		} else if a.Kubeconfig != "" {
			return nil, fmt.Errorf("--kubeconfig is given twice for the management cluster: %s and %s; say CLUSTER=FILE for a physical one", a.Kubeconfig, value)
		} else {
			a.Kubeconfig = value
		}
	}
	if a.ManagementOnly && len(a.Physical) > 0 {
		return nil, errors.New("--management-only leaves physical clusters out, so it takes no kubeconfig of one")
	}
	return live.Connect(ctx, o, a, func(c *live.Cluster) bool {
		return f.isOn(c) && (sites == nil || slices.ContainsFunc(c.Sites, func(s *live.Site) bool { return sites[s] }))
	}, f.clusters)
}

func (f *liveFlags) isOn(c *live.Cluster) bool { return f.on == "" || c.Name == f.on }

// chosen returns the logical clusters that are asked for; nil for all, and the
// platform with them.
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
	return f.isOn(s.Cluster) && f.other(s.Key) && (f.class == "" || s.Class == f.class) && f.want.Matches(labels.Set(s.Labels))
}

// other reports whether a logical cluster that the output does not have is among
// those that are asked for, as far as its key tells.
func (f *liveFlags) other(key string) bool { return f.path == "" || under(key, f.path) }
