package jobtest

import (
	"brood/jobs"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// scripted is a job that answers as a test says.
type scripted struct {
	do func(*jobs.Record, *jobs.Result) error
}

func (s *scripted) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	return s.do(rec, res)
}
func (s *scripted) Close() error { return nil }

func define(plan jobs.Plan, do func(*jobs.Record, *jobs.Result) error) *jobs.Definition {
	return &jobs.Definition{
		Name: "scripted", Usage: "do as a test says", Flags: []jobs.Flag{{Name: "size", Usage: "x", Default: 3}},
		Plan: func(o jobs.Options, _ *jobs.Shape) (jobs.Plan, error) {
			if o.Int("size") > 5 {
				return jobs.Plan{}, errors.New("--size is too large")
			}
			return plan, nil
		},
		Open: func(context.Context, jobs.Setup) (jobs.Runner, error) { return &scripted{do}, nil },
	}
}

// TestRefuses: what the engine would not take is an error of Do.
func TestRefuses(t *testing.T) {
	plan := jobs.Plan{Columns: []jobs.Column{{Name: "a", JSON: true}}}
	for want, do := range map[string]func(*jobs.Record, *jobs.Result) error{
		"RetryAfter is -1s":         func(_ *jobs.Record, r *jobs.Result) error { r.RetryAfter = -time.Second; return nil },
		"is for retry and throttle": func(_ *jobs.Record, r *jobs.Result) error { r.RetryAfter = time.Second; return nil },
		"there is no verdict":       func(_ *jobs.Record, r *jobs.Result) error { r.Verdict = 99; return nil },
		"2 values, and the plan":    func(_ *jobs.Record, r *jobs.Result) error { r.Values = append(r.Values, nil, nil); return nil },
		"is to be JSON":             func(_ *jobs.Record, r *jobs.Result) error { r.Values = append(r.Values, []byte("{")); return nil },
		"is no UTF-8":               func(_ *jobs.Record, r *jobs.Result) error { r.Error = "\xff"; return nil },
		"keeps to Setup.MaxOutput":  func(_ *jobs.Record, r *jobs.Result) error { r.Text = make([]byte, maxOutput+1); return nil },
		"broken":                    func(*jobs.Record, *jobs.Result) error { return errors.New("broken") },
	} {
		j, err := Open(define(plan, do), Given{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.Do("line"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestBorrowed: a job that keeps what was borrowed finds something else there, and one that does not fill a value
// gives none.
func TestBorrowed(t *testing.T) {
	var kept []byte
	j, err := Open(define(jobs.Plan{Columns: []jobs.Column{{Name: "a"}}}, func(rec *jobs.Record, _ *jobs.Result) error {
		kept = rec.Value(1)
		return nil
	}), Given{Columns: []string{"x", "y"}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := j.Do("1", "two")
	if err != nil || a.Values["a"] != "" || string(kept) != "###" {
		t.Errorf("%+v, %v, %q", a, err, kept)
	}
	if _, err := j.Do("1"); err == nil {
		t.Error("a record with a column too few")
	}
}

// TestGiven: what no run could be given is refused.
func TestGiven(t *testing.T) {
	ok := func(*jobs.Record, *jobs.Result) error { return nil }
	for want, g := range map[string]Given{
		"has no flag --siez":    {Flags: map[string]any{"siez": 1}},
		"--size is a int":       {Flags: map[string]any{"size": "1"}},
		"--size is too large":   {Flags: map[string]any{"size": 6}},
		"takes no command":      {Command: []string{"ls"}},
		"neither a jobs.Forker": {},
	} {
		if _, err := Open(define(jobs.Plan{InHand: 2}, ok), g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Open(define(jobs.Plan{Config: []byte("{")}, ok), Given{}); err == nil {
		t.Error("a configuration that is no JSON")
	}
	if _, err := Open(define(jobs.Plan{NeedsText: true}, ok), Given{Objects: true}); err != nil {
		t.Error(err)
	}
	if _, err := Open(&jobs.Definition{Name: "x"}, Given{}); err == nil {
		t.Error("a job without a plan")
	}
}
