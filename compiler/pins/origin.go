package pins

// Origin is where the decisions come from that a run goes on from.
type Origin struct {
	// Output is the output that they stand in: a directory, or REV:PATH in git.
	Output string `json:"output,omitempty"`
	// Commit is the full hash of its commit; empty for a directory.
	Commit string `json:"commit,omitempty"`
	// AsOf is the date that the output was built for.
	AsOf string `json:"asOf,omitempty"`
	// Provisional: there are none, so placements and names are what would be decided.
	Provisional bool `json:"provisional,omitempty"`
	// Fetch is the command that would bring what is published; empty if there is none.
	Fetch string `json:"fetch,omitempty"`
}

// String says it in one line.
func (o *Origin) String() string {
	if o.Provisional {
		text := "placements and names are provisional, since there are no pins here"
		if o.Fetch != "" {
			text += "; what is published comes with: " + o.Fetch
		}
		return text
	}
	text := "going on from " + o.Output
	if o.Commit != "" {
		text += " at " + o.Commit[:min(len(o.Commit), 7)]
	}
	return text + ", built for " + o.AsOf
}
