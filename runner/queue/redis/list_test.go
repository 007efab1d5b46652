package redis

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func listOf(t testing.TB, addr, more string) queue.Spec {
	t.Helper()
	u, err := queue.ParseURL(fmt.Sprintf("redis://%s/0?list=test%d%s", addr, streams.Add(1), more))
	if err != nil {
		t.Fatal(err)
	}
	return queue.Spec{URL: u}
}

// TestListSuite is what every client must keep.
func TestListSuite(t *testing.T) {
	s := queuetest.StartRedis(t, "--appendfsync", "no")
	queuetest.Run(t, queuetest.Setup{
		Open:   Open,
		Spec:   func(t *testing.T) queue.Spec { return listOf(t, s.Addr, "") },
		Server: s,
		Keeps:  true,
	})
}

func openList(t *testing.T, spec queue.Spec) *list {
	t.Helper()
	c, err := Open(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*list)
}

// bodies takes what there is.
func bodies(t *testing.T, l *list) (out []string, jobs []*queue.Job) {
	t.Helper()
	jobs, err := l.Take(context.Background(), 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		out = append(out, string(j.Body))
	}
	return out, jobs
}

// TestListOrder: the first that was put is the first taken, from either side, and what is given back is the next.
func TestListOrder(t *testing.T) {
	s := queuetest.StartRedis(t, "--appendfsync", "no")
	for _, more := range []string{"", "&pop=left"} {
		l := openList(t, listOf(t, s.Addr, more))
		if n, err := l.Put(context.Background(), []queue.Put{{Body: []byte("a")}, {Body: []byte("b")}, {Body: []byte("c")}}); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		got, jobs := bodies(t, l)
		if !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("%s: %q", more, got)
		}
		if err := l.Return(context.Background(), jobs[:1]); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Put(context.Background(), []queue.Put{{Body: []byte("d")}}); err != nil {
			t.Fatal(err)
		}
		if got, _ = bodies(t, l); !slices.Equal(got, []string{"a", "d"}) {
			t.Errorf("%s: %q", more, got)
		}
	}
}

// TestListEqual: of equal jobs each is one, in hand, answered by who has them, by a later session, and left between.
func TestListEqual(t *testing.T) {
	s := queuetest.StartRedis(t, "--appendfsync", "no")
	spec := listOf(t, s.Addr, "")
	first := openList(t, spec)
	same := []queue.Put{{Body: []byte("x")}, {Body: []byte("x")}, {Body: []byte("x")}, {Body: []byte("x")}}
	if _, err := first.Put(context.Background(), same); err != nil {
		t.Fatal(err)
	}
	_, jobs := bodies(t, first)
	if len(jobs) != 4 || jobs[0].ID == jobs[1].ID {
		t.Fatalf("%+v", jobs)
	}
	if err := first.Answer(context.Background(), []queue.Answer{{ID: jobs[0].ID, Job: jobs[0]}})[0]; err != nil {
		t.Error(err)
	}
	if err := first.Answer(context.Background(), []queue.Answer{{ID: jobs[0].ID, Job: jobs[0]}})[0]; !errors.Is(err, queue.ErrGone) {
		t.Error("answered again, it would be another:", err)
	}
	// Uncertain whether there is more, it finds that it has the three.
	first.mu.Lock()
	first.unsure = true
	first.mu.Unlock()
	if got, _ := bodies(t, first); len(got) != 0 {
		t.Errorf("it has %q twice", got)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// The next session owes two answers, and knows nothing of the third.
	next := openList(t, spec)
	for _, j := range jobs[1:3] {
		if err := next.Answer(context.Background(), []queue.Answer{{ID: j.ID}})[0]; err != nil {
			t.Error(err)
		}
	}
	if got, _ := bodies(t, next); !slices.Equal(got, []string{"x"}) {
		t.Errorf("left between was %q", got)
	}
	if got, _ := bodies(t, next); len(got) != 0 {
		t.Errorf("and then %q", got)
	}
	findings, err := next.Check(context.Background())
	if err != nil || !slices.ContainsFunc(findings, func(f queue.Finding) bool { return strings.Contains(f.Text, "brood has 1 jobs in hand") }) {
		t.Error(findings, err)
	}
}
