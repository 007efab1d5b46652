package handtest

import (
	"brood/jobs"
	"context"
	"path/filepath"
	"testing"
)

func TestJob(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j := &job{}
	for _, c := range []struct {
		line    string
		attempt int
		want    jobs.Verdict
	}{
		{"ok x", 1, jobs.VerdictOK},
		{"fail", 1, jobs.VerdictFailed},
		{"retry", 1, jobs.VerdictRetry},
		{"retry", 2, jobs.VerdictRetry},
		{"retry", 3, jobs.VerdictOK},
		{"throttle", 1, jobs.VerdictThrottle},
		{"throttle", 1, jobs.VerdictOK},
		{"unknown", 1, jobs.VerdictUnknown},
		{"abort", 1, jobs.VerdictAbort},
		{"big", 1, jobs.VerdictOK},
	} {
		var res jobs.Result
		if err := j.Do(ctx, &jobs.Record{Raw: []byte(c.line), Attempt: c.attempt}, &res); err != nil || res.Verdict != c.want {
			t.Errorf("%s, try %d: %s, %v; want %s", c.line, c.attempt, res.Verdict, err, c.want)
		}
	}
	for _, line := range []string{"wait " + filepath.Join(t.TempDir(), "never"), "no such line", ""} {
		if err := j.Do(ctx, &jobs.Record{Raw: []byte(line)}, &jobs.Result{}); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}
