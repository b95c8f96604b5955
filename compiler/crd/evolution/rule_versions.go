package evolution

import (
	"fmt"
	"reflect"
	"slices"
)

var versionsRule = &rule{
	ID:    "versions",
	Looks: "spec.versions: which there are, and which are served",
	Reason: "A version that is not served can be neither written nor read. One in which objects are stored must not go, and the API server " +
		"refuses that.",
	Cases: []ruleCase{
		{ID: "added", Writers: Compatible, Readers: Compatible, What: "a version is new"},
		{ID: "removed", Writers: Breaking, Readers: Breaking, What: "a served version is gone"},
		{ID: "removed-stored", Writers: Breaking, Readers: Breaking, What: "a version is gone in which objects are stored"},
		{ID: "removed-unserved", Writers: Compatible, Readers: Compatible, What: "a version is gone that was not served"},
		{ID: "changed-unserved", Writers: Compatible, Readers: Compatible, What: "a version changes that nobody could use"},
		{ID: "served", Writers: Compatible, Readers: Compatible, What: "a version is served that was not"},
		{ID: "unserved", Writers: Breaking, Readers: Breaking, What: "a version is no longer served"},
	},
	definition: func(d *definitions) {
		for _, was := range d.was.Spec.Versions {
			d.version = was.Name
			switch is := versionOf(d.is, was.Name); {
			case is == nil && (was.Storage || slices.Contains(d.was.Status.StoredVersions, was.Name)):
				d.report("removed-stored", was.Name, nil, fmt.Sprintf("version %s is gone, and objects are stored in it", was.Name))
			case is == nil && was.Served:
				d.report("removed", was.Name, nil, fmt.Sprintf("version %s is gone", was.Name))
			case is == nil:
				d.report("removed-unserved", was.Name, nil, fmt.Sprintf("version %s is gone, which was not served", was.Name))
			case !concerns(d.was, &was, is):
				if !reflect.DeepEqual(was.Schema, is.Schema) {
					d.report("changed-unserved", nil, nil, fmt.Sprintf("version %s changes, which was not served", was.Name))
				}
				if is.Served {
					d.report("served", false, true, fmt.Sprintf("version %s is served now", was.Name))
				}
			case was.Served && !is.Served:
				d.report("unserved", true, false, fmt.Sprintf("version %s is no longer served", was.Name))
			case !was.Served && is.Served:
				d.report("served", false, true, fmt.Sprintf("version %s is served now", was.Name))
			}
		}
		for _, is := range d.is.Spec.Versions {
			if versionOf(d.was, is.Name) == nil {
				d.version = is.Name
				d.report("added", nil, is.Name, fmt.Sprintf("version %s is new", is.Name))
			}
		}
		d.version = ""
		// Versions of both are compared one by one.
		d.old.Spec.Versions, d.new.Spec.Versions = nil, nil
	},
}
