package diag

// Codes of definitions that several API set versions share.
const (
	StorageMoves Code = "TEN1220"
)

var definitionEntries = []Entry{
	{
		Code: StorageMoves, Severity: Note,
		Title: "A physical cluster stores the objects of a custom resource in another version from now on",
		Explain: "A physical cluster serves one CustomResourceDefinition of each name, which is put together from all versions of the " +
			"API set that logical clusters there bind. Objects are stored in the version on which these agree; where they don't, in the " +
			"one that was stored before, unless that would lose what writers of another version write. Objects that are stored already stay as " +
			"they are until they are written again, and so the former version stays in the definition, unserved where nobody " +
			"binds it. Nobody needs to do anything.",
	},
}
