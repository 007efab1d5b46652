// Package handtest has what tests of hands need: a job whose records say what becomes
// of them, the suite of tests that every implementation of hand.Hand must pass, and a
// hand within this process, for tests of who talks to hands.
package handtest

import (
	"brood/jobs"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// The lines that the job knows. A line may go on behind a space.
const (
	LineOK       = "ok"       // answered with the line as text
	LineFail     = "fail"     // failed, class "wrong"
	LineRetry    = "retry"    // asks for another try, until the third
	LineThrottle = "throttle" // asks everybody to slow down, at the first try of the worker
	LineUnknown  = "unknown"  // cannot tell
	LineAbort    = "abort"    // asks to stop the run
	LineBig      = "big"      // answered with half a MiB
	LineDie      = "die"      // panics
	LineWait     = "wait"     // makes the file Begun, waits until that behind the space exists, then ok
)

// Shape is the shape of the records of the job.
var Shape = jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}

// Definition is the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name: "handtest",
		Open: func(context.Context, jobs.Setup) (jobs.Runner, error) { return &job{}, nil },
	}
}

type job struct{ throttled bool }

func (j *job) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	line := string(rec.Raw)
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case LineOK:
		res.Text = append(res.Text, line...)
	case LineFail:
		res.Fail(jobs.VerdictFailed, "wrong", "of %s", line)
	case LineRetry:
		if rec.Attempt < 3 {
			res.Fail(jobs.VerdictRetry, "later", "try %d", rec.Attempt)
		}
	case LineThrottle:
		if !j.throttled {
			j.throttled = true
			res.Fail(jobs.VerdictThrottle, "busy", "too fast")
			res.RetryAfter = time.Millisecond
		}
	case LineUnknown:
		res.Fail(jobs.VerdictUnknown, "lost", "nobody knows")
	case LineAbort:
		res.Fail(jobs.VerdictAbort, "", "nothing works")
	case LineBig:
		res.Text = bytes.Repeat([]byte("x"), 512<<10)
	case LineDie:
		panic(line)
	case LineWait:
		return waitFor(ctx, rest)
	default:
		return fmt.Errorf("the job knows no %q", line)
	}
	return nil
}

func (j *job) Close() error { return nil }

// Begun is the file that is made when a worker has begun to wait for another.
func Begun(path string) string { return path + ".begun" }

func waitFor(ctx context.Context, path string) error {
	if err := os.WriteFile(Begun(path), nil, 0o600); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
