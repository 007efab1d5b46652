package web

import (
	"brood/jobs"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Judge says what the status of an answer means; nil: it is well. One table, for every
// job that asks a server (RFC 9110, section 15, and what servers mean by it):
//
//	2xx                       well
//	304                       skipped: what was asked for has not changed
//	other 1xx and 3xx         failed
//	401, 403, 407, 511        abort: the credentials are wrong, or nobody may; never hammer
//	402, 509                  abort: a limit that is paid for is reached
//	408, 421, 425             again
//	429                       everybody waits
//	503, 529                  everybody waits where it says how long, else again
//	403 that says when again  everybody waits: a limit of the rate (GitHub)
//	501, 505                  failed
//	other 5xx                 again
//	other 4xx                 failed
//
// Who knows that others of its requests went well may make an abort of a single one less, see
// Trouble.Verdict.
func Judge(status int, header http.Header, now time.Time) *Trouble {
	if status >= 200 && status < 300 {
		return nil
	}
	t := &Trouble{Verdict: verdictOf(status), Class: ClassOf(status), Text: StatusText(status), Status: status, Phase: PhaseAnswered}
	wait, says := Wait(header, now)
	switch {
	case status == http.StatusTooManyRequests, says && (status == http.StatusServiceUnavailable || status == statusOverloaded || status == http.StatusForbidden):
		t.Verdict, t.RetryAfter = jobs.VerdictThrottle, wait
	case t.Verdict == jobs.VerdictRetry && says:
		t.RetryAfter, t.Delays = wait, jobs.DelaysRecord
	}
	if says {
		t.Text += fmt.Sprintf(", again after %s", wait.Round(time.Second))
	}
	return t
}

// Statuses that the registry does not have, and servers do.
const (
	statusBandwidth  = 509 // Apache; Nominatim to who is banned
	statusOverloaded = 529 // several providers
)

func verdictOf(status int) jobs.Verdict {
	switch status {
	case http.StatusNotModified:
		return jobs.VerdictSkipped
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusNetworkAuthenticationRequired,
		http.StatusPaymentRequired, statusBandwidth:
		return jobs.VerdictAbort
	case http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly:
		return jobs.VerdictRetry
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return jobs.VerdictFailed
	}
	if status >= 500 && status < 600 {
		return jobs.VerdictRetry
	}
	return jobs.VerdictFailed
}

// ClassOf is the class of a status: http_404.
func ClassOf(status int) jobs.Class { return jobs.Class("http_" + strconv.Itoa(status)) }

// StatusText is a status as people read it: HTTP 404 Not Found.
func StatusText(status int) string {
	text := "HTTP " + strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	return text
}

// Wait is how long a server asks to wait: by Retry-After, as a number of seconds or as a date (RFC
// 9110, section 10.2.3), else by the headers with which a used-up limit says when it begins anew. A
// date is measured from the server's own Date, as its clock need not be ours. It is at most
// jobs.MaxRetryAfter.
func Wait(header http.Header, now time.Time) (d time.Duration, says bool) {
	if v := header.Get("Retry-After"); v != "" {
		if seconds, err := strconv.ParseFloat(v, 64); err == nil {
			d, _ = jobs.RetryAfter(seconds)
			return d, seconds >= 0
		}
		if at, err := http.ParseTime(v); err == nil {
			return until(at, header, now), true
		}
	}
	for _, of := range []struct{ left, reset string }{{"RateLimit-Remaining", "RateLimit-Reset"}, {"X-RateLimit-Remaining", "X-RateLimit-Reset"}, {"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"}} {
		if header.Get(of.left) != "0" {
			continue
		}
		n, err := strconv.ParseFloat(header.Get(of.reset), 64)
		switch {
		case err != nil || !(n >= 0):
		case n >= leastEpoch: // GitHub: seconds since 1970
			if n >= mostEpoch { // others: milliseconds
				n = min(n/1000, mostEpoch)
			}
			return until(time.Unix(int64(n), 0), header, now), true
		default:
			d, _ = jobs.RetryAfter(n)
			return d, true
		}
	}
	return 0, false
}

// A number of seconds between these is a time, and not how long one has to wait.
const (
	leastEpoch = 1e9  // 2001
	mostEpoch  = 1e11 // from it on milliseconds are meant
)

func until(at time.Time, header http.Header, now time.Time) time.Duration {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	d, _ := jobs.RetryAfter(at.Sub(now).Seconds())
	return d
}
