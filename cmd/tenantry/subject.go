package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
)

// subjectFlags name somebody.
type subjectFlags struct {
	as     string
	groups []string
}

// register adds the flags to a command, with their usages.
func (f *subjectFlags) register(c *cobra.Command, as, group string) {
	c.Flags().StringVar(&f.as, "as", "", as)
	c.Flags().StringSliceVar(&f.groups, "as-group", nil, group)
}

// identity returns nil where nobody is named.
func (f *subjectFlags) identity() (*access.Identity, error) {
	if f.as == "" {
		if len(f.groups) > 0 {
			return nil, errors.New("--as-group goes with --as")
		}
		return nil, nil
	}
	id, err := access.ParseIdentity(f.as, f.groups)
	if err != nil {
		return nil, fmt.Errorf("--as: %w", err)
	}
	return &id, nil
}

// accessFlags are the flags of commands that ask who has access.
type accessFlags struct {
	queryFlags
	in string
}

func (f *accessFlags) register(c *cobra.Command) {
	f.queryFlags.register(c, outPlaces)
	c.Flags().StringVar(&f.in, "in", "", "only in these logical clusters: an organization, a logical cluster, or a pattern such as acme/**")
}

// find compiles the repo and returns who has access to the logical clusters that are
// asked about.
func (f *accessFlags) find(c *cobra.Command, who *access.Identity) (*compiler.Result, *access.Answer, error) {
	if err := selection.Check(f.in); err != nil {
		return nil, nil, fmt.Errorf("--in: %w", err)
	}
	r, err := f.compileAndReport(c)
	if err != nil {
		return nil, nil, err
	}
	lcs, err := selection.LogicalClusters(r.Tenancy, f.in)
	if err != nil {
		return nil, nil, err
	}
	answer := access.New(r.Tenancy, r.States, r.Platforms).Find(lcs, r.Sites, who)
	answer.Pins = r.From
	return r, answer, nil
}
