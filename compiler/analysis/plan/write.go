package plan

import (
	"io"

	"github.com/tenantry/tenantry/compiler/analysis/plan/sections"
	"github.com/tenantry/tenantry/internal/report"
)

// TextOptions say how a plan is written for people.
type TextOptions = report.TextOptions

// WriteText writes the plan for a terminal: the summary first.
func (p *Plan) WriteText(w io.Writer, o TextOptions) error {
	return sections.Report(&p.Plan, p.sources, p.held).WriteText(w, o)
}

// WriteMarkdown writes the plan for a pull request, in at most
// [report.MarkdownLimit] bytes.
func (p *Plan) WriteMarkdown(w io.Writer) error {
	return sections.Report(&p.Plan, p.sources, p.held).WriteMarkdown(w)
}

// WriteHTML writes the plan as one page that needs no other file and no network.
func (p *Plan) WriteHTML(w io.Writer) error {
	return sections.Report(&p.Plan, p.sources, p.held).WriteHTML(w)
}
