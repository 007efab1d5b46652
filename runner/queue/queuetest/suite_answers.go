package queuetest

import (
	"brood/runner/queue"
	"context"
	"fmt"
	"strings"
	"time"
)

// verbs: each answer has its effect on what the server counts.
func verbs(b *bench) {
	b.put("1", "2", "3", "4")
	jobs := b.take(b.first, 4)
	b.tell(b.first, answer(jobs[0], queue.Done))
	b.counts("done", 0, 0, 3, 0)
	b.tell(b.first, answer(jobs[1], queue.Failed))
	b.counts("failed", 0, 0, 2, 1)
	b.tell(b.first, answer(jobs[2], queue.Park))
	b.counts("parked", 0, 0, 1, 2)
	b.tell(b.first, answer(jobs[3], queue.Later))
	b.counts("given back", 1, 0, 0, 2)
	again := b.take(b.first, 1)[0]
	if b.text(again) != "4" || again.Doubt || b.spec.Doubts && again.Tries != 1 {
		b.Errorf("given back, it comes as %+v", again)
	}
	b.tell(b.first, answer(again, queue.Done))
	b.counts("all", 0, 0, 0, 2)
	b.none(b.first)
}

// later: a job that is to come later waits at the server.
func later(b *bench) {
	if !b.traits.Delays {
		return
	}
	b.put("a", "b")
	jobs := b.take(b.first, 2)
	a := answer(jobs[1], queue.Later)
	a.After = 1100 * time.Millisecond
	far := answer(jobs[0], queue.Later)
	far.After = time.Hour
	began := time.Now()
	b.tell(b.first, far, a)
	again := b.take(b.first, 1)[0]
	if d := time.Since(began); d < time.Second || b.text(again) != "b" || again.Doubt {
		b.Errorf("%+v came after %s", again, d)
	}
	b.counts("one has come", 0, 1, 1, 0)
}

// twice: an answer that was given already is confirmed, or there is no such job any more.
func twice(b *bench) {
	b.put("1", "2", "3")
	jobs := b.take(b.first, 3)
	for i, v := range []queue.Verb{queue.Done, queue.Failed, queue.Park} {
		b.tell(b.first, answer(jobs[i], v))
		b.is("again "+v.String(), b.first.Answer(context.Background(), []queue.Answer{answer(jobs[i], v)})[0], nil, queue.ErrGone)
		b.is("again as an earlier one "+v.String(), b.first.Answer(context.Background(), []queue.Answer{asEarlier(jobs[i], v)})[0], nil, queue.ErrGone)
	}
	b.counts("answered", 0, 0, 0, 2)
}

// earlier: what an earlier session owes is given by the next one, which has no lease.
func earlier(b *bench) {
	s := b.spec
	s.Owner = "the same"
	before := b.open(s)
	b.put("1", "2", "3", "4")
	jobs := b.take(before, 4)
	if err := before.Close(); err != nil {
		b.Fatal(err)
	}
	next := b.open(s)
	if b.Again {
		b.comesAgain(next, jobs)
		return
	}
	answers := []queue.Answer{asEarlier(jobs[0], queue.Done), asEarlier(jobs[1], queue.Failed), asEarlier(jobs[2], queue.Park), asEarlier(jobs[3], queue.Later)}
	owed := map[int]bool{0: true, 1: true, 2: true, 3: true}
	b.until(func() error { // the server may see the end of a connection a moment later
		var left error
		for i := range answers {
			if !owed[i] {
				continue
			}
			if err := next.Answer(context.Background(), answers[i:i+1])[0]; err != nil {
				left = err
			} else {
				delete(owed, i)
			}
		}
		return left
	})
	b.counts("answered", 1, 0, 0, 2)
	again := b.take(next, 1)[0]
	if b.text(again) != "4" {
		b.Errorf("given back was %q", b.text(again))
	}
	b.tell(next, answer(again, queue.Done))
	b.is("what nobody has", next.Answer(context.Background(), []queue.Answer{asEarlier(again, queue.Done)})[0], nil, queue.ErrGone)
}

// comesAgain: what an earlier session had is answered by who is given it again, and not before.
func (b *bench) comesAgain(next queue.Client, jobs []*queue.Job) {
	for i, v := range []queue.Verb{queue.Done, queue.Failed, queue.Park} {
		b.is(v.String(), next.Answer(context.Background(), []queue.Answer{asEarlier(jobs[i], v)})[0], queue.ErrLost)
	}
	b.tell(next, asEarlier(jobs[3], queue.Later)) // the end of its connection has done that
	b.counts("nobody's", 4, 0, 0, 0)
	for i, j := range b.take(next, 4) {
		if j.ID != jobs[i].ID {
			b.Errorf("it comes again as %s, and was %s", j.ID, jobs[i].ID)
		}
		b.tell(next, answer(j, queue.Done))
		b.is("what nobody has", next.Answer(context.Background(), []queue.Answer{asEarlier(j, queue.Done)})[0], queue.ErrGone)
	}
	b.counts("answered", 0, 0, 0, 0)
}

// another: an answer that is for another body changes nothing.
func another(b *bench) {
	if !b.Renames {
		return
	}
	b.put("a")
	job := b.take(b.first, 1)[0]
	b.tell(b.first, answer(job, queue.Later))
	for _, v := range []queue.Verb{queue.Done, queue.Failed, queue.Later, queue.Park} {
		a := asEarlier(job, v)
		a.Sum++
		b.is(v.String(), b.first.Answer(context.Background(), []queue.Answer{a})[0], queue.ErrGone)
		b.counts("for another", 1, 0, 0, 0)
	}
}

// strange: an ID is text that was stored, and may be anything; it costs none of the answers that are given with it.
func strange(b *bench) {
	b.put("a", "b")
	jobs := b.take(b.first, 2)
	answers := []queue.Answer{answer(jobs[0], queue.Done)}
	for _, id := range []string{"", "-1", "no such", "18446744073709551616", "1 2\r\ndelete 1\r\n", "1'; --", "\x00\xff"} {
		for _, v := range []queue.Verb{queue.Done, queue.Failed, queue.Later, queue.Park} {
			a := asEarlier(jobs[1], v)
			a.ID = id
			answers = append(answers, a)
		}
	}
	answers = append(answers, answer(jobs[1], queue.Done))
	for i, err := range b.first.Answer(context.Background(), answers) {
		if i == 0 || i == len(answers)-1 {
			b.is("beside strange IDs", err, nil)
			continue
		}
		b.is(fmt.Sprintf("%s of %q", answers[i].Verb, answers[i].ID), err, queue.ErrGone, queue.ErrLost)
	}
	b.counts("answered", 0, 0, 0, 0)
}

// wording: why a job has failed is text of a program, and may be anything, too.
func wording(b *bench) {
	texts := []string{"", "'quoted' \"twice\" \\", "Grüße 🐝\r\nnext line", "\x00", "\xff\xfe cut \xf0\x9f", strings.Repeat("long ", 20_000)}
	names := make([]string, len(texts))
	for i := range texts {
		names[i] = fmt.Sprint(i)
	}
	b.put(names...)
	answers := make([]queue.Answer, len(texts))
	for i, j := range b.take(b.first, len(texts)) {
		answers[i] = answer(j, queue.Failed)
		answers[i].Error = texts[i]
	}
	b.tell(b.first, answers...)
	b.counts("failed", 0, 0, 0, int64(len(texts)))
}

// giveBack: what nobody has begun is there for others at once, and raises no doubt.
func giveBack(b *bench) {
	if b.traits.Single {
		return
	}
	b.put("a", "b", "c")
	jobs := b.take(b.first, 3)
	if err := b.first.Return(context.Background(), jobs[1:]); err != nil {
		b.Fatal(err)
	}
	b.counts("returned", 2, 0, 1, 0)
	for _, j := range b.take(b.second(), 2) {
		if b.text(j) == "a" || j.Doubt {
			b.Errorf("returned, it comes as %+v", j)
		}
	}
	b.tell(b.first, answer(jobs[0], queue.Done))
	b.counts("answered", 0, 0, 2, 0)
}
