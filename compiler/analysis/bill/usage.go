package bill

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
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
	// Resource is a key of a quota or a name in a ResourceQuota, or Existence.
	Resource string
	From, To time.Time
	// Amount in cores, bytes or pieces.
	Amount cost.Money
	// Hours: Amount is not what was in use all the time, but a sum over hours.
	Hours bool
}

// Existence is the resource of records that say when a logical cluster was there.
const Existence = "logicalCluster"

// Read reads usage: CSV with a header, or the answer of a Prometheus query as JSON.
// name is that of the file, for findings. The error is of a file that is neither.
func Read(name string, data []byte, month Month) ([]Record, []diag.Diagnostic, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if first := bytes.TrimLeft(data, " \t\r\n"); len(first) > 0 && first[0] == '{' {
		return readPrometheus(name, data, month)
	}
	return readCSV(name, data)
}

func readCSV(name string, data []byte) (out []Record, found []diag.Diagnostic, err error) {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: no header could be read: %w", name, err)
	}
	column := map[string]int{}
	for i, title := range header {
		title = strings.TrimSpace(title)
		if _, twice := column[title]; twice || !slices.Contains([]string{"logicalCluster", "resource", "from", "to", "amount", "cluster"}, title) {
			return nil, nil, fmt.Errorf("%s: the header has %q; it names logicalCluster, resource, from, to, amount and, where wanted, cluster, each once", name, title)
		}
		column[title] = i
	}
	for _, title := range []string{"logicalCluster", "resource", "from", "to", "amount"} {
		if _, ok := column[title]; !ok {
			return nil, nil, fmt.Errorf("%s: the header has no %s", name, title)
		}
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
		bad := func(format string, args ...any) {
			found = append(found, diag.New(diag.UsageUnreadable, diag.Position{File: name, Line: line}, format, args...))
		}
		if err != nil {
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				line = parse.Line
			}
			bad("the line can't be read: %v", err)
			continue
		}
		if len(row) != len(header) {
			bad("the line has %d fields, and the header %d", len(row), len(header))
			continue
		}
		field := func(title string) string {
			if i, ok := column[title]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		r := Record{Line: line, LogicalCluster: field("logicalCluster"), Resource: field("resource"), Cluster: field("cluster")}
		var problems [3]error
		r.From, problems[0] = instant(field("from"))
		r.To, problems[1] = instant(field("to"))
		r.Amount, problems[2] = quantity(field("amount"))
		if err := errors.Join(problems[:]...); err != nil {
			bad("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
			continue
		}
		if !r.From.Before(r.To) {
			bad("it ends at %s, no later than it begins", field("to"))
			continue
		}
		out = append(out, r)
	}
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

// readPrometheus reads the answer of a query. The labels of a series say what it
// is: logical_cluster, or namespace, and resource, and cluster where wanted. A
// sample of a range holds until the next; the last, and one before a gap, for as
// long as samples are apart. The value of an instant vector is a sum over the hours
// of the month.
func readPrometheus(name string, data []byte, month Month) (out []Record, found []diag.Diagnostic, err error) {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	lines := lineCounter(data)
	var kind string
	type series struct {
		Metric map[string]string `json:"metric"`
		Value  []any             `json:"value"`
		Values [][]any           `json:"values"`
		line   int
	}
	var all []series
	fail := func(err error) ([]Record, []diag.Diagnostic, error) {
		return nil, nil, fmt.Errorf("%s: line %d: not the answer of a Prometheus query: %w", name, lines(in.InputOffset()), err)
	}
	// object walks the fields of an object, so that each series has its line.
	object := func(field func(key string) error) error {
		if t, err := in.Token(); err != nil || t != json.Delim('{') {
			return errors.Join(err, errors.New("an object is missing"))
		}
		for in.More() {
			key, err := in.Token()
			if err != nil {
				return err
			}
			if err := field(fmt.Sprint(key)); err != nil {
				return err
			}
		}
		_, err := in.Token()
		return err
	}
	skip := func() error { var ignored json.RawMessage; return in.Decode(&ignored) }
	status := ""
	err = object(func(key string) error {
		switch key {
		case "status":
			return in.Decode(&status)
		case "data":
			return object(func(key string) error {
				switch key {
				case "resultType":
					return in.Decode(&kind)
				case "result":
					if t, err := in.Token(); err != nil || t != json.Delim('[') {
						return errors.Join(err, errors.New("result is no list"))
					}
					for in.More() {
						at := in.InputOffset()
						for at < int64(len(data)) && bytes.IndexByte([]byte(" \t\r\n,"), data[at]) >= 0 {
							at++
						}
						s := series{line: lines(at)}
						if err := in.Decode(&s); err != nil {
							return err
						}
						all = append(all, s)
					}
					_, err := in.Token()
					return err
				}
				return skip()
			})
		}
		return skip()
	})
	switch {
	case err != nil:
		return fail(err)
	case status != "success":
		return fail(fmt.Errorf("its status is %q", status))
	case kind != "matrix" && kind != "vector":
		return fail(fmt.Errorf("its resultType is %q, and neither vector nor matrix", kind))
	}
	sample := func(line int, v []any) (at time.Time, amount cost.Money, ok bool) {
		bad := func(why any) {
			found = append(found, diag.New(diag.UsageUnreadable, diag.Position{File: name, Line: line}, "a sample can't be read: %v", why))
		}
		if len(v) != 2 {
			bad("it is no pair of a time and a value")
			return at, amount, false
		}
		seconds, err := cost.ParseExact(fmt.Sprint(v[0]))
		if err != nil {
			bad(err)
			return at, amount, false
		}
		if amount, err = cost.ParseExact(fmt.Sprint(v[1])); err != nil {
			bad(err)
			return at, amount, false
		}
		return time.UnixMilli(seconds.Times(1000).Floor()).UTC(), amount, true
	}
	type point struct {
		at     time.Time
		amount cost.Money
	}
	points := make([][]point, len(all))
	step := time.Duration(0)
	for i, s := range all {
		for _, v := range s.Values {
			if at, amount, ok := sample(s.line, v); ok {
				points[i] = append(points[i], point{at, amount})
			}
		}
		slices.SortStableFunc(points[i], func(a, b point) int { return a.at.Compare(b.at) })
		for n := 1; n < len(points[i]); n++ {
			if apart := points[i][n].at.Sub(points[i][n-1].at); apart > 0 && (step == 0 || apart < step) {
				step = apart
			}
		}
	}
	if step == 0 {
		step = time.Hour
	}
	for i, s := range all {
		label := func(names ...string) string {
			for _, n := range names {
				if v := s.Metric[n]; v != "" {
					return v
				}
			}
			return ""
		}
		r := Record{Line: s.line, Resource: label("resource"), Cluster: label("cluster"), Namespace: label("namespace"),
			LogicalCluster: label("logical_cluster", "label_tenantry_dev_logical_cluster")}
		if r.LogicalCluster == "" && r.Namespace == "" || r.Resource == "" {
			found = append(found, diag.New(diag.UsageUnreadable, diag.Position{File: name, Line: s.line}, "a series has no label %s",
				map[bool]string{true: "resource", false: "logical_cluster or namespace"}[r.Resource == ""]))
			continue
		}
		if s.Value != nil {
			if _, amount, ok := sample(s.line, s.Value); ok {
				r.From, r.To, r.Amount, r.Hours = month.From, month.To, amount, true
				out = append(out, r)
			}
		}
		for _, p := range points[i] {
			if p.at.Equal(month.To) { // a range has both its ends
				continue
			}
			r.From, r.To, r.Amount = p.at, p.at.Add(step), p.amount
			out = append(out, r)
		}
	}
	return out, found, nil
}

// lineCounter returns a function that says on which line an offset stands. One that
// lies before that of an earlier call counts as that.
func lineCounter(data []byte) func(int64) int {
	line, at := 1, int64(0)
	return func(offset int64) int {
		in := bufio.NewReader(bytes.NewReader(data[at:max(at, min(offset, int64(len(data))))]))
		for {
			text, err := in.ReadString('\n')
			at += int64(len(text))
			if err != nil {
				return line
			}
			line++
		}
	}
}
