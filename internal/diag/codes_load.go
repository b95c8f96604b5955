package diag

// Codes of the load pass: what the files of a tenancy repo say, before any
// document is compared with another.
const (
	SyntaxError         Code = "TEN0110"
	ValueConflict       Code = "TEN0111"
	FieldNotAllowed     Code = "TEN0112"
	IncompleteValue     Code = "TEN0113"
	FieldMissing        Code = "TEN0114"
	InvalidValue        Code = "TEN0115"
	UnresolvedImport    Code = "TEN0116"
	CycleFound          Code = "TEN0117"
	UnresolvedReference Code = "TEN0118"
	AncestorLimit       Code = "TEN0119"
	WrongPlace          Code = "TEN0120"
	KeyOutsideDirectory Code = "TEN0121"
	DeclaredTwice       Code = "TEN0122"
	AncestorTouched     Code = "TEN0123"
	DefaultInPattern    Code = "TEN0124"
	SkippedFile         Code = "TEN0125"
	NestedModule        Code = "TEN0126"
	LimitRedefined      Code = "TEN0127"
	InheritedDocument   Code = "TEN0128"
	WholeMapReference   Code = "TEN0129"
	UnsupportedFeature  Code = "TEN0130"
	DataFile            Code = "TEN0131"
	TooComplex          Code = "TEN0132"
	EvaluatorFailed     Code = "TEN0133"
	ModuleFile          Code = "TEN0134"
	ManagedCRDsInside   Code = "TEN0135"
	ForeignPackage      Code = "TEN0136"
	UnreadFile          Code = "TEN0137"
	CrowdedFile         Code = "TEN0138"
)

var loadEntries = []Entry{
	{SyntaxError, Error, "File cannot be parsed",
		"The file is not valid CUE, so what it declares can't be had. It is put back as it was last good, with the files of the directory that it may be bound to, until it is mended. `cue fmt` reports the same error."},
	{ValueConflict, Error, "Values conflict",
		"Two places give the same field different values, and CUE unifies: it never picks one of them. The diagnostic names both places; remove one, or make them agree. A list is one value: two lists of different length conflict."},
	{FieldNotAllowed, Error, "Field is not known",
		"The schema has no such field here. Fields are checked at every level of a document and at the top level of a file, so that a misspelt limit or policy can never be dropped in silence. Helper values belong into hidden fields (_name), definitions (#Name) or let clauses."},
	{IncompleteValue, Error, "Value is incomplete",
		"After evaluation the field still holds a type, a range or a choice instead of one value, often because it refers to something that nobody set, or because two defaults cancel each other. Give it one value."},
	{FieldMissing, Error, "Required field is missing",
		"The schema requires this field and the document does not have it. The diagnostic points to the document; the schema's own comment says what the field means."},
	{InvalidValue, Error, "Value is not valid",
		"The value is not one of those that the schema allows: a name with characters that Kubernetes refuses, a number out of range, a word that is not in the list. The message tells what is allowed."},
	{UnresolvedImport, Error, "Import cannot be resolved",
		"A file imports a package that is neither part of CUE's standard library, nor a directory of this repo (module path and subdirectory), nor vendored below cue.mod/pkg, cue.mod/gen or cue.mod/usr. The compiler never fetches modules from a registry, so that the same revision always compiles to the same output: copy what you need into cue.mod/pkg."},
	{CycleFound, Error, "Definition goes in a circle",
		"Packages import each other, or a value contains itself, so evaluation would never end. Break the circle at one of the places that the diagnostic names."},
	{UnresolvedReference, Error, "Reference cannot be resolved",
		"A name is used that is declared neither in this directory nor in one above it. CUE resolves names when a directory is built, so this empties the directory and all below it. A sibling directory is not visible; documents refer to each other by name, as strings."},
	{AncestorLimit, Error, "Value is outside what a directory above allows",
		"A pattern in a directory above limits this field for everything below it. A pattern has no exceptions and cannot be loosened further down: change the value, or ask the owners of the pattern to change it there."},
	{WrongPlace, Error, "Document stands in the wrong place",
		"Settings, physical clusters, classes, modules and prices may stand only outside orgs/; organizations and logical clusters only inside it. So the folder that a file is in says who owns it."},
	{KeyOutsideDirectory, Error, "Key lies outside its directory",
		"The key of an organization or logical cluster must lie under the path of the directory that declares it: in orgs/acme/payments it is acme/payments or begins with acme/payments/. Without this rule one organization could declare documents in the name of another."},
	{DeclaredTwice, Error, "Document is declared twice",
		"A key is a document's full identity, and two directories declare it. The one that declared it in the last build goes on to; if none did, neither is compiled until one is removed. Several files of one directory may build a document together."},
	{AncestorTouched, Error, "Document belongs to a directory above",
		"A directory adds to a document that a directory above declares. A document is declared in exactly one directory; what stands further down can neither change nor extend it. Move the fields to where the document is declared."},
	{DefaultInPattern, Error, "Default in a pattern",
		"A pattern of a directory above reaches this document with a default (a value marked with *). CUE defaults of different layers do not override each other, they cancel, and a limit with a default gives way to whatever is written below it. Put defaults into a class, or into the defaults of an organization; a pattern only constrains."},
	{SkippedFile, Error, "File would be skipped",
		"CUE leaves this file out without saying so: its name begins with _ or a dot or ends in _test.cue, its ending is in capitals, it has no package clause, or it carries @ignore() or a false @if(). What it declares, a policy perhaps, would vanish in silence. Rename it, add `package tenancy`, or remove it. Files that end in _tool.cue may stay."},
	{NestedModule, Error, "Module inside the tenancy repo",
		"A cue.mod below the root starts a new CUE module, which cuts all directories below it off from the constraints above. The tenancy repo is one module: remove the nested cue.mod."},
	{LimitRedefined, Error, "Limit of a directory above is redefined",
		"The directory gives a new value to a name that a directory above declares and that its patterns use, and so changes what these patterns demand. Limits are evaluated from the directories above alone. Choose another name for your own value."},
	{InheritedDocument, Error, "Document is made by a directory above",
		"A comprehension in a directory above turns documents of this directory into new ones. Such documents would exist in this directory's evaluation only, and nobody would own them. Write the document where it belongs, or use an implicit resource or a policy to reach many logical clusters."},
	{WholeMapReference, Error, "Reference to a whole map of documents",
		"A value that directories below inherit refers to all documents of a kind, such as len(logicalClusters). CUE evaluates every directory by itself and never sees its siblings, so the value differs from directory to directory. Refer to single documents, or use a ceiling to bound a sum."},
	{UnsupportedFeature, Error, "CUE feature is not supported here",
		"@extern lets CUE read other files or run code while it evaluates. The compiler's output depends on the tenancy repo's files alone, so it refuses this. Write the data as CUE, or as a YAML or JSON file of documents."},
	{DataFile, Error, "YAML or JSON file is not a file of documents",
		"Below orgs/, and elsewhere when a map of documents stands at its top level, a YAML or JSON file declares documents just like a CUE file: one mapping, whose keys are logicalClusters, policies and so on. Several YAML documents in one file, repeated keys, merge keys and aliases without end are refused. A Kubernetes object of apiVersion tenantry.dev/v1alpha1 and kind LogicalCluster is read as the document that it means, and whatever it has besides apiVersion, kind, a name, labels and spec is refused."},
	{TooComplex, Error, "Evaluation takes too much",
		"Evaluating the directory took longer, or nests deeper, than the compiler allows. References that multiply each other, very long lists and recursion are the usual causes. The directory and all below it are held at their last good state."},
	{EvaluatorFailed, Error, "Evaluator failed",
		"The CUE evaluator stopped with an internal error on this directory; all other directories were compiled. Please report it with the directory's files. Simplifying what was changed last usually avoids it."},
	{ModuleFile, Error, "Module file is not valid",
		"cue.mod/module.cue names the module of the tenancy repo and the CUE language version. Without it imports cannot be resolved. `tenantry init` writes a valid one."},
	{ManagedCRDsInside, Error, "Managed CRDs inside orgs/",
		"An API set below orgs/ asks the compiler to install its CustomResourceDefinitions. These belong to the whole physical cluster, so only API sets outside orgs/ may do that: use `crds: \"external\"`, or move the API set."},
	{UnreadFile, Error, "Nobody reads a file",
		"A YAML or JSON file below orgs/ declares no documents, and no document names it: a Kubernetes object, most likely, that somebody expects to be applied. Nothing applies it. Name it in an implicit document or an API set, put it into the repository that the logical cluster's source names, or move it out of orgs/.\n" +
			"Or the file would be a source but for its name: a copy such as prod.cue.bak or prod.cue~, one that was switched off such as prod.yaml.disabled, or one that is hidden or in a directory whose name begins with a dot. Rename it, or remove it. READMEs, images and other files with names of their own may stay."},
	{CrowdedFile, Note, "Many logical clusters share a file with an organization or a limit",
		"The file has ten or more logical clusters, and an organization's document or a pattern for documents as well. A file that can't be read is held at its last good text as a whole, so a mistake in one of the logical clusters also keeps the organization and the limit as they were, and the other way round. Put organizations and limits into files of their own. Only `tenantry vet` says this, and it changes nothing in the output."},
	{ForeignPackage, Error, "File of another package",
		"A directory of the tenancy repo holds a CUE file of another package, which CUE leaves out of the directory's evaluation, or a directory below orgs/ holds a package that nothing imports, so that nobody reads what it says. Libraries live in directories of their own and are imported; files of documents say `package tenancy`."},
}
