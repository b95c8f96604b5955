package main

import "github.com/spf13/cobra"

const apiHelp = `api answers questions about the APIs that logical clusters bind: what changes
from one version to another, and for whom.`

func newAPI() *cobra.Command {
	return newGroup("api", "Compare versions of APIs", apiHelp, newAPIDiff(), newAPILCD(), newAPIImpact())
}
