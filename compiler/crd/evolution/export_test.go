package evolution

// LooksAtSchemas reports whether a rule compares schemas.
func LooksAtSchemas(r *Rule) bool { return r.schema != nil }
