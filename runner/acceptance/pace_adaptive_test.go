package acceptance

import (
	"brood/jobs"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fetchJob asks the server that BROOD_TEST_SERVER names about each record.
func fetchJob() *jobs.Definition {
	return &jobs.Definition{
		Name: "fetch",
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) { return jobs.Plan{}, nil },
		Open: func(context.Context, jobs.Setup) (jobs.Runner, error) {
			return fetch{os.Getenv("BROOD_TEST_SERVER"), &http.Client{}}, nil
		},
	}
}

type fetch struct {
	url    string
	client *http.Client
}

func (f fetch) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/"+string(rec.Value(0)), http.NoBody)
	if err != nil {
		return err
	}
	answer, err := f.client.Do(req)
	if err != nil {
		res.Fail(jobs.VerdictRetry, jobs.ClassConnect, "%v", err)
		return nil
	}
	_, err = io.Copy(io.Discard, answer.Body)
	switch err := errors.Join(err, answer.Body.Close()); {
	case err != nil:
		res.Fail(jobs.VerdictRetry, jobs.ClassConnect, "%v", err)
	case answer.StatusCode == http.StatusTooManyRequests:
		res.Fail(jobs.VerdictThrottle, "status:429", "%s", answer.Status)
	case answer.StatusCode != http.StatusOK:
		res.Fail(jobs.VerdictRetry, "status", "%s", answer.Status)
	}
	return nil
}

func (f fetch) Close() error { return nil }

// crowd is a server that does so many requests at a time, and answers 429 to any
// other.
type crowd struct {
	mu       sync.Mutex
	capacity int
	takes    time.Duration
	begun    time.Time
	busy     int
	since    time.Time
	// For each second: answers, refusals, and how many were worked on, times
	// seconds.
	seconds []second
}

type second struct {
	answered, refused int
	used              float64
}

// at brings the counts up to now, and returns those of this second. The caller
// holds the lock.
func (c *crowd) at(now time.Time) *second {
	if c.begun.IsZero() {
		c.begun, c.since = now, now
	}
	for {
		i := len(c.seconds) - 1
		end := c.begun.Add(time.Duration(i+1) * time.Second)
		if i >= 0 {
			until := now
			if end.Before(now) {
				until = end
			}
			c.seconds[i].used += float64(c.busy) * until.Sub(c.since).Seconds()
			c.since = until
		}
		if i >= 0 && now.Before(end) {
			return &c.seconds[i]
		}
		c.seconds = append(c.seconds, second{})
	}
}

func (c *crowd) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	s := c.at(time.Now())
	if c.busy == c.capacity {
		s.refused++
		c.mu.Unlock()
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	c.busy++
	c.mu.Unlock()
	<-time.After(c.takes)
	c.mu.Lock()
	c.at(time.Now()).answered++
	c.busy--
	c.mu.Unlock()
}

// between adds up the seconds from one to another.
func (c *crowd) between(from, to int) (sum second) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seconds[min(from, len(c.seconds)):min(to, len(c.seconds))] {
		sum.answered += s.answered
		sum.refused += s.refused
		sum.used += s.used
	}
	return sum
}

// TestAdaptive has more workers than a server takes requests, which answers 429
// to those that are too many: brood finds out how many it takes, and stays there.
// BROOD_ADAPTIVE is how many seconds it runs, with a fixed number of workers
// beside it for comparison.
func TestAdaptive(t *testing.T) {
	t.Parallel()
	const capacity, takes, settled = 24, 100 * time.Millisecond, 6
	seconds := 14
	kinds := []string{"--adaptive"}
	if long, err := strconv.Atoi(os.Getenv("BROOD_ADAPTIVE")); err == nil {
		seconds, kinds = long, append(kinds, "--progress=never")
	}
	for _, kind := range kinds {
		c := &crowd{capacity: capacity, takes: takes}
		server := httptest.NewServer(c)
		input := filepath.Join(t.TempDir(), "in.txt")
		records := seconds * capacity * int(time.Second/takes)
		if err := os.WriteFile(input, []byte(strings.Repeat("x\n", records)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := asBroodtest(t, "run", "fetch", "-j", "64", kind, input)
		cmd.Env = append(os.Environ(), "BROOD_STATE="+t.TempDir(), "BROOD_TEST_SERVER="+server.URL)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, &said)
		}
		server.Close()
		from, to := settled, len(c.seconds)-2
		if seconds > 60 {
			from = 30
		}
		got, all := c.between(from, to), c.between(0, to)
		used := 100 * got.used / float64(capacity*(to-from))
		refused := 100 * float64(got.refused) / float64(got.refused+got.answered)
		t.Logf("%s: from second %d to %d: %.1f %% of the capacity used, %.2f %% refused; %d answers in all, %d refused", kind, from, to, used, refused, all.answered, all.refused)
		for i := range min(8, to) {
			t.Logf("  second %d: %+v", i, c.between(i, i+1))
		}
		if kind == "--adaptive" && (used < 85 || refused > 2) {
			t.Errorf("it is not at least 85 %% of the capacity, with at most 2 %% refused")
		}
	}
}
