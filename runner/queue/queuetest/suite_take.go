package queuetest

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// take: as many as there are, and not more than asked for.
func take(b *bench) {
	b.none(b.first)
	b.put("a", "b", "c")
	b.counts("put", 3, 0, 0, 0)
	jobs, err := b.first.Take(context.Background(), 2, long)
	if err != nil || len(jobs) == 0 || len(jobs) > 2 {
		b.Fatalf("%d jobs, %v; want 1 or 2", len(jobs), err)
	}
	jobs = append(jobs, b.take(b.first, 3-len(jobs))...)
	b.counts("taken", 0, 0, 3, 0)
	b.none(b.first)
	seen := map[string]bool{}
	for _, j := range jobs {
		if j.ID == "" || seen[b.text(j)] || j.Doubt || j.Tries != 0 {
			b.Errorf("job %+v, taken for the first time", j)
		}
		seen[b.text(j)] = true
	}
	if !seen["a"] || !seen["b"] || !seen["c"] {
		b.Errorf("taken: %v", seen)
	}
}

// waitForJob: one that is put while somebody waits is taken.
func waitForJob(b *bench) {
	var jobs []*queue.Job
	var err error
	var wg sync.WaitGroup
	wg.Go(func() { jobs, err = b.first.Take(context.Background(), 4, long) })
	b.put("late")
	wg.Wait()
	if err != nil || len(jobs) != 1 || b.text(jobs[0]) != "late" {
		b.Fatalf("%d jobs, %v", len(jobs), err)
	}
}

// giveUp: the end of the context ends a wait, and costs no job.
func giveUp(b *bench) {
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if jobs, err := b.first.Take(short, 1, 10*time.Minute); len(jobs) != 0 || err != nil && !errors.Is(err, context.DeadlineExceeded) {
		b.Fatalf("given up: %d jobs, %v", len(jobs), err)
	}
	if jobs, err := b.first.Take(context.Background(), 1, 30*time.Millisecond); len(jobs) != 0 || err != nil {
		b.Fatalf("less than a second: %d jobs, %v", len(jobs), err)
	}
	for i := range 30 {
		ctx, cancel := context.WithCancel(context.Background())
		var jobs []*queue.Job
		var err error
		var wg sync.WaitGroup
		wg.Go(func() { jobs, err = b.first.Take(ctx, 1, long) })
		if i%2 == 0 {
			go cancel()
			b.put("x")
		} else {
			b.put("x")
			cancel()
		}
		wg.Wait()
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		if len(jobs) == 0 {
			jobs = b.take(b.first, 1)
		}
		if jobs[0].Doubt {
			b.Error("a wait that was given up raises doubt about a job")
		}
		b.tell(b.first, answer(jobs[0], queue.Done))
	}
	b.counts("done", 0, 0, 0, 0)
}

// bodies: what is put is what is taken.
func bodies(b *bench) {
	texts := []string{"line\nline\r\nline", "Grüße, 世界 🐝", `{"to":"a@example.com","n":1}`, strings.Repeat("0123456789", 6000), "\r\n", " ", "reserve 1 2\r\n"}
	if !b.Text {
		texts = append(texts, "", "\x00", "a\x00b\x00", "\xff\xfe\r\n\x00", "\r\nRESERVED 1 4\r\nbody\r\n")
	}
	b.put(texts...)
	want := map[string]int{}
	for _, text := range texts {
		want[text]++
	}
	jobs := b.take(b.first, len(texts))
	for _, j := range jobs {
		if want[b.text(j)]--; want[b.text(j)] < 0 {
			b.Errorf("nobody has put %.80q", b.text(j))
		}
	}
	for _, j := range jobs {
		b.tell(b.first, answer(j, queue.Done))
	}
	b.counts("done", 0, 0, 0, 0)
}

// bulk: thousands of jobs, and all their answers in one call.
func bulk(b *bench) {
	const n = 2000
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%05d", i)
	}
	b.put(texts...)
	jobs := b.take(b.first, n)
	answers := make([]queue.Answer, n)
	for i, j := range jobs {
		if b.text(j) != texts[i] {
			b.Fatalf("job %d is %q", i, b.text(j))
		}
		answers[i] = answer(j, queue.Done)
		if i%100 == 0 {
			answers[i] = answer(j, queue.Failed)
		}
	}
	b.tell(b.first, answers...)
	b.counts("answered", 0, 0, 0, n/100)
}

// together: several take, renew and answer at a time, and each job is one's.
func together(b *bench) {
	const n, takers = 400, 4
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%05d", i)
	}
	b.put(texts...)
	var mu sync.Mutex
	done := map[string]int{}
	left := n
	var wg sync.WaitGroup
	for range takers {
		wg.Go(func() {
			for {
				mu.Lock()
				over := left == 0
				mu.Unlock()
				if over {
					return
				}
				jobs, err := b.first.Take(context.Background(), 7, 10*time.Millisecond)
				if err != nil {
					b.Error(err)
					return
				}
				answers := make([]queue.Answer, len(jobs))
				for i, j := range jobs {
					answers[i] = answer(j, queue.Done)
				}
				for _, err := range append(b.first.Renew(context.Background(), jobs), b.first.Answer(context.Background(), answers)...) {
					if err != nil {
						b.Error(err)
					}
				}
				mu.Lock()
				for _, j := range jobs {
					done[b.text(j)]++
					left--
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for text, times := range done {
		if times != 1 {
			b.Errorf("job %s was taken %d times", text, times)
		}
	}
	b.counts("answered", 0, 0, 0, 0)
}

// closed: after Close everything is an error, and a wait ends.
func closed(b *bench) {
	b.put("a")
	b.take(b.first, 1)
	c := b.open(b.spec)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if _, err := c.Take(context.Background(), 1, long); err != nil {
				return
			}
		}
	})
	if err := c.Close(); err != nil {
		b.Error(err)
	}
	wg.Wait()
	if _, err := c.Take(context.Background(), 1, 0); err == nil {
		b.Error("jobs are taken after Close")
	}
	if err := c.Close(); err != nil {
		b.Error("closed twice:", err)
	}
}
