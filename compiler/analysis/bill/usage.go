package bill

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/internal/diag"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Record is one line of usage: an amount that was in use for some time.
type Record struct {
	Line int
	// LogicalCluster is its key, or the value of its label tenantry.dev/logical-cluster;
	// empty where Namespace, a physical one, says whose it is.
	LogicalCluster, Namespace string
	// Cluster is the physical cluster; empty for where the logical cluster stands.
	Cluster string
	// Resource is a key of a quota or a name in a ResourceQuota, or the
	// constant existence.
	Resource string
	From, To time.Time
	// Amount in cores, bytes or pieces.
	Amount cost.Money
	// Hours: Amount is not what was in use all the time, but a sum over hours.
	Hours bool
}

// existence is the resource of records that say when a logical cluster was there.
const existence = "logicalCluster"

// Read reads usage: CSV with a header, or the answer of a Prometheus query as JSON.
// name is that of the file, for findings. The error is of a file that is neither.
func Read(name string, data []byte, month Month) ([]Record, []diag.Diagnostic, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if first := bytes.TrimLeft(data, " \t\r\n"); len(first) > 0 && first[0] == '{' {
		return readPrometheus(name, data, month)
	}
	return readCSV(name, data)
}

// The columns of usage as CSV; those that are required come first.
var (
	requiredColumns = []string{"logicalCluster", "resource", "from", "to", "amount"}
	columns         = append(slices.Clone(requiredColumns), "cluster")
)

func readCSV(name string, data []byte) (out []Record, found []diag.Diagnostic, err error) {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: no header could be read: %w", name, err)
	}
	column, err := readHeader(name, header)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, found, nil
		}
		line := 0
		if len(row) > 0 {
			line, _ = in.FieldPos(0)
		}
		var r Record
		switch parse := (*csv.ParseError)(nil); {
		case errors.As(err, &parse):
			line, err = parse.Line, fmt.Errorf("the line can't be read: %w", err)
		case err != nil:
			err = fmt.Errorf("the line can't be read: %w", err)
		case len(row) != len(header):
			err = fmt.Errorf("the line has %d fields, and the header %d", len(row), len(header))
		default:
			r, err = readRow(column, row)
		}
		if err != nil {
			found = append(found, diag.New(diag.UsageUnreadable, diag.Position{File: name, Line: line}, "%v", err))
			continue
		}
		r.Line = line
		out = append(out, r)
	}
}

// readHeader returns which column is where.
func readHeader(name string, header []string) (map[string]int, error) {
	column := map[string]int{}
	for i, title := range header {
		title = strings.TrimSpace(title)
		if _, twice := column[title]; twice || !slices.Contains(columns, title) {
			return nil, fmt.Errorf("%s: the header has %q; it names logicalCluster, resource, from, to, amount and, where wanted, cluster, each once", name, title)
		}
		column[title] = i
	}
	for _, title := range requiredColumns {
		if _, ok := column[title]; !ok {
			return nil, fmt.Errorf("%s: the header has no %s", name, title)
		}
	}
	return column, nil
}

// readRow reads a line that has all columns.
func readRow(column map[string]int, row []string) (Record, error) {
	field := func(title string) string {
		if i, ok := column[title]; ok {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	r := Record{LogicalCluster: field("logicalCluster"), Resource: field("resource"), Cluster: field("cluster")}
	var problems [3]error
	r.From, problems[0] = instant(field("from"))
	r.To, problems[1] = instant(field("to"))
	r.Amount, problems[2] = quantity(field("amount"))
	if err := errors.Join(problems[:]...); err != nil {
		return r, errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if !r.From.Before(r.To) {
		return r, fmt.Errorf("it ends at %s, no later than it begins", field("to"))
	}
	return r, nil
}

// instant reads a time, or the beginning of a day in UTC.
func instant(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is no day such as 2026-11-03 and no time such as 2026-11-03T12:00:00Z", text)
	}
	return t.UTC(), nil
}

var hugeExponent = regexp.MustCompile(`[eE][+-]?[0-9]{3}`)

// quantity reads an amount as Kubernetes writes it.
func quantity(text string) (cost.Money, error) {
	if len(text) > 32 || hugeExponent.MatchString(text) {
		return cost.Money{}, fmt.Errorf("%.20q is no amount that can be reckoned with", text)
	}
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() < 0 {
		return cost.Money{}, fmt.Errorf("%q is no amount such as 4, 250m or 96Gi", text)
	}
	return cost.ParseExact(q.AsDec().String())
}
