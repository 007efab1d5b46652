package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// outcome is a row of the results, as far as billing looks at it.
type outcome struct {
	register.Ended

	Final jobs.Status // as the engine has it
	Class string
	Row   int // of the results, from 1
	// values are all fields of the row, with their names; borrowed.
	names  []string
	values [][]byte
}

// errNoRows says that the results are not there to be read.
var errNoRows = errors.New("the results of the run are not where they were written, or are no table")

// outcomes walks over the rows of the results, in their order. What is yielded is valid until the next.
func outcomes(f *jobs.Finished) iter.Seq2[*outcome, error] {
	return func(yield func(*outcome, error) bool) {
		if f.Rows == nil {
			yield(nil, errNoRows)
			return
		}
		row := 0
		var r *reading
		for rec, err := range f.Rows() {
			row++
			if err == nil && r == nil {
				r, err = newReading(rec.Shape)
			}
			var o *outcome
			if err == nil {
				o, err = r.read(rec, row)
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// reading knows where in a row of results things stand.
type reading struct {
	cells *jobs.Cells
	names []string
	at    map[string]int
	out   outcome
}

func newReading(s *jobs.Shape) (*reading, error) {
	r := &reading{cells: jobs.NewCells(s), names: s.Columns, at: make(map[string]int)}
	for i, name := range s.Columns {
		r.at[name] = i // the last of a name: the job's stand behind those of the input
	}
	for _, name := range []string{"_seq", "_status", "_class", "_error", columnNames[colStatus]} {
		if _, there := r.at[name]; !there {
			return nil, fmt.Errorf("the results have no column %s: they are not those of this run any more", name)
		}
	}
	return r, nil
}

func (r *reading) read(rec *jobs.Record, row int) (*outcome, error) {
	v := r.cells.Values(rec)
	text := func(name string) string {
		if i, there := r.at[name]; there && i < len(v) {
			return string(v[i])
		}
		return ""
	}
	seq, err := strconv.ParseUint(text("_seq"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("row %d of the results is of no record: _seq is %q", row, text("_seq"))
	}
	final, err := jobs.ParseStatus(text("_status"))
	if err != nil {
		return nil, fmt.Errorf("row %d of the results: %w", row, err)
	}
	r.out = outcome{
		Ended: register.Ended{
			Seq: jobs.Seq(seq), Status: statusOf(text(columnNames[colStatus]), final, jobs.Class(text("_class"))), ProviderID: text(columnNames[colProviderID]),
			Code: text(columnNames[colDecline]), Advice: text(columnNames[colAdvice]), Response: text(columnNames[colNetworkCode]), Reason: text("_error"),
		},
		Final: final, Class: text("_class"), Row: row, names: r.names, values: v,
	}
	return &r.out, nil
}

// statusOf is what has become of a charge. What the engine says goes before what a try has left: a record that
// somebody has decided about is what he says.
func statusOf(word string, final jobs.Status, class jobs.Class) charge.Status {
	s, err := charge.ParseStatus(word)
	switch final {
	case jobs.StatusUnknown, jobs.StatusPending:
		return charge.Unknown
	case jobs.StatusOK:
		if err != nil || !slices.Contains([]charge.Status{charge.Succeeded, charge.Submitted, charge.Processing, charge.Refunded}, s) {
			return charge.Succeeded
		}
	case jobs.StatusSkipped:
		if class != jobs.ClassDuplicate {
			return charge.Unknown // by --on-unknown skip: it may have been made
		}
		return charge.SkippedDuplicate
	case jobs.StatusFailed:
		if err != nil || s == charge.Unknown || s == charge.Succeeded || s == charge.Submitted {
			return charge.Failed
		}
	}
	return s
}

// planOf opens the plan of a run, and sees that it is that one.
func planOf(c *config, state string) (*plan.Plan, error) {
	p, err := plan.Find(state, c.Plan)
	if err != nil {
		return nil, err
	}
	if p.Hash() != c.Plan {
		return nil, fmt.Errorf("the run is one of plan %s, and %s is %s", c.Plan, p.Path(), p.Hash())
	}
	return p, nil
}
