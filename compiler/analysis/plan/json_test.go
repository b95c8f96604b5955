package plan_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/internal/diag"
)

// TestJSONIsDocumented holds the page's table of fields against the Go types.
func TestJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n## JSON\n")
	if !found {
		t.Fatal("the page has no section JSON")
	}
	rows := map[string]string{} // by the names in the first column
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, name := range strings.Split(cells[1], ",") {
			rows[strings.Trim(strings.TrimSpace(name), "`")] = strings.Join(cells[2:], "|")
		}
	}
	below := text[strings.LastIndex(text, "|\n"):]
	shared := map[reflect.Type]bool{reflect.TypeFor[change.Field](): true, reflect.TypeFor[change.Cause](): true, reflect.TypeFor[access.Permission](): true}
	told := map[string]bool{"Field": true, "Holds": true, "---": true}
	var check func(path string, of reflect.Type, where string)
	check = func(path string, of reflect.Type, where string) {
		for i := range of.NumField() {
			f := of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.IsExported() || name == "-" {
				continue
			}
			full := strings.TrimPrefix(path+"."+name, ".")
			if path == "" {
				where = rows[name]
				if where == "" {
					t.Errorf("the page has no row for %s", name)
				}
				told[name] = true
			} else if !strings.Contains(where, "`"+name+"`") {
				t.Errorf("the page does not name %s", full)
			}
			element := f.Type
			for element.Kind() == reflect.Slice || element.Kind() == reflect.Pointer {
				element = element.Elem()
			}
			switch {
			case element.Kind() != reflect.Struct || element == reflect.TypeFor[diag.Diagnostic]() || element == reflect.TypeFor[cost.Money]() || element == reflect.TypeFor[evolution.Change]():
			case shared[element]:
				check(full, element, below)
			default:
				inner := where
				if path != "" || rows[full] != "" {
					inner = rows[full]
					told[full] = true
				}
				check(full, element, inner)
			}
		}
	}
	check("", reflect.TypeFor[change.Plan](), "")
	for name := range rows {
		if !told[name] {
			t.Errorf("the page tells of %s, which a plan has not", name)
		}
	}
}
