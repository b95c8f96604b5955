package policies

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The parts of JUnit's XML that CI systems read.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr"`
	Line      int           `xml:"line,attr"`
	Failure   *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
}

// WriteJUnit writes the cases as JUnit's XML, a suite for each document.
func (tested Tested) WriteJUnit(w io.Writer) error {
	all := junitSuites{Tests: len(tested), Failures: tested.Failed()}
	for _, group := range tested.byDocument() {
		suite := junitSuite{Name: group[0].Document, Tests: len(group), Failures: group.Failed()}
		for _, t := range group {
			one := junitCase{Name: t.Case, ClassName: t.Document, File: t.File, Line: t.Line}
			if !t.Passed {
				one.Failure = &junitFailure{t.Problem}
			}
			suite.Cases = append(suite.Cases, one)
		}
		all.Suites = append(all.Suites, suite)
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}
