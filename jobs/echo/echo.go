// Package echo is the job that gives every record back. It is there for
// rehearsal and measurement: what a run does to a dataset, and what the engine
// itself costs, can be seen with it before anything real is done. It can be
// told to be slow, to fail and to crash, the same way for the same records
// every time, so that two runs of it are equal byte for byte.
package echo

import (
	"brood/jobs"
	"brood/jobs/quickio"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"syscall"
	"time"
)

type config struct {
	Sleep     time.Duration `json:"sleep"`
	FailRate  float64       `json:"fail_rate"`
	CrashRate float64       `json:"crash_rate"`
}

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:  "echo",
		Usage: "give every record back: for rehearsal and measurement",
		Help: `Each record comes back as it is: as text without -o, as a row with the
engine's columns with -o FILE. --fail-rate and --crash-rate pick records by
their position and try, so every run fails in the same way; a record that
fails is tried again, unless --retries 0. The _ms column holds
the time that --sleep asked for, not a measured one.

Example:
   brood run echo --fail-rate 0.1 --retries 0 -o out.csv testdata/cities.csv`,
		Effect:  jobs.EffectNone,
		Retries: 3,
		Flags: []jobs.Flag{
			{Name: "sleep", Usage: "take `TIME` for each record", Default: time.Duration(0)},
			{Name: "fail-rate", Usage: "answer 'retry' for this `SHARE` of the tries, 0 to 1", Default: 0.0},
			{Name: "crash-rate", Usage: "kill the worker on this `SHARE` of the records, 0 to 1", Default: 0.0},
		},
		Plan: plan,
		Open: open,
	}
}

func plan(o jobs.Options, s *jobs.Shape) (jobs.Plan, error) {
	c := config{Sleep: o.Duration("sleep"), FailRate: o.Float64("fail-rate"), CrashRate: o.Float64("crash-rate")}
	if c.Sleep < 0 {
		return jobs.Plan{}, fmt.Errorf("--sleep %s: a time cannot be negative", c.Sleep)
	}
	for name, v := range map[string]float64{"fail-rate": c.FailRate, "crash-rate": c.CrashRate} {
		if !(v >= 0 && v <= 1) {
			return jobs.Plan{}, fmt.Errorf("--%s %v: give a share from 0 to 1", name, v)
		}
	}
	cfg, err := json.Marshal(c)
	return jobs.Plan{
		Config:   cfg,
		NeedsRaw: o.Text(),
		InHand:   mostInHand,
		Preview:  func(r *jobs.Record) string { return string(r.Whole()) },
	}, err
}

// mostInHand is how many records a worker can have in hand, which cost it next to nothing.
const mostInHand = 1024

type runner struct {
	config
	text  bool
	plain bool // neither slow nor failing nor crashing
	// several says that other records are in hand at the same time.
	several bool
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	r := &runner{text: s.Text}
	if err := json.Unmarshal(s.Config, &r.config); err != nil {
		return nil, fmt.Errorf("echo: read configuration: %w", err)
	}
	r.plain = r.Sleep == 0 && r.FailRate == 0 && r.CrashRate == 0
	return r, nil
}

func (r *runner) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	res.ElapsedKnown = true
	if !r.plain {
		if r.trouble(rec, res) {
			return nil
		}
	}
	if r.text {
		text := rec.Whole()
		if rec.Shape.Kind == jobs.Lines && rec.Shape.End == "\n" {
			text = rec.Value(0) // of a group of values that are not lines
		}
		res.Text = append(append(res.Text, text...), rec.Shape.End...)
	}
	return nil
}

// trouble does what the flags ask for and reports whether the record failed.
func (r *runner) trouble(rec *jobs.Record, res *jobs.Result) bool {
	if r.Sleep > 0 {
		r.sleep()
		res.Elapsed = r.Sleep
	}
	if r.CrashRate > 0 && draw("crash", rec.Seq, 0) < r.CrashRate {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
	if r.FailRate > 0 && draw("fail", rec.Seq, rec.Attempt) < r.FailRate {
		res.Fail(jobs.VerdictRetry, "rehearsal", "failed because of --fail-rate (try %d)", rec.Attempt)
		return true
	}
	return false
}

// Fork is another runner, which does the same with the same records.
func (r *runner) Fork() (jobs.Runner, error) {
	r.several = true
	fork := *r
	return &fork, nil
}

// sleep takes as long as was asked for, also where that is short: a timer of a process that does
// nothing else counts in milliseconds.
func (r *runner) sleep() {
	if r.Sleep < time.Millisecond && !r.several {
		quickio.Nap(r.Sleep)
		return
	}
	time.Sleep(r.Sleep)
}

func (r *runner) Close() error { return nil }

// draw returns a number from 0 to 1 that depends on its arguments alone.
func draw(what string, seq jobs.Seq, attempt int) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %d", what, seq, attempt)
	// FNV's low bits are weak for short inputs that differ little: mix once.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}
