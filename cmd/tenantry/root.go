package main

import (
	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/internal/cli"
)

const rootHelp = `tenantry compiles a tenancy repo: one git repository of CUE files that declare
organizations, logical clusters, the API sets they may use and the physical
clusters below. It validates the repo and renders the manifests of every
physical cluster, for Flux or Argo CD to apply.

Start with "tenantry init", then "tenantry vet" and "tenantry build".

Exit codes: 0 fine, 1 errors were found in the repo, 2 the command could not run.`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:               "tenantry",
		Short:             "Compile a tenancy repo into the manifests of its Kubernetes clusters",
		Long:              rootHelp,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.SetFlagErrorFunc(cli.FlagError)
	root.AddCommand(
		newInit(),
		newVet(),
		newBuild(),
		newPlan(),
		newPublish(),
		newStatus(),
		newDrift(),
		newList(),
		newCost(),
		newBill(),
		newAccess(),
		newWhoCan(),
		newAdmit(),
		newLock(),
		newRevoke(),
		newExplain(),
		newKubeconfig(),
		newPolicy(),
		newAPI(),
		newVersion(),
	)
	return root
}
