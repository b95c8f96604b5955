package report

import (
	"strings"
	"testing"
)

// small is a report with an item of each kind.
func small() *Report {
	return &Report{
		Name: "plan", Command: "tenantry plan", Before: Side{Name: "main"}, After: Side{Name: "working tree"}, AsOf: "2026-11-20",
		Summary: []string{"boxes: 1 changed"},
		Sections: []Section{
			{ID: "boxes", Title: "Boxes", Fold: "1 box", Turn: 1, Lists: []List{{Noun: "box", Items: []Item{{
				Sign: "~", Title: "a/b", What: "changes", Marks: []string{"large"}, Action: "changes", Count: 1, Places: []string{"a/b"},
				Parts: []Part{
					{Content: Fields{{Path: "size", Before: 1, After: 2}}},
					{Only: Lines, Content: Causes{{File: "boxes.cue", Line: 3}}},
					{Only: Page, Content: Note{Term: "On the page", Text: "alone"}},
				},
			}}}}},
			{ID: "levels", Title: "Levels", Unit: "litres", Fold: "Levels", Lists: []List{{Aligned: true, Items: []Item{{
				Sign: "!", Title: "a", Level: &Level{Numbers: "3 of 2", Bar: &Bar{After: 3, Bound: 2, Over: true, Tenths: 10}, Warning: "too much"},
			}}}}},
		},
	}
}

// TestFormats shows one report in its formats.
func TestFormats(t *testing.T) {
	var text, markdown, page strings.Builder
	if err := small().WriteText(&text, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := small().WriteMarkdown(&markdown); err != nil {
		t.Fatal(err)
	}
	if err := small().WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	const wantText = `tenantry plan   main → working tree   as of 2026-11-20

  boxes: 1 changed

LEVELS, litres
  a  3 of 2  ██████████ ! too much

BOXES
~ a/b   changes   ! large
    ~ size: 1 → 2
    because of  boxes.cue:3
`
	if text.String() != wantText {
		t.Errorf("the text is\n%s", text.String())
	}
	const wantBoxes = "<summary><b>1 box</b></summary>\n\n```diff\n! a/b   changes\n!   sensitive   large\n!   size: 1 → 2\n    because of  boxes.cue:3\n```\n"
	if !strings.Contains(markdown.String(), wantBoxes) {
		t.Errorf("Markdown is\n%s", markdown.String())
	}
	for _, want := range []string{"<strong>On the page:</strong> alone", `<span class="mark">large</span>`, "<del>1</del>", `class="bar over"`} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page.String(), "boxes.cue") {
		t.Error("the page has what is for lines alone")
	}
}
