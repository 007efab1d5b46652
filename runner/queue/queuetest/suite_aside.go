package queuetest

import (
	"brood/runner/queue"
	"context"
	"errors"
)

// look: who peeks sees what is to be had next, and takes nothing.
func look(b *bench) {
	of, _ := b.first.(bodiless)
	peeker, can := of.Client.(queue.Peeker)
	if !can {
		return
	}
	peek := func(most int) []*queue.Job {
		jobs, err := peeker.Peek(context.Background(), 2)
		if err != nil || len(jobs) > most {
			b.Fatalf("%d jobs, %v", len(jobs), err)
		}
		return jobs
	}
	peek(0)
	b.put("a")
	b.put("b")
	b.put("c")
	jobs := peek(2)
	if len(jobs) == 0 || b.text(jobs[0]) != "a" || len(jobs) == 2 && b.text(jobs[1]) != "b" {
		b.Fatalf("seen: %d jobs, %+v", len(jobs), jobs)
	}
	b.counts("looked at", 3, 0, 0, 0)
	taken := b.take(b.first, 3)
	if taken[0].ID != jobs[0].ID {
		b.Errorf("%s was seen, and %s is taken", jobs[0].ID, taken[0].ID)
	}
	peek(0)
}

// mended: what has failed, or was put aside, is done after all, and a later session says so. A queue that has it no more
// says that.
func mended(b *bench) {
	s := b.spec
	s.Owner = "the same"
	before := b.open(s)
	b.put("1", "2")
	jobs := b.take(before, 2)
	b.tell(before, answer(jobs[0], queue.Failed))
	b.tell(before, answer(jobs[1], queue.Park))
	if err := before.Close(); err != nil {
		b.Fatal(err)
	}
	next := b.open(s)
	for i, err := range next.Answer(context.Background(), []queue.Answer{asEarlier(jobs[0], queue.Done), asEarlier(jobs[1], queue.Done)}) {
		if errors.Is(err, queue.ErrGone) {
			continue
		}
		if err != nil {
			b.Errorf("job %d: %v", i+1, err)
		}
		b.none(next)
	}
	if b.traits.Delays { // of those that give back with a delay all keep what was put aside
		b.counts("mended", 0, 0, 0, 0)
	}
}
