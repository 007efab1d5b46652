package queuetest

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// renew: a job whose lease is renewed stays whose it is, beyond the lease.
func renew(b *bench) {
	if b.Lease == 0 || b.traits.Single {
		return
	}
	other := b.second()
	b.put("a", "b")
	jobs := b.take(b.first, 2)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(b.Lease / 5)
		defer tick.Stop()
		for {
			for _, err := range b.first.Renew(context.Background(), jobs) {
				if err != nil {
					b.Error("renewed in time:", err)
				}
			}
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	stolen, err := other.Take(context.Background(), 2, (2*b.Lease + time.Second).Truncate(time.Second))
	close(done)
	wg.Wait()
	if err != nil || len(stolen) != 0 {
		b.Fatalf("%d jobs were taken by another, %v", len(stolen), err)
	}
	for _, j := range jobs {
		if j.Lease <= 0 {
			b.Errorf("renewed, its lease is %s", j.Lease)
		}
		b.tell(b.first, answer(j, queue.Done))
	}
	b.counts("done", 0, 0, 0, 0)
}

// lost: a lease that was not renewed is lost to another, and that is said.
func lost(b *bench) {
	if b.Lease == 0 || b.traits.Single {
		return
	}
	other := b.second()
	b.put("1", "2", "3", "4")
	mine := b.take(b.first, 4)
	// A word over the connection that holds them each time: beanstalkd 1.12 may forget to look whether a lease is over, until
	// its connection speaks (beanstalkd#262).
	var theirs []*queue.Job
	b.until(func() error {
		b.count()
		jobs, err := other.Take(context.Background(), 4-len(theirs), 0)
		if theirs = append(theirs, jobs...); len(theirs) < 4 && err == nil {
			err = fmt.Errorf("%d leases of 4 are over", len(theirs))
		}
		return err
	})
	b.sort(theirs)
	for i, j := range theirs {
		if b.traits.Doubts && b.spec.Doubts && !j.Doubt {
			b.Error("it was another's, of whom nothing was heard: that is a doubt")
		}
		if err := b.first.Renew(context.Background(), mine[i:i+1])[0]; !errors.Is(err, queue.ErrLost) {
			b.Errorf("renewed, though it is another's: %v", err)
		}
		v := []queue.Verb{queue.Done, queue.Failed, queue.Later, queue.Park}[i]
		b.is(v.String(), b.first.Answer(context.Background(), []queue.Answer{answer(mine[i], v)})[0], queue.ErrLost)
		b.is("an earlier session's "+v.String(), b.first.Answer(context.Background(), []queue.Answer{asEarlier(mine[i], v)})[0], queue.ErrLost)
		if err := b.first.Return(context.Background(), mine[i:i+1]); err != nil && !errors.Is(err, queue.ErrLost) {
			b.Error("returned:", err)
		}
		for _, err := range other.Renew(context.Background(), theirs[i:]) {
			if err != nil {
				b.Fatal("who has it, renews it:", err)
			}
		}
	}
	b.counts("another's", 0, 0, 4, 0)
	for _, j := range theirs {
		b.tell(other, answer(j, queue.Done))
	}
	b.counts("done", 0, 0, 0, 0)
}

// killed: the server is killed and started again. Meanwhile it is down, and then all goes on; what was confirmed stays.
func killed(b *bench) {
	const n = 20
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%02d", i)
	}
	b.put(texts...)
	jobs := b.take(b.first, 6)
	b.tell(b.first, answer(jobs[0], queue.Done), answer(jobs[1], queue.Failed))
	b.Server.Kill9()
	var down *queue.DownError
	if _, err := b.first.Take(context.Background(), 1, time.Second); !errors.As(err, &down) {
		b.Errorf("take from a dead server: %v", err)
	}
	if err := b.first.Answer(context.Background(), []queue.Answer{answer(jobs[2], queue.Done)})[0]; !errors.As(err, &down) {
		b.Errorf("answer to a dead server: %v", err)
	}
	if err := b.first.Renew(context.Background(), jobs[3:4])[0]; !errors.As(err, &down) && !errors.Is(err, queue.ErrLost) {
		b.Errorf("renewed at a dead server: %v", err)
	}
	b.Server.Restart()
	done := map[string]bool{b.text(jobs[0]): true, b.text(jobs[1]): true}
	switch err := b.first.Answer(context.Background(), []queue.Answer{answer(jobs[2], queue.Done)})[0]; {
	case err == nil:
		done[b.text(jobs[2])] = true
	case errors.Is(err, queue.ErrLost):
	default:
		b.Errorf("answered after the restart: %v", err)
	}
	if b.Keeps {
		for _, j := range jobs[3:] {
			b.tell(b.first, answer(j, queue.Done))
			done[b.text(j)] = true
		}
	}
	for len(done) < n {
		job := b.take(b.first, 1)[0]
		if done[b.text(job)] {
			b.Fatalf("job %s comes again, though the server had confirmed its answer", b.text(job))
		}
		b.tell(b.first, answer(job, queue.Done))
		done[b.text(job)] = true
	}
	b.counts("worked off", 0, 0, 0, 1)
}
