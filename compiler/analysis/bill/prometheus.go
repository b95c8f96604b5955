package bill

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/internal/diag"
)

// readPrometheus reads the answer of a query. The labels of a series say what it
// is: logical_cluster, or namespace, and resource, and cluster where wanted. A
// sample of a range holds until the next; the last, and one before a gap, for as
// long as samples are apart. The value of an instant vector is a sum over the hours
// of the month.
func readPrometheus(name string, data []byte, month Month) (out []Record, found []diag.Diagnostic, err error) {
	r := newAnswerReader(data)
	err = r.read()
	switch {
	case err != nil:
	case r.status != "success":
		err = fmt.Errorf("its status is %q", r.status)
	case r.kind != "matrix" && r.kind != "vector":
		err = fmt.Errorf("its resultType is %q, and neither vector nor matrix", r.kind)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: line %d: not the answer of a Prometheus query: %w", name, r.line(r.in.InputOffset()), err)
	}
	p := &samples{name: name, month: month}
	points := make([][]point, len(r.series))
	for i, s := range r.series {
		points[i] = p.points(s)
	}
	step := interval(points)
	for i, s := range r.series {
		out = append(out, p.records(s, points[i], step)...)
	}
	return out, p.found, nil
}

// series is one series of an answer.
type series struct {
	Metric map[string]string `json:"metric"`
	Value  []any             `json:"value"`
	Values [][]any           `json:"values"`
	line   int
}

// label returns the first of the labels that the series has.
func (s series) label(names ...string) string {
	for _, n := range names {
		if v := s.Metric[n]; v != "" {
			return v
		}
	}
	return ""
}

// answerReader walks the fields of an answer, so that each series has its line.
type answerReader struct {
	data []byte
	in   *json.Decoder
	line func(offset int64) int

	status, kind string
	series       []series
}

func newAnswerReader(data []byte) *answerReader {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	return &answerReader{data: data, in: in, line: lineCounter(data)}
}

func (r *answerReader) read() error {
	return r.object(func(key string) error {
		switch key {
		case "status":
			return r.in.Decode(&r.status)
		case "data":
			return r.object(r.readData)
		}
		return r.skip()
	})
}

func (r *answerReader) readData(key string) error {
	switch key {
	case "resultType":
		return r.in.Decode(&r.kind)
	case "result":
		return r.readResult()
	}
	return r.skip()
}

func (r *answerReader) readResult() error {
	if t, err := r.in.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(err, errors.New("result is no list"))
	}
	for r.in.More() {
		at := r.in.InputOffset()
		for at < int64(len(r.data)) && bytes.IndexByte([]byte(" \t\r\n,"), r.data[at]) >= 0 {
			at++
		}
		s := series{line: r.line(at)}
		if err := r.in.Decode(&s); err != nil {
			return err
		}
		r.series = append(r.series, s)
	}
	_, err := r.in.Token()
	return err
}

// object calls field for each field of an object, to read its value.
func (r *answerReader) object(field func(key string) error) error {
	if t, err := r.in.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("an object is missing"))
	}
	for r.in.More() {
		key, err := r.in.Token()
		if err != nil {
			return err
		}
		if err := field(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	_, err := r.in.Token()
	return err
}

func (r *answerReader) skip() error {
	var ignored json.RawMessage
	return r.in.Decode(&ignored)
}

// samples reads the samples of series as records.
type samples struct {
	name  string
	month Month
	found []diag.Diagnostic
}

// point is a sample of a range.
type point struct {
	at     time.Time
	amount cost.Money
}

func (p *samples) report(line int, format string, args ...any) {
	p.found = append(p.found, diag.New(diag.UsageUnreadable, diag.Position{File: p.name, Line: line}, format, args...))
}

// read reads a pair of a time and a value. What is wrong with it is reported.
func (p *samples) read(line int, v []any) (out point, ok bool) {
	if len(v) != 2 {
		p.report(line, "a sample can't be read: it is no pair of a time and a value")
		return out, false
	}
	seconds, err := cost.ParseExact(fmt.Sprint(v[0]))
	if err == nil {
		out.amount, err = cost.ParseExact(fmt.Sprint(v[1]))
	}
	if err != nil {
		p.report(line, "a sample can't be read: %v", err)
		return out, false
	}
	out.at = time.UnixMilli(seconds.Times(1000).Floor()).UTC()
	return out, true
}

// points returns the samples of a range, by time.
func (p *samples) points(s series) (out []point) {
	for _, v := range s.Values {
		if one, ok := p.read(s.line, v); ok {
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b point) int { return a.at.Compare(b.at) })
	return out
}

// interval returns how far samples are apart: the least distance of any two, an hour if
// there are no two.
func interval(points [][]point) time.Duration {
	step := time.Duration(0)
	for _, list := range points {
		for n := 1; n < len(list); n++ {
			if apart := list[n].at.Sub(list[n-1].at); apart > 0 && (step == 0 || apart < step) {
				step = apart
			}
		}
	}
	if step == 0 {
		return time.Hour
	}
	return step
}

// records returns what a series says. points are its samples as a range.
func (p *samples) records(s series, points []point, step time.Duration) (out []Record) {
	r := Record{Line: s.line, Resource: s.label("resource"), Cluster: s.label("cluster"), Namespace: s.label("namespace"),
		LogicalCluster: s.label("logical_cluster", "label_tenantry_dev_logical_cluster")}
	switch {
	case r.Resource == "":
		p.report(s.line, "a series has no label resource")
		return nil
	case r.LogicalCluster == "" && r.Namespace == "":
		p.report(s.line, "a series has no label logical_cluster or namespace")
		return nil
	}
	if s.Value != nil {
		if total, ok := p.read(s.line, s.Value); ok {
			r.From, r.To, r.Amount, r.Hours = p.month.From, p.month.To, total.amount, true
			out = append(out, r)
		}
	}
	for _, one := range points {
		if one.at.Equal(p.month.To) { // a range has both its ends
			continue
		}
		r.From, r.To, r.Amount = one.at, one.at.Add(step), one.amount
		out = append(out, r)
	}
	return out
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
