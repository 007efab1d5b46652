package gearman

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, spec queue.Spec) *client {
	t.Helper()
	c, err := Open(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*client)
}

func put(t *testing.T, c *client, n int) {
	t.Helper()
	puts := make([]queue.Put, n)
	for i := range puts {
		puts[i].Body = fmt.Appendf(nil, "%d", i)
	}
	if done, err := c.Put(context.Background(), puts); err != nil || done != n {
		t.Fatal(done, err)
	}
}

func take(t *testing.T, c *client, n int) []*queue.Job {
	t.Helper()
	var out []*queue.Job
	for len(out) < n {
		jobs, err := c.Take(context.Background(), n-len(out), 20*time.Second)
		if err != nil || len(jobs) == 0 {
			t.Fatalf("%d jobs of %d, %v", len(out), n, err)
		}
		out = append(out, jobs...)
	}
	return out
}

func done(jobs ...*queue.Job) []queue.Answer {
	out := make([]queue.Answer, len(jobs))
	for i, j := range jobs {
		out[i] = queue.Answer{ID: j.ID, Token: j.Token, Sum: queue.Sum(j.Body), Job: j}
	}
	return out
}

// stand waits until the server counts as many jobs that wait and that are worked on.
func stand(t *testing.T, c *client, ready, inHand int64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		s, err := c.Stats(context.Background())
		if err == nil && s.Ready == ready && s.InHand == inHand {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v %v, want %d ready and %d in hand", s, err, ready, inHand)
		}
	}
}

// TestShared: beyond as many connections as there may be, one has several jobs. One of them that is given back is so when the others
// are answered, and not lost.
func TestShared(t *testing.T) {
	c := open(t, specOf(t, queuetest.StartGearmand(t, false)))
	put(t, c, 3*most)
	jobs := take(t, c, 3*most)
	if n := len(c.conns); n > most+1 {
		t.Errorf("%d connections", n)
	}
	stand(t, c, 0, 3*most)
	shared := heldOf(jobs[slices.IndexFunc(jobs, func(j *queue.Job) bool { return len(heldOf(j).conn.jobs) > 1 })]).conn
	mates := slices.DeleteFunc(slices.Clone(jobs), func(j *queue.Job) bool { return heldOf(j).conn != shared })
	if err := c.Return(context.Background(), mates[:1]); err != nil {
		t.Fatal(err)
	}
	for _, err := range c.Renew(context.Background(), mates[1:]) {
		if err != nil {
			t.Error("its mates are still held:", err)
		}
	}
	if err := c.Renew(context.Background(), mates[:1])[0]; !errors.Is(err, queue.ErrLost) {
		t.Error("it was given back:", err)
	}
	for _, err := range c.Answer(context.Background(), done(mates[1:]...)) {
		if err != nil {
			t.Error(err)
		}
	}
	stand(t, c, 1, int64(3*most-len(mates)))
	if again := take(t, c, 1)[0]; again.ID != mates[0].ID || string(again.Body) != string(mates[0].Body) {
		t.Errorf("%+v came, %+v was given back", again, mates[0])
	}
}

// TestCut: what a connection held is lost with it, and comes again; the others' jobs are not touched by that.
func TestCut(t *testing.T) {
	c := open(t, specOf(t, queuetest.StartGearmand(t, false)))
	put(t, c, 2)
	jobs := take(t, c, 2)
	_ = heldOf(jobs[0]).conn.net.(*net.TCPConn).SetLinger(0)
	_ = heldOf(jobs[0]).conn.net.Close()
	errs := c.Renew(context.Background(), jobs)
	if !errors.Is(errs[0], queue.ErrLost) || errs[1] != nil {
		t.Fatal(errs)
	}
	if err := c.Answer(context.Background(), done(jobs[0]))[0]; !errors.Is(err, queue.ErrLost) {
		t.Error(err)
	}
	again := take(t, c, 1)[0]
	if again.ID != jobs[0].ID || again.Token != jobs[0].Token {
		t.Errorf("%+v came, %+v was lost", again, jobs[0])
	}
	for _, err := range c.Answer(context.Background(), done(again, jobs[1])) {
		if err != nil {
			t.Error(err)
		}
	}
	stand(t, c, 0, 0)
}

// TestJobRetries: with --job-retries=1 a job that is given back is thrown away, which check warns of.
func TestJobRetries(t *testing.T) {
	c := open(t, specOf(t, queuetest.StartGearmand(t, false, "--job-retries=1")))
	put(t, c, 1)
	if err := c.Return(context.Background(), take(t, c, 1)); err != nil {
		t.Fatal(err)
	}
	stand(t, c, 0, 0)
	findings, err := c.Check(context.Background())
	if err != nil || !slices.ContainsFunc(findings, func(f queue.Finding) bool { return strings.Contains(f.Text, "--job-retries") && f.Do != "" }) {
		t.Error(findings, err)
	}
}

// foreground submits jobs with uniques, as a client does who waits for them.
type foreground struct {
	*testing.T
	net net.Conn
	r   *bufio.Reader
}

func (f *foreground) submit(function, unique, body string) {
	f.Helper()
	const submit kind = 7
	if _, err := f.net.Write(appendPacket(nil, submit, function, unique, body)); err != nil {
		f.Fatal(err)
	}
	if p := f.next(); p.kind != jobCreated {
		f.Fatal(p.odd())
	}
}

func (f *foreground) next() packet {
	f.Helper()
	p, err := readPacket(f.r)
	if err != nil {
		f.Fatal(err)
	}
	return p
}

// TestForeground: who waits for a job hears what it came to, or why it did not.
func TestForeground(t *testing.T) {
	s := queuetest.StartGearmand(t, false)
	c := open(t, specOf(t, s))
	n, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Close() }()
	if err := n.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	f := &foreground{t, n, bufio.NewReader(n)}
	for _, want := range []struct {
		answer queue.Answer
		hears  []string
	}{
		{queue.Answer{Result: json.RawMessage(`{"n":1}`)}, []string{"13 {\"n\":1}"}},
		{queue.Answer{}, []string{"13 "}},
		{queue.Answer{Verb: queue.Failed, Error: "no such user"}, []string{"29 no such user", "14"}},
		{queue.Answer{Verb: queue.Park, Error: "it died"}, []string{"29 unknown: it died", "14"}},
	} {
		f.submit(c.function, "", "x")
		a := want.answer
		a.Job = take(t, c, 1)[0]
		a.ID = a.Job.ID
		if a.ID != a.Job.Token {
			t.Errorf("without a unique its ID is %s, and its handle %s", a.ID, a.Job.Token)
		}
		if err := c.Answer(context.Background(), []queue.Answer{a})[0]; err != nil {
			t.Fatal(err)
		}
		for _, hears := range want.hears {
			p := f.next()
			_, text, _ := strings.Cut(string(p.data), "\x00")
			if got := fmt.Sprintf("%d %s", p.kind, text); strings.TrimSpace(got) != strings.TrimSpace(hears) {
				t.Errorf("it hears %q, want %q", got, hears)
			}
		}
	}
	// While one is queued, another with its unique is swallowed: both who wait hear of the first.
	f.submit(c.function, "same", "first")
	f.submit(c.function, "same", "second")
	job := take(t, c, 1)[0]
	if job.ID != "same" || string(job.Body) != "first" {
		t.Errorf("%+v", job)
	}
	stand(t, c, 0, 1)
}

// TestOpen: what cannot be a queue, or cannot be reached, is said at once.
func TestOpen(t *testing.T) {
	for text, want := range map[string]string{
		"gearman://h": "no function", "gearman:///f": "no host", "gearman://me:secret@h/f": "no users", "gearman://h/f?x=1": "means nothing", "gearman://127.0.0.1:1/f": "refused", "gearman://h/a%0Ab": "one line",
	} {
		u, err := queue.ParseURL(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(context.Background(), queue.Spec{URL: u})
		var down *queue.DownError
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") || errors.As(err, &down) != (want == "refused") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
