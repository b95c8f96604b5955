package main

import "github.com/spf13/cobra"

const policyHelp = `policy lists the policies of a tenancy repo, whom they reach and who is exempt,
and runs the cases that modules and policies bring along.`

func newPolicy() *cobra.Command {
	return newGroup("policy", "List policies and try them", policyHelp, newPolicyList(), newPolicyTest())
}
