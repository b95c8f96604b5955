package evolution

// Rules returns all rules, by level and id.
func Rules() []*rule { return rules() }

// LooksAtSchemas reports whether a rule compares schemas.
func LooksAtSchemas(r *rule) bool { return r.schema != nil }
