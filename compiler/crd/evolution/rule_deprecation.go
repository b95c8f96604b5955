package evolution

var deprecationRule = &rule{
	ID:     "deprecation",
	Looks:  "deprecated, deprecationWarning",
	Reason: "A deprecated version answers as before, with a warning.",
	Cases: []ruleCase{
		{ID: "deprecated", Writers: Compatible, Readers: Compatible, What: "the version is deprecated"},
		{ID: "restored", Writers: Compatible, Readers: Compatible, What: "the version is no longer deprecated"},
		{ID: "reworded", Writers: Compatible, Readers: Compatible, What: "another warning"},
	},
	version: func(v *versions) {
		old, new := v.was.DeprecationWarning, v.is.DeprecationWarning
		switch {
		case !v.was.Deprecated && v.is.Deprecated:
			v.report("deprecated", false, true, "the version is deprecated")
		case v.was.Deprecated && !v.is.Deprecated:
			v.report("restored", true, false, "the version is no longer deprecated")
		case old != new && (old == nil || new == nil || *old != *new):
			v.report("reworded", pointed(old), pointed(new), "the warning of the deprecated version changes")
		}
		for _, s := range []*crdVersion{&v.old, &v.new} {
			s.Deprecated, s.DeprecationWarning = false, nil
			// Whether it is served and stored is a matter of the definition.
			s.Served, s.Storage = false, false
		}
	},
}

func pointed(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
