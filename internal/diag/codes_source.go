package diag

// Codes of the source pass, which reads files and understands none of them.
const (
	SymlinkRefused   Code = "TEN0101"
	SymlinkIgnored   Code = "TEN0102"
	SubmoduleIgnored Code = "TEN0103"
	FileTooLarge     Code = "TEN0104"
	TreeTooLarge     Code = "TEN0105"
	FileUnreadable   Code = "TEN0106"
	InvalidUTF8      Code = "TEN0107"
	NotRegularFile   Code = "TEN0108"
	PathRefused      Code = "TEN0109"
)

var sourceEntries = []Entry{
	{
		Code: SymlinkRefused, Severity: Error,
		Title: "A symbolic link stands where a file or directory of the tenancy is expected",
		Explain: "The compiler never follows symbolic links. A link could reach outside the repository, or make one directory " +
			"appear in a second place of the organization tree, where other owners and other policies apply. " +
			"What the link points to is not part of this run.\n" +
			"Replace the link with the file or directory itself. To share CUE between organizations, put it into a package and import it.",
	},
	{
		Code: SymlinkIgnored, Severity: Warning,
		Title: "A symbolic link is ignored",
		Explain: "The compiler never follows symbolic links. By its name this one is no file that the compiler would read, " +
			"so nothing is missing unless it points to a directory of such files.",
	},
	{
		Code: SubmoduleIgnored, Severity: Warning,
		Title: "Another git repository inside the tenancy repo is ignored",
		Explain: "The directory is a git submodule, or a clone of another repository. Its content is not recorded in the tenancy repo's " +
			"own commits, so reading it would let a reviewed revision change without review. Nothing below it is read.\n" +
			"Copy what is needed into the tenancy repo, or vendor it below cue.mod/pkg.",
	},
	{
		Code: FileTooLarge, Severity: Error,
		Title: "A file is larger than the compiler accepts",
		Explain: "Every file is held in memory, so a size limit keeps one file from stopping the run for everybody. The file was left out.\n" +
			"Split it. If it is generated data that the tenancy does not need, move it to a directory outside orgs/ whose name begins with a dot, or out of the repository.",
	},
	{
		Code: TreeTooLarge, Severity: Error,
		Title: "The tenancy repo is larger than the compiler accepts",
		Explain: "The files that the compiler reads exceed the limit on their total size or on their number. This alone ends the run, " +
			"with exit code 2 and nothing written: what was not read would seem to be gone from the repo.\n" +
			"Look for generated output or downloaded packages that were left in the repository. Outside orgs/, a directory whose name begins with a dot is not looked into.",
	},
	{
		Code: FileUnreadable, Severity: Error,
		Title:   "A file or directory could not be read",
		Explain: "The operating system refused to hand over the content, for the reason given. What could not be read is missing from this run.",
	},
	{
		Code: InvalidUTF8, Severity: Error,
		Title: "A file is not valid UTF-8 text",
		Explain: "CUE, YAML and JSON files are UTF-8. The position is that of the first byte which is not. The file was left out.\n" +
			"Usual causes are an editor that saved in another encoding (UTF-16, Latin-1) and a binary file with a misleading name. Convert the file to UTF-8.",
	},
	{
		Code: NotRegularFile, Severity: Error,
		Title: "A file is not a regular file",
		Explain: "A pipe, socket or device has the name of a file that the compiler reads. Reading it could wait for ever, and git cannot store it. " +
			"It was left out: replace it with a regular file.",
	},
	{
		Code: PathRefused, Severity: Error,
		Title: "The path of a file cannot be used",
		Explain: "The path is not valid UTF-8, contains a backslash or a control character, is longer than 4,096 bytes, or occurs twice. " +
			"Such a path means different things on different machines and could forge lines in the compiler's reports. " +
			"The file was left out: rename it.",
	},
}
