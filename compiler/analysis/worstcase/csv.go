package worstcase

import (
	"encoding/csv"
	"io"

	"github.com/tenantry/tenantry/compiler/cost"
)

// WriteCSV writes exact amounts, one line for each row or group.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.WriteAll(r.lines()); err != nil {
		return err
	}
	return out.Error()
}

func (r *Report) lines() [][]string {
	if r.by != "" {
		lines := [][]string{{string(r.by), "monthly", "currency"}}
		for _, g := range r.Groups {
			lines = append(lines, []string{g.Name, g.Total.String(), r.Currency})
		}
		return lines
	}
	optional := func(m *cost.Money) string {
		if m == nil {
			return ""
		}
		return m.String()
	}
	lines := [][]string{{"kind", "key", "monthly", "currency", "budget", "overcommit"}}
	for _, row := range r.Rows {
		lines = append(lines, []string{row.Kind, row.Key, row.Total.String(), r.Currency, optional(row.Budget), optional(row.Overcommit)})
	}
	return lines
}
