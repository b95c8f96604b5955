package placement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// defines returns a version of an API set whose definition serves versions with
// fields of the spec: "v1:size", "v2*:size,tier", the star marking the storage
// version.
func defines(t *testing.T, set *tenancy.APISet, name string, versions ...string) *tenancy.APIVersion {
	t.Helper()
	text := `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.db.example}
spec:
  group: db.example
  scope: Namespaced
  names: {plural: things, kind: Thing}
  versions:
`
	for _, v := range versions {
		name, fields, _ := strings.Cut(v, ":")
		name, stored := strings.CutSuffix(name, "*")
		text += fmt.Sprintf("  - name: %s\n    served: true\n    storage: %t\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {", name, stored)
		for f := range strings.SplitSeq(fields, ",") {
			text += f + ": {type: string}, "
		}
		text += "}}}}}\n"
	}
	found, err := definition.Read([]byte(text))
	if err != nil || len(found) != 1 || len(found[0].Problems) > 0 {
		t.Fatal(err, found[0].Problems, text)
	}
	d := found[0]
	v := &tenancy.APIVersion{Set: set, Name: name, Resources: []*tenancy.Resource{{Key: d.Name, CRD: &tenancy.CRD{
		Name: d.Name, File: name + ".yaml", Line: 1, Data: d.Text, Digest: d.Digest, Managed: true, Definition: d.CRD}}}}
	set.Versions = append(set.Versions, v)
	return v
}

// defined returns the versions of the definition on each physical cluster: the
// storage version with a star, those that are not served with a minus.
func (r *repo) defined() (out []string) {
	for _, d := range r.definitions {
		text := d.Cluster + ":"
		for _, v := range d.CRD.Spec.Versions {
			text += " " + v.Name
			if v.Storage {
				text += "*"
			}
			if !v.Served {
				text += "-"
			}
		}
		if d.File != nil {
			text += " as in " + d.File.File
		}
		out = append(out, text)
	}
	return out
}

func (r *repo) expectDefined(t *testing.T, want ...string) {
	t.Helper()
	if have := r.defined(); !slices.Equal(have, want) {
		t.Errorf("have %q, want %q", have, want)
	}
}

// Versions that one definition can serve share a physical cluster, and what was
// ever stored there stays in it.
func TestVersionsShareAPhysicalCluster(t *testing.T) {
	db := set("database")
	v1, v2 := defines(t, db, "v1", "v1*:size"), defines(t, db, "v2", "v1:size", "v2*:size,tier")
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v1))
	r.build(1)
	r.expect(t)
	r.expectDefined(t, "eu-1: v1* as in v1.yaml")

	// v1 would lose tier.
	r.lc("acme/b", binds(v2))
	r.build(2)
	r.expect(t, "TEN1220", "eu-1 stores objects of things.db.example in v2 from now on; those that are stored in v1 stay so")
	r.expectDefined(t, "eu-1: v2* v1")
	r.build(3)
	r.expect(t)
	r.expectDefined(t, "eu-1: v2* v1")

	// Everybody goes on to a version that has v1 no more.
	v3 := defines(t, db, "v3", "v2*:size,tier")
	r.lc("acme/a", binds(v3))
	r.lc("acme/b", binds(v3))
	r.build(4)
	r.expect(t)
	r.expectDefined(t, "eu-1: v2* v1-")
}

// Two versions that don't go together do where a third one has what both have,
// whether or not anybody binds it.
func TestAThirdVersionHelps(t *testing.T) {
	db := set("database")
	a, b := defines(t, db, "v1", "v1*:size"), defines(t, db, "v2", "v1*:tier")
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(a))
	r.lc("acme/b", binds(b))
	r.build(1)
	r.expect(t, "TEN0401", "database@v2 defines things.db.example, and it serves that of database@v1; version v1, at .spec.size: the field size is gone")
	r.expectDefined(t, "eu-1: v1* as in v1.yaml")

	defines(t, db, "v3", "v1*:size,tier")
	r.build(2)
	r.expect(t)
	r.expectDefined(t, "eu-1: v1*")
}

// Where nothing goes together, a conflict names both sides and where they differ.
func TestConflictShowsBothSides(t *testing.T) {
	db := set("database")
	v1, v2 := defines(t, db, "v1", "v1*:size"), defines(t, db, "v2", "v1*:tier")
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v1))
	r.lc("acme/b", binds(v1))
	r.build(1)
	r.lc("acme/b", binds(v2))
	r.build(2)
	r.expect(t, "TEN0408", "it binds database@v2, while 1 logical cluster there bind database@v1 (acme/a); version v1, at .spec.")
	var files []string
	for _, related := range r.findings[0].Related {
		files = append(files, related.Position.File)
	}
	if want := []string{"orgs/acme/a.cue", "v1.yaml", "v2.yaml"}; !slices.Equal(files, want) {
		t.Errorf("shows %q, want %q", files, want)
	}
	r.expectDefined(t, "eu-1: v1* as in v1.yaml")
}

// What somebody else installs is not rendered, and must still do for all who bind
// it on a physical cluster.
func TestExternalDefinitionsMustGoTogether(t *testing.T) {
	db := set("database")
	v1, v2, v3 := defines(t, db, "v1", "v1*:size"), defines(t, db, "v2", "v1:size", "v2*:size,tier"), defines(t, db, "v3", "v1*:name")
	for _, v := range db.Versions {
		v.Resources[0].CRD.Managed = false
	}
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v1))
	r.lc("acme/b", binds(v2))
	r.lc("acme/c", binds(v3))
	r.build(1)
	r.expect(t, "TEN0401", "database@v3 defines things.db.example, and it serves that of database@v")
	r.expectDefined(t)
}

// A definition that can't be read is not rendered without the part of those who
// bind it.
func TestNothingIsTakenFromWhoBindsWhatCannotBeRead(t *testing.T) {
	db := set("database")
	v1, v2 := defines(t, db, "v1", "v1*:size"), defines(t, db, "v2", "v2*:size")
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v1))
	r.lc("acme/b", binds(v2))
	r.build(1)
	r.expect(t)
	r.expectDefined(t, "eu-1: v2* v1")
	v1.Resources[0].CRD, v1.Resources[0].Lost = nil, true
	r.build(2)
	r.expect(t)
	r.expectDefined(t)
}
