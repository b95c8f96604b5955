package diag

import "github.com/tenantry/tenantry/internal/printer"

// SuggestName suggests what a misspelt name was probably meant to be, or lists the
// names that there are where these are few and nothing is suggested yet.
func (d Diagnostic) SuggestName(name string, known []string) Diagnostic {
	near := DidYouMean(name, known)
	switch {
	case near != "":
		return d.Suggest("%s", near)
	case len(known) > 0 && len(known) <= 12 && d.Suggestion == "":
		return d.Suggest("there is %s", Join(known))
	}
	return d
}

// Join joins names as a sentence does: "a, b and c".
func Join(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return printer.And(names)
}
