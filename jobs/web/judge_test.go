package web

import (
	"brood/jobs"
	"net/http"
	"testing"
	"time"
)

// TestJudge is the table of what a status means.
func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	type want struct {
		verdict jobs.Verdict
		wait    time.Duration
		delays  jobs.Delays
	}
	for _, c := range []struct {
		status int
		header map[string]string
		want   want
	}{
		{304, nil, want{verdict: jobs.VerdictSkipped}},
		{301, nil, want{verdict: jobs.VerdictFailed}},
		{101, nil, want{verdict: jobs.VerdictFailed}},
		{400, nil, want{verdict: jobs.VerdictFailed}},
		{404, nil, want{verdict: jobs.VerdictFailed}},
		{409, nil, want{verdict: jobs.VerdictFailed}},
		{422, nil, want{verdict: jobs.VerdictFailed}},
		{499, nil, want{verdict: jobs.VerdictFailed}},
		{401, nil, want{verdict: jobs.VerdictAbort}},
		{402, nil, want{verdict: jobs.VerdictAbort}},
		{403, nil, want{verdict: jobs.VerdictAbort}},
		{407, nil, want{verdict: jobs.VerdictAbort}},
		{509, nil, want{verdict: jobs.VerdictAbort}},
		{511, nil, want{verdict: jobs.VerdictAbort}},
		{408, nil, want{verdict: jobs.VerdictRetry}},
		{421, nil, want{verdict: jobs.VerdictRetry}},
		{425, nil, want{verdict: jobs.VerdictRetry}},
		{500, nil, want{verdict: jobs.VerdictRetry}},
		{502, nil, want{verdict: jobs.VerdictRetry}},
		{503, nil, want{verdict: jobs.VerdictRetry}},
		{504, nil, want{verdict: jobs.VerdictRetry}},
		{529, nil, want{verdict: jobs.VerdictRetry}},
		{599, nil, want{verdict: jobs.VerdictRetry}},
		{501, nil, want{verdict: jobs.VerdictFailed}},
		{505, nil, want{verdict: jobs.VerdictFailed}},
		{600, nil, want{verdict: jobs.VerdictFailed}},
		{0, nil, want{verdict: jobs.VerdictFailed}},
		{429, nil, want{verdict: jobs.VerdictThrottle}},
		{429, map[string]string{"Retry-After": "7"}, want{jobs.VerdictThrottle, 7 * time.Second, 0}},
		{429, map[string]string{"Retry-After": "0.5"}, want{jobs.VerdictThrottle, 500 * time.Millisecond, 0}},
		{429, map[string]string{"Retry-After": "soon"}, want{jobs.VerdictThrottle, 0, 0}},
		{503, map[string]string{"Retry-After": "120"}, want{jobs.VerdictThrottle, 2 * time.Minute, 0}},
		{503, map[string]string{"Retry-After": "-1"}, want{jobs.VerdictRetry, 0, 0}},
		{529, map[string]string{"Retry-After": "3"}, want{jobs.VerdictThrottle, 3 * time.Second, 0}},
		{500, map[string]string{"Retry-After": "3"}, want{jobs.VerdictRetry, 3 * time.Second, jobs.DelaysRecord}},
		{404, map[string]string{"Retry-After": "3"}, want{jobs.VerdictFailed, 0, 0}},
		{503, map[string]string{"Retry-After": "Mon, 30 Nov 2026 12:00:30 GMT"}, want{jobs.VerdictThrottle, 30 * time.Second, 0}},
		// The server's clock is an hour ahead.
		{503, map[string]string{"Retry-After": "Mon, 30 Nov 2026 13:00:30 GMT", "Date": "Mon, 30 Nov 2026 13:00:00 GMT"}, want{jobs.VerdictThrottle, 30 * time.Second, 0}},
		{429, map[string]string{"Retry-After": "Mon, 30 Nov 2026 11:59:00 GMT"}, want{jobs.VerdictThrottle, 0, 0}},
		{429, map[string]string{"Retry-After": "99999999999"}, want{jobs.VerdictThrottle, jobs.MaxRetryAfter, 0}},
		{429, map[string]string{"Retry-After": "Mon, 30 Nov 2099 11:59:00 GMT"}, want{jobs.VerdictThrottle, jobs.MaxRetryAfter, 0}},
		{429, map[string]string{"Retry-After": "NaN"}, want{jobs.VerdictThrottle, 0, 0}},
		{429, map[string]string{"Retry-After": "+Inf"}, want{jobs.VerdictThrottle, jobs.MaxRetryAfter, 0}},
		// GitHub's limits.
		{403, map[string]string{"Retry-After": "60"}, want{jobs.VerdictThrottle, time.Minute, 0}},
		{403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1796040090"}, want{jobs.VerdictThrottle, 90 * time.Second, 0}},
		{403, map[string]string{"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1796040090"}, want{jobs.VerdictAbort, 0, 0}},
		{429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1796040090000"}, want{jobs.VerdictThrottle, 90 * time.Second, 0}},
		{429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "15"}, want{jobs.VerdictThrottle, 15 * time.Second, 0}},
		{429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "x"}, want{jobs.VerdictThrottle, 0, 0}},
	} {
		header := make(http.Header)
		for name, v := range c.header {
			header.Set(name, v)
		}
		got := Judge(c.status, header, now)
		if got == nil || (want{got.Verdict, got.RetryAfter, got.Delays}) != c.want || got.Class != ClassOf(c.status) || got.Status != c.status || got.Phase != PhaseAnswered {
			t.Errorf("%d %v: %+v, want %+v", c.status, c.header, got, c.want)
		}
	}
	for _, status := range []int{200, 201, 202, 204, 206, 299} {
		if got := Judge(status, nil, now); got != nil {
			t.Errorf("%d: %+v", status, got)
		}
	}
}

// TestForOnce: what may have had an effect is not sent again, and what certainly had none is.
func TestForOnce(t *testing.T) {
	for _, c := range []struct {
		t    Trouble
		want jobs.Verdict
	}{
		{Trouble{Verdict: jobs.VerdictRetry, Phase: PhaseNotConnected}, jobs.VerdictRetry},
		{Trouble{Verdict: jobs.VerdictRetry, Phase: PhaseNotWritten}, jobs.VerdictRetry},
		{Trouble{Verdict: jobs.VerdictRetry, Phase: PhaseWritten}, jobs.VerdictUnknown},
		{Trouble{Verdict: jobs.VerdictRetry, Phase: PhaseHalf, Status: 200}, jobs.VerdictUnknown},
		{Trouble{Verdict: jobs.VerdictFailed, Phase: PhaseHalf, Status: 200, Class: jobs.ClassOutput}, jobs.VerdictUnknown},
		{Trouble{Verdict: jobs.VerdictFailed, Phase: PhaseWritten, Class: ClassTLS}, jobs.VerdictFailed},
		{*Judge(500, nil, time.Time{}), jobs.VerdictUnknown},
		{*Judge(502, nil, time.Time{}), jobs.VerdictUnknown},
		{*Judge(503, nil, time.Time{}), jobs.VerdictRetry},
		{*Judge(408, nil, time.Time{}), jobs.VerdictRetry},
		{*Judge(429, nil, time.Time{}), jobs.VerdictThrottle},
		{*Judge(404, nil, time.Time{}), jobs.VerdictFailed},
		{*Judge(501, nil, time.Time{}), jobs.VerdictFailed},
		{*Judge(401, nil, time.Time{}), jobs.VerdictAbort},
	} {
		got := c.t
		got.ForOnce()
		if got.Verdict != c.want {
			t.Errorf("%+v: %s, want %s", c.t, got.Verdict, c.want)
		}
	}
}

// FuzzWait: whatever a server says, nobody waits for longer than may be, nor for less than nothing.
func FuzzWait(f *testing.F) {
	f.Add("7", "0", "1796040090", "Mon, 30 Nov 2026 13:00:00 GMT")
	f.Add("Mon, 30 Nov 2026 13:00:30 GMT", "", "", "x")
	f.Add("", "0", "1e400", "")
	f.Fuzz(func(t *testing.T, after, left, reset, date string) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Remaining": {left}, "X-Ratelimit-Reset": {reset}, "Date": {date}}
		d, says := Wait(h, time.Unix(1796040000, 0))
		if d < 0 || d > jobs.MaxRetryAfter || d > 0 && !says {
			t.Errorf("%v: %s, %v", h, d, says)
		}
	})
}
