// Package report is what a command tells people, as one value: a report has a
// head and sections, a section has lists of items, an item has a sign, a title,
// what happens to it, and parts. Text, Markdown and HTML are writers of it, which
// read the report and nothing else. Where the formats differ in more than layout,
// the report says so, by Formats.
//
// The package knows nothing of what is reported.
package report

import (
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// Report compares two sides and tells what differs.
type Report struct {
	// Name of the report, in the singular: plan.
	Name string
	// Command that writes it: tenantry plan.
	Command string
	// Directory that it is about, below the root of a git repository; empty for the
	// root.
	Directory     string
	Before, After Side
	// AsOf is the date of both sides.
	AsOf string
	// Empty: nothing differs.
	Empty bool
	// Summary is the report in a few lines, each of them "name: what" or a sentence.
	Summary []string
	// Verdict is what a reviewer reads first.
	Verdict Verdict
	// Caveat says what the report can't be sure of, and Elsewhere what it does not
	// repeat. Backquotes enclose what is to be typed.
	Caveat, Elsewhere string
	Figures           []Figure
	Tree              Tree
	// Sections, the most important first.
	Sections []Section

	// Sources and Held are for the text of findings: see [diag.Report].
	Sources func(file string) ([]byte, bool)
	Held    []string
}

// Side is one side of a comparison.
type Side struct{ Name, Commit string }

// Verdict says in a few words whether a report deserves a second look.
type Verdict struct {
	// Tone is good, none, look or bad.
	Tone        string
	Title, Text string
	Reasons     []Reason
}

// Reason is how often a code is among the findings.
type Reason struct {
	Severity diag.Severity
	Count    int
	Text     string
	Code     diag.Code
}

// Figure is a number of the summary, which leads to a section.
type Figure struct {
	Section, Title string
	Counts         []Count
}

// Count is a number and what it counts.
type Count struct {
	// Tone is add, del, chg, alert or none.
	Tone string
	// Number is written large, Word explains it.
	Number, Word string
}

// Tree is a hierarchy by which items are found: that of the directories of keys.
type Tree struct {
	// Title is the plural of Noun, what a directory stands for.
	Title, Noun string
	// Legend explains the numbers.
	Legend string
	// Keys of which the directories are shown.
	Keys []string
	// Leaves are counted in all directories above them.
	Leaves []Leaf
}

// Leaf is a key and what happens to it.
type Leaf struct{ Key, Sign string }

// Formats is a set of formats; the zero value stands for all.
type Formats uint8

const (
	// Brief is text that cuts long lists short.
	Brief Formats = 1 << iota
	// Detailed is text that does not.
	Detailed
	Markdown
	Page

	// Lines are the formats that have no columns.
	Lines = Brief | Detailed | Markdown
)

// has reports whether a format is in the set.
func (f Formats) has(one Formats) bool { return f == 0 || f&one != 0 }

// Section is a part of a report.
type Section struct {
	ID, Title string
	// Unit of the amounts in the section, where there are any.
	Unit string
	// Fold is the title where the section is folded: it says the most important.
	Fold string
	// Open: the section is unfolded from the beginning.
	Open bool
	// Lead is a sentence for the page, Intro a line for the terminal.
	Lead, Intro string
	// Hint is the last line on a terminal that cuts lists short.
	Hint string
	// Count is the number of what the section tells of.
	Count int
	// Turn orders sections on a terminal, where what is last is read first.
	Turn     int
	Overview *Overview
	Lists    []List
}

// Overview is a table for the page of where subjects gain and lose.
type Overview struct {
	Title, Corner string
	Columns       []string
	Rows          []OverviewRow
	Legend        string
}

// OverviewRow is a subject with a cell for each column.
type OverviewRow struct {
	Name  string
	Cells []OverviewCell
}

// OverviewCell counts places, and names what deserves a second look.
type OverviewCell struct {
	Gains, Loses int
	Marks        []string
}

// List is items of a section.
type List struct {
	ID, Title, Note string
	// Headed: lines too begin with the title and the note.
	Headed bool
	// Noun is what an item is, where a terminal cuts the list short.
	Noun string
	// Aligned: the items have a Level, and stand below each other in columns.
	Aligned bool
	// Ordered: each item has a Step.
	Ordered bool
	Items   []Item
}

// Item is one thing of which a report tells.
type Item struct {
	// Sign is + - ~ ! > = or ?; a space where nothing happens to the item.
	Sign string
	// Title names it, and What says what happens to it.
	Title, What string
	// Line stands for the title and what happens where everything is in lines.
	// Cut: a terminal cuts it to its width.
	Line string
	Cut  bool
	// Step is when it is the item's turn, where its list is ordered.
	Step int
	// Marks say why the item deserves a second look; Badges do where there is room
	// for them.
	Marks, Badges []string
	// Only are the formats that show the item.
	Only Formats

	// Action is a word for what happens, to filter by.
	Action string
	// Rank is lower for what is more important.
	Rank int
	// Count is of how many things the item tells.
	Count int
	// Places are keys below the directories that the item belongs to.
	Places []string

	// Sum: the title is an amount, and the sign that of its change.
	Sum bool
	// Level, if set, makes the item an amount and its bound.
	Level *Level
	// Finding, if set, is all of the item.
	Finding *diag.Diagnostic
	Parts   []Part
}

// Level is an amount before and after a change.
type Level struct {
	// Nested: the item is indented on the page, by Depth.
	Nested bool
	Depth  int
	// Numbers are the amounts in words; where they are empty, Before, After and Bound
	// are.
	Numbers              string
	Before, After, Bound string
	Bar                  *Bar
	// Warning is what there is to say of the amount that is above its bound.
	Warning string
	// About is a line below.
	About string
}

// Bar is an amount before and after a change, and its bound.
type Bar struct {
	Before, After, Bound float64
	Over                 bool
	// Tenths of the bound that the amount takes after the change.
	Tenths int
}

// Part is a part of an item.
type Part struct {
	Only    Formats
	Content Content
}

// Content of a part: Causes, Note, Origin, Fields, Names, Points, Table or Matrix.
type Content interface{ content() }

// Causes are places in the source.
type Causes []Cause

// Cause is a place in the source from which something follows.
type Cause struct {
	File string
	Line int
	// Document is what is there.
	Document string
	// Removed: the place is in the source before the change.
	Removed bool
}

// String names the place: "orgs/acme/org.cue:3 (organizations "acme")".
func (c Cause) String() string {
	out := diag.Position{File: c.File, Line: c.Line}.String()
	if c.Document != "" {
		out += " (" + c.Document + ")"
	}
	if c.Removed {
		out += ", before the change"
	}
	return strings.TrimSpace(out)
}

// Note is a sentence. Label begins its line, Term its paragraph.
type Note struct{ Label, Term, Text string }

// Origin says where something is declared.
type Origin []Span

// Span is a piece of text.
type Span struct {
	Text string
	Code bool
}

// Fields are those that differ.
type Fields []Field

// Field is a field on two sides; a side where it is not set is nil.
type Field struct {
	Path          string
	Before, After any
}

// Names are a list of names.
type Names struct {
	// Label begins each line, Heading is above the list on a page.
	Label, Heading string
	// Noun is what one is, where a terminal cuts the list short.
	Noun string
	List []string
}

// Points are a list of details.
type Points struct {
	Label string
	// Noun is what one is, where a terminal cuts the list short.
	Noun string
	// Cut: a terminal cuts each to its width.
	Cut  bool
	List []Point
}

// Point is a detail of an item.
type Point struct {
	Sign, Text string
	// Effect and What stand for the text on a page, where they are set.
	Effect, What string
	// Below are names that the point is about.
	Below []Part
}

// Table is a table for the page, of which the first column names the row.
type Table struct {
	Columns []string
	Rows    []Row
}

// Row is a row of a Table.
type Row struct {
	Name  string
	Cells []Cell
}

// Cell of a table. Tone is prose, good, bad or chg.
type Cell struct{ Text, Tone string }

// Matrix is a table for the page of what is gained and lost.
type Matrix struct {
	// Corner is above the names of the rows, and Label says what the table shows.
	Corner, Label string
	Columns       []string
	Rows          []MatrixRow
}

// MatrixRow has "+", "-", "+-" or "" for each column.
type MatrixRow struct {
	Name  string
	Marks []string
	// Note bounds what the row says.
	Note  string
	Cells []string
}

func (Causes) content() {}
func (Note) content()   {}
func (Origin) content() {}
func (Fields) content() {}
func (Names) content()  {}
func (Points) content() {}
func (Table) content()  {}
func (Matrix) content() {}
