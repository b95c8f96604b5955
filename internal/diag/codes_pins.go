package diag

// Codes of what the pins hold and the repo no longer says.
const (
	Vanished         Code = "TEN0420"
	VanishedPlatform Code = "TEN0421"
	Provisional      Code = "TEN0422"
)

var pinsEntries = []Entry{
	{
		Code: Vanished, Severity: Error,
		Title: "A logical cluster vanished from the repo without being declared deleted",
		Explain: "The pins say that the logical cluster stands on a physical cluster, and no document in the repo speaks of it. " +
			"Deleting a logical cluster deletes its data, so it is an act of its own that a reviewer can see, and never the effect of a file that is missing. " +
			"Until it is declared, the logical cluster is held at its last good document.\n" +
			"Put the document back with `state: \"deleted\"`. If it was renamed, name its former key in the `formerly` of its successor.",
	},
	{
		Code: VanishedPlatform, Severity: Error,
		Title: "A document vanished that logical clusters still depend on",
		Explain: "A class, an API set, an organization or a physical cluster was removed from the repo while logical clusters still depend on it. " +
			"Its last good version stays in use for them.\n" +
			"Put the document back, or move the logical clusters to another one first.",
	},
	{
		Code: Provisional, Severity: Note,
		Title: "Placements and names are provisional",
		Explain: "There are no pins to go on from, so every logical cluster was placed and named anew for this run. " +
			"What a build decides at merge can differ, since it goes on from the output that stands there.\n" +
			"Name the published output with `--out` or `--pins`.",
	},
}
