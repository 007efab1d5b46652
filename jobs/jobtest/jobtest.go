// Package jobtest drives a job without a run: its plan is made, it is opened as a worker opens it,
// and works on records one after the other, in this process. It is for the tests of who writes
// a job in Go.
//
// It promises to be stricter than a worker: what was borrowed is overwritten as soon as [Job.Do]
// returns, results are not empty but have what another record has left, and an answer that the engine would
// refuse is an error. It leaves to whole runs what only those show: that a worker may die at
// any moment, tries again, order, the ledger. It starts no process, and reads no dataset.
package jobtest

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Given is what a run of the job would be given.
type Given struct {
	// Flags are those of the job that are set, by name, each with a value of the type of its Default.
	Flags map[string]any
	// Columns are those of the records, a table. Without them, and without Objects, records are plain lines.
	Columns []string
	// Objects says that each record is a JSON object.
	Objects bool
	Command []string // the words after "--"
	// Text says that the output of the run is plain text: Result.Text is wanted, and not its values.
	Text bool
	// Run is the run's name; demo if it is empty. Dir and State are where files may lie, see jobs.Setup.
	Run, Dir, State string
	Key             jobs.KeySpec
	// Away is a directory to which the files of jobs.Definition.Files are moved between plan and opening, as for a worker
	// of another machine; those that are secret are held in memory. Until Close it counts for the whole process.
	Away string
}

const (
	defaultRun = "demo"
	maxOutput  = 16 << 20
	maxDepth   = 1000
)

// Job is a job that is open.
type Job struct {
	Plan jobs.Plan

	runner jobs.Runner
	setup  jobs.Setup
	shape  *jobs.Shape
	next   jobs.Seq
	back   func() // takes back that files are away
	res    jobs.Result
}

// Plan makes the plan of a job, or returns why it refuses.
func Plan(d *jobs.Definition, g Given) (jobs.Plan, error) {
	o, err := newOptions(d, &g)
	if err != nil {
		return jobs.Plan{}, err
	}
	p, err := d.Plan(o, g.shape())
	if err == nil && len(p.Config) > 0 && !json.Valid(p.Config) {
		err = errors.New("the configuration of the plan is no JSON")
	}
	return p, err
}

// Open plans a job, and opens it as a worker does.
func Open(d *jobs.Definition, g Given) (*Job, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	p, err := Plan(d, g)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	// It goes through the ledger, and to the worker.
	stored, err := json.Marshal(&p)
	if err != nil {
		return nil, fmt.Errorf("the plan cannot be stored: %w", err)
	}
	var again jobs.Plan
	if err := json.Unmarshal(stored, &again); err != nil {
		return nil, fmt.Errorf("the plan cannot be read again: %w", err)
	}
	j := &Job{Plan: p, shape: g.shape()}
	j.setup = jobs.Setup{
		Config: again.Config, Shape: j.shape, Run: g.name(), Dir: g.Dir, State: g.State, Slot: 1, Key: g.Key, Text: g.Text, MaxOutput: maxOutput, MaxDepth: maxDepth,
	}
	if j.setup.Key.Scope == "" {
		j.setup.Key.Scope = g.name()
	}
	if g.Away != "" {
		if err := away(d, &j.setup, g.Away); err != nil {
			return nil, err
		}
		j.back = func() { elsewhere.Set(nil) }
	}
	if j.runner, err = d.Open(context.Background(), j.setup); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	if p.InHand > 1 {
		_, forks := j.runner.(jobs.Forker)
		_, streams := j.runner.(jobs.Stream)
		if !forks && !streams {
			return nil, errors.Join(fmt.Errorf("the plan says that a worker can have %d records in hand, and the job is neither a jobs.Forker nor a jobs.Stream", p.InHand), j.runner.Close())
		}
	}
	return j, nil
}

func (g *Given) name() string {
	if g.Run == "" {
		return defaultRun
	}
	return g.Run
}

func (g *Given) shape() *jobs.Shape {
	switch {
	case g.Objects:
		return &jobs.Shape{Kind: jobs.Objects, Columns: g.Columns, End: "\n"}
	case len(g.Columns) > 0:
		return &jobs.Shape{Kind: jobs.Fields, Columns: g.Columns, End: "\n"}
	}
	return &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}
}

// Answer is what a job has answered for a record.
type Answer struct {
	Verdict    jobs.Verdict
	Class      jobs.Class
	Error      string
	RetryAfter time.Duration
	Text       string
	// Values are those of the columns, by their names; those of columns without one are empty.
	Values map[string]string
}

// Do has the job work on the next record, for the first time. Values are one for each column, or the line, or the object. An error
// is one of the job, as of jobs.Runner, or what the engine would not take.
func (j *Job) Do(values ...string) (*Answer, error) {
	seq := j.next
	j.next++
	return j.Try(seq, 1, values...)
}

// Try has the job work on the record of a number, for the so many'th time.
func (j *Job) Try(seq jobs.Seq, attempt int, values ...string) (*Answer, error) {
	if want := len(j.shape.Columns); j.shape.Kind == jobs.Fields && len(values) != want || j.shape.Kind != jobs.Fields && len(values) != 1 {
		return nil, fmt.Errorf("a record of %d values, of %s with %d columns", len(values), j.shape.Kind, want)
	}
	rec := &jobs.Record{Seq: seq, Attempt: attempt, Shape: j.shape}
	if j.shape.Kind == jobs.Fields {
		for _, v := range values {
			rec.Values = append(rec.Values, []byte(v))
		}
		if j.Plan.NeedsRaw {
			rec.Raw = []byte(strings.Join(values, ","))
		}
	} else {
		rec.Raw = []byte(values[0])
	}
	if j.Plan.NeedsText && slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
		return nil, errors.New("the plan says NeedsText: no record that is not UTF-8 comes to the job")
	}
	j.res.Reset()
	j.soil()
	if err := j.runner.Do(context.Background(), rec, &j.res); err != nil {
		return nil, err
	}
	a, err := j.answer()
	for _, b := range append(rec.Values, rec.Raw) { // it was borrowed
		for i := range b {
			b[i] = '#'
		}
	}
	return a, err
}

// soil leaves in the memory of a result what another record may have left there.
func (j *Job) soil() {
	j.res.Text = append(j.res.Text, "left by another record"...)[:0]
	for range j.Plan.Columns {
		j.res.Values = append(j.res.Values, []byte("left by another record"))
	}
	j.res.Values = j.res.Values[:0]
}

// answer checks what the engine would, and takes a copy.
func (j *Job) answer() (*Answer, error) {
	r := &j.res
	a := &Answer{Verdict: r.Verdict, Class: r.Class, Error: r.Error, RetryAfter: r.RetryAfter, Text: string(r.Text), Values: make(map[string]string)}
	if r.Verdict > jobs.VerdictUnknown {
		return nil, fmt.Errorf("there is no verdict number %d", r.Verdict)
	}
	if r.RetryAfter < 0 || r.RetryAfter > jobs.MaxRetryAfter {
		return nil, fmt.Errorf("RetryAfter is %s, and goes from 0 to %s", r.RetryAfter, jobs.MaxRetryAfter)
	}
	if r.RetryAfter > 0 && r.Verdict != jobs.VerdictRetry && r.Verdict != jobs.VerdictThrottle {
		return nil, fmt.Errorf("RetryAfter is for retry and throttle, and the verdict is %s", r.Verdict)
	}
	if !utf8.ValidString(r.Error) || !utf8.ValidString(string(r.Class)) {
		return nil, fmt.Errorf("its class %q or its error %q is no UTF-8", r.Class, r.Error)
	}
	if len(r.Values) > len(j.Plan.Columns) {
		return nil, fmt.Errorf("%d values, and the plan has %d columns", len(r.Values), len(j.Plan.Columns))
	}
	size := len(r.Text)
	for i, c := range j.Plan.Columns {
		var v []byte
		if i < len(r.Values) {
			v = r.Values[i]
		}
		if c.JSON && len(v) > 0 && !json.Valid(v) {
			return nil, fmt.Errorf("column %s is to be JSON, and is %q", c.Name, v)
		}
		size += len(v)
		a.Values[c.Name] = string(v)
	}
	if size > maxOutput {
		return nil, fmt.Errorf("%d bytes for a record, and a job keeps to Setup.MaxOutput, %d", size, maxOutput)
	}
	return a, nil
}

// Close closes the job, as a worker does at its end.
func (j *Job) Close() error {
	err := j.runner.Close()
	if j.back != nil {
		j.back()
	}
	return err
}
