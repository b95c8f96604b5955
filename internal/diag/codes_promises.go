package diag

// Codes of what API sets promise, and of their lifecycles.
const (
	PromiseBroken      Code = "TEN1201"
	PromiseConditional Code = "TEN1202"
	PromiseWithdrawn   Code = "TEN1203"
	APIVersionVanished Code = "TEN1204"
)

var promiseEntries = []Entry{
	{
		Code: PromiseBroken, Severity: Error,
		Title: "An API set breaks what it promises",
		Explain: "A promise holds for whoever binds a version, while the version is edited; for whoever follows a channel, " +
			"while the channel moves; and from each version to the one that comes after it. The API set stays as it was last " +
			"good, its CustomResourceDefinitions among it. Give what changes a version of its own. Where it is meant to " +
			"break, say so: promise: \"none\" in a version that breaks with the one before, or in the set for an edit and " +
			"a channel.",
	},
	{
		Code: PromiseConditional, Severity: Warning,
		Title: "An API set keeps its promise if a condition holds",
		Explain: "A version was edited or a channel moves, and nobody is broken if the named condition holds. It is said " +
			"when it happens: the next build goes on from what is there now.",
	},
	{
		Code: PromiseWithdrawn, Severity: Warning,
		Title: "An API set breaks what it promised until now",
		Explain: "The API set lowers its promise and breaks the former one in the same change. Nothing is held, since its " +
			"document says what holds now. Those who bind it relied on what it said before.",
	},
	{
		Code: APIVersionVanished, Severity: Error,
		Title: "A version or channel that is still bound is gone from its API set",
		Explain: "Without a word about where to go, everyone who binds it would be left without the API. The API set stays " +
			"as it was last good. Leave a version in the document with the lifecycle removed, and name what replaces it; " +
			"leave a channel until nobody follows it.",
	},
}
