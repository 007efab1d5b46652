package queuetest

import (
	"brood/jobs"
	"brood/runner/queue"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Setup is how the suite meets a client.
type Setup struct {
	// Open is that of the client's package. What it opens must be a queue.Putter and a queue.Counter, too.
	Open func(context.Context, queue.Spec) (queue.Client, error)
	// Spec is a queue of its own for each test, which is empty. It is called once for each, and opened several times, with
	// another Owner unless the same is meant.
	Spec func(t *testing.T) queue.Spec
	// Server is what the queues are on, and keeps its jobs over a Restart; nil: there is none that could be killed.
	Server *Server
	// Lease is for how long a job is taken: of Spec, and what jobs are put with. One or two seconds, as tests wait for its
	// end; 0: as long as the connection.
	Lease time.Duration
	// Column is the one that has the text of a job, in a table; empty: the body is the text.
	Column string
	// Text says that a job is text in UTF-8, without NULs; otherwise it may be any bytes.
	Text bool
	// Forgets says that the server keeps nothing of what has failed, or is parked.
	Forgets bool
	// Keeps says that what is in hand is so without an end, also when the server was started again.
	Keeps bool
	// Again says that an earlier session's job is nobody's, and can only be answered when it has come again.
	Again bool
	// Renames says that the server gives an ID once more when it has started again; otherwise IDs are for ever.
	Renames bool
}

// long is for how long a test waits for what must happen.
const long = 30 * time.Second

// Run is the suite that every client must pass. Parts that a client's Traits do not have are left out.
func Run(t *testing.T, s Setup) {
	for _, part := range []struct {
		name string
		test func(b *bench)
	}{
		{"take", take},
		{"wait", waitForJob},
		{"give up", giveUp},
		{"verbs", verbs},
		{"later", later},
		{"renew", renew},
		{"lost", lost},
		{"twice", twice},
		{"earlier session", earlier},
		{"mended", mended},
		{"look", look},
		{"another job", another},
		{"strange", strange},
		{"wording", wording},
		{"bodies", bodies},
		{"bulk", bulk},
		{"return", giveBack},
		{"together", together},
		{"closed", closed},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(newBench(t, s))
		})
	}
	// Before the others, which need the server: those wait until this function has returned.
	if s.Server != nil {
		t.Run("server", func(t *testing.T) {
			b := newBench(t, s)
			killed(b)
		})
	}
}

// bench is one queue with its clients.
type bench struct {
	*testing.T
	Setup
	spec   queue.Spec
	first  queue.Client
	traits queue.Traits
}

func newBench(t *testing.T, s Setup) *bench {
	t.Helper()
	b := &bench{T: t, Setup: s, spec: s.Spec(t)}
	if b.spec.Owner == "" {
		b.spec.Owner = "first"
	}
	b.first = b.open(b.spec)
	b.traits = b.first.Traits()
	return b
}

// open opens a client until the end of the test.
func (b *bench) open(s queue.Spec) queue.Client {
	b.Helper()
	c, err := b.Open(context.Background(), s)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	putter, puts := c.(queue.Putter)
	counter, counts := c.(queue.Counter)
	if !puts || !counts {
		b.Fatal("the client is no queue.Putter, or no queue.Counter")
	}
	return bodiless{Client: c, Putter: putter, Counter: counter}
}

// second is a client of another run.
func (b *bench) second() queue.Client {
	b.Helper()
	if b.traits.Single {
		b.Fatal("only one works on this queue")
	}
	s := b.spec
	s.Owner = "second"
	return b.open(s)
}

// put puts texts as jobs.
func (b *bench) put(texts ...string) {
	b.Helper()
	p, can := b.first.(queue.Putter)
	if !can {
		b.Fatal("the client is no queue.Putter")
	}
	puts := make([]queue.Put, len(texts))
	for i, text := range texts {
		puts[i] = queue.Put{Body: b.body(text), Lease: b.Lease}
		if b.Column != "" {
			puts[i].Fields, puts[i].Values = []string{b.Column}, []string{text}
		}
	}
	n, err := p.Put(context.Background(), puts)
	if err != nil || n != len(puts) {
		b.Fatalf("put %d jobs: %d, %v", len(puts), n, err)
	}
}

func (b *bench) body(text string) []byte {
	if b.Column == "" {
		return []byte(text)
	}
	out, err := json.Marshal(map[string]string{b.Column: text})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// text is what was put as a job.
func (b *bench) text(j *queue.Job) string {
	if b.Column == "" {
		return string(j.Body)
	}
	var fields map[string]any
	if err := json.Unmarshal(j.Body, &fields); err != nil {
		b.Fatalf("the body %q of a job: %v", j.Body, err)
	}
	text, _ := fields[b.Column].(string)
	return text
}

// take takes n jobs, sorted by their texts.
func (b *bench) take(c queue.Client, n int) []*queue.Job {
	b.Helper()
	var out []*queue.Job
	deadline := time.Now().Add(long)
	for len(out) < n {
		jobs, err := c.Take(context.Background(), n-len(out), time.Second)
		if err != nil {
			b.Fatal(err)
		}
		if len(jobs) > n-len(out) {
			b.Fatalf("%d jobs, asked for %d", len(jobs), n-len(out))
		}
		out = append(out, jobs...)
		if time.Now().After(deadline) {
			b.Fatalf("%d jobs of %d have come", len(out), n)
		}
	}
	b.sort(out)
	return out
}

// sort sorts jobs by their texts.
func (b *bench) sort(jobs []*queue.Job) {
	slices.SortFunc(jobs, func(x, y *queue.Job) int { return strings.Compare(b.text(x), b.text(y)) })
}

// none wants that there is nothing to be taken.
func (b *bench) none(c queue.Client) {
	b.Helper()
	jobs, err := c.Take(context.Background(), 1, 0)
	if err != nil || len(jobs) != 0 {
		b.Fatalf("nothing should be there: %d jobs, %v", len(jobs), err)
	}
}

// answer is one for a job that this client holds.
func answer(j *queue.Job, v queue.Verb) queue.Answer {
	return queue.Answer{ID: j.ID, Token: j.Token, Sum: queue.Sum(j.Body), Job: j, Verb: v, Status: statuses[v], Error: reason(v)}
}

// statuses are those that go with the verbs.
var statuses = [...]jobs.Status{queue.Done: jobs.StatusOK, queue.Failed: jobs.StatusFailed, queue.Park: jobs.StatusUnknown}

// asEarlier is the same of another session.
func asEarlier(j *queue.Job, v queue.Verb) queue.Answer {
	a := answer(j, v)
	a.Job = nil
	return a
}

func reason(v queue.Verb) string {
	if v == queue.Done {
		return ""
	}
	return "it was " + v.String()
}

// tell answers, and wants all confirmed.
func (b *bench) tell(c queue.Client, answers ...queue.Answer) {
	b.Helper()
	for i, err := range c.Answer(context.Background(), answers) {
		if err != nil {
			b.Fatalf("%s of job %s: %v", answers[i].Verb, answers[i].ID, err)
		}
	}
}

// counts waits until the server counts as many; what it does not count is as it should be.
func (b *bench) counts(what string, ready, delayed, inHand, aside int64) {
	b.Helper()
	if b.Forgets {
		aside = 0
	}
	differ := func(have, want int64) bool { return have >= 0 && have != want }
	b.until(func() error {
		s := b.count()
		if differ(s.Ready, ready) || differ(s.Delayed, delayed) || differ(s.InHand, inHand) || differ(max(s.Parked, 0)+max(s.Failed, 0), aside) {
			return fmt.Errorf("%s: it counts %+v; want %d ready, %d delayed, %d in hand, %d put aside", what, s, ready, delayed, inHand, aside)
		}
		return nil
	})
}

// count is what the server counts.
func (b *bench) count() queue.Stats {
	b.Helper()
	counter, can := b.first.(queue.Counter)
	if !can {
		b.Fatal("the client is no queue.Counter")
	}
	s, err := counter.Stats(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// until tries until it goes well.
func (b *bench) until(try func() error) {
	b.Helper()
	deadline := time.NewTimer(long)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			b.Fatal(err)
		}
	}
}

// is wants one of some errors.
func (b *bench) is(what string, err error, want ...error) {
	b.Helper()
	if !slices.ContainsFunc(want, func(w error) bool { return errors.Is(err, w) }) {
		b.Errorf("%s: %v, want one of %v", what, err, want)
	}
}
