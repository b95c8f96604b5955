// Package facts is what the rules that the compiler itself runs see of a tenancy: those
// at the stages acquire and evolve.
package facts

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// The types of what rules at stage acquire can look at. docs/policy.md has a table
// of them.
var (
	grantType = object("Grant", map[string]*apiservercel.DeclType{
		"kind": text, "namespace": text, "name": text, "role": text, "organization": text,
	})
	sourceType = object("Source", map[string]*apiservercel.DeclType{
		"repo": text, "path": text, "branch": text, "role": text, "namespace": text, "private": apiservercel.BoolType,
	})
	classType = object("Class", map[string]*apiservercel.DeclType{
		"name": text, "description": text, "labels": textMap,
	})
	organizationType = object("Organization", map[string]*apiservercel.DeclType{
		"path": text, "name": text, "displayName": text, "labels": textMap, "owners": textList,
		"logicalClusters": apiservercel.IntType, "quota": quantities,
	})
	logicalClusterType = object("LogicalCluster", map[string]*apiservercel.DeclType{
		"key": text, "name": text, "organization": text, "class": text, "labels": textMap, "state": text,
		"backing": text, "network": text, "podSecurity": text, "regions": textList, "apis": textMap,
		"quota": quantities, "namespaces": textList, "access": apiservercel.NewListType(grantType, -1), "source": sourceType,
	})
)

var (
	text       = apiservercel.StringType
	textList   = apiservercel.NewListType(text, -1)
	textMap    = apiservercel.NewMapType(text, text, -1)
	quantities = apiservercel.NewMapType(text, apiservercel.QuantityDeclType, -1)
)

var versionType = object("Version", map[string]*apiservercel.DeclType{
	"name": text, "lifecycle": text, "sunset": text,
})

func object(name string, fields map[string]*apiservercel.DeclType) *apiservercel.DeclType {
	out := map[string]*apiservercel.DeclField{}
	for field, t := range fields {
		out[field] = apiservercel.NewDeclField(field, t, true, nil, nil)
	}
	return apiservercel.NewObjectType("tenantry."+name, out)
}

// Acquire are the variables of rules at stage acquire.
var Acquire = []rule.Variable{
	{Name: "logicalCluster", Type: logicalClusterType},
	{Name: "organization", Type: organizationType},
	{Name: "ancestors", Type: apiservercel.NewListType(organizationType, -1)},
	{Name: "class", Type: classType},
	{Name: "siblings", Type: apiservercel.NewListType(logicalClusterType, -1)},
}

// Evolve are the variables of rules at stage evolve.
var Evolve = append(slices.Clone(Acquire),
	rule.Variable{Name: "api", Type: text}, rule.Variable{Name: "channel", Type: text}, rule.Variable{Name: "from", Type: versionType}, rule.Variable{Name: "to", Type: versionType},
	rule.Variable{Name: "verdict", Type: text}, rule.Variable{Name: "asOf", Type: text},
)

// Sums reports whether rules look at other logical clusters than the one that they
// judge.
func Sums(p *rule.Program) bool {
	return p.Names("siblings") || p.Selects(organizationType, "quota") || p.Selects(organizationType, "logicalClusters")
}
