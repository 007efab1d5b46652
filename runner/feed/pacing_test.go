package feed

import (
	"brood/jobs"
	"brood/runner/pace"
	"brood/runner/spec"
	"container/heap"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func rate(t *testing.T, s string) *pace.Rate {
	t.Helper()
	r, err := pace.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Pace: pace.Spec{Rate: rate(t, "2/s"), Burst: 1}})
		x.push(slices.Repeat([]string{"x"}, 50)...)
		if !x.feed.Timed() {
			t.Error("starts are limited, and it does not say so")
		}
		left := 0
		for range 100 {
			left += len(x.take(10))
			time.Sleep(100 * time.Millisecond)
		}
		if left < 19 || left > 21 {
			t.Errorf("%d records left in ten seconds at 2/s", left)
		}
		x.feed.SetRate(nil)
		if got := len(x.take(10)); got != 10 {
			t.Errorf("%d left without a limit", got)
		}
		if x.feed.State().Rate != nil {
			t.Error("it still shows a rate")
		}
	})
}

func TestQuotaOfTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		day := time.Now().Format(time.DateOnly)
		x := newFixture(t, Config{Pace: pace.Spec{Quota: 5}, QuotaDay: day, QuotaUsed: 3})
		x.push("a", "b", "c", "d")
		x.want(x.take(9), "0/1 1/1")
		x.want(x.take(9), "")
		if len(x.waits) != 1 || x.feed.State().Waits == "" {
			t.Errorf("told %q, says %q", x.waits, x.feed.State().Waits)
		}
		if d, used := x.feed.Quota(); d != day || used != 5 {
			t.Errorf("%s: %d", d, used)
		}
		time.Sleep(24 * time.Hour)
		x.want(x.take(9), "2/1 3/1")
	})
}

// loose hands records over one by one, as the source does where pace goes by key.
func (x *fixture) loose(keys ...string) {
	x.t.Helper()
	for _, k := range keys {
		rec := &jobs.Record{Raw: []byte(k), Shape: shape}
		it := Item{Seq: x.next, Pace: x.feed.PaceKey(rec)}
		body := append([]byte{byte(len(k))}, k...)
		r := &Retry{Item: it, Attempt: 1, Due: x.feed.Schedule(&it), HasIntent: true, Body: body}
		if err := x.feed.Admit(r, 0); err != nil {
			x.t.Fatal(err)
		}
		x.next++
	}
}

// Each key has its own rate, others for some; the keys do not hold each other up.
func TestRateByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{
			Pace:    pace.Spec{By: rate(t, "1/s"), ByValue: map[string]pace.Rate{"FAST.example": *rate(t, "10/s")}},
			PaceKey: spec.PaceKey{Column: "line", Domain: true},
		})
		for i := range 30 {
			x.loose(fmt.Sprintf("u%d@slow.example", i), fmt.Sprintf("u%d@Fast.Example", i))
		}
		slow, fast := 0, 0
		for range 20 {
			for _, got := range x.take(99) {
				var seq int
				if _, err := fmt.Sscanf(got, "%d/", &seq); err != nil {
					t.Fatal(err)
				}
				if seq%2 == 0 {
					slow++
				} else {
					fast++
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		if slow < 2 || slow > 3 || fast < 19 || fast > 22 {
			t.Errorf("in two seconds %d at 1/s and %d at 10/s", slow, fast)
		}
	})
}

// At most so many of a key at a time: the next goes when one has ended.
func TestMaxPerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Pace: pace.Spec{MaxPerKey: 2}, PaceKey: spec.PaceKey{Column: "line"}})
		x.loose("a", "a", "a", "b", "a")
		time.Sleep(time.Second)
		got := x.take(9)
		slices.Sort(got)
		x.want(got, "0/1 1/1 3/1")
		x.want(x.take(9), "")
		if x.feed.Depth() != 2 {
			t.Errorf("%d wait", x.feed.Depth())
		}
		key := x.feed.PaceKey(&jobs.Record{Raw: []byte("A"), Shape: shape})
		x.feed.EndKey(&Item{Pace: key})
		x.want(x.take(9), "2/1")
		x.feed.EndKey(&Item{Pace: key})
		x.feed.EndKey(&Item{Pace: key})
		x.want(x.take(9), "4/1")
	})
}

// With intents, those that wait for another of their key have none yet.
func TestParkedHaveNoIntent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Pace: pace.Spec{MaxPerKey: 1}, PaceKey: spec.PaceKey{Column: "line"}})
		for i := range 3 {
			rec := &jobs.Record{Raw: []byte("a"), Shape: shape}
			it := Item{Seq: jobs.Seq(i), Pace: x.feed.PaceKey(rec)}
			if err := x.feed.Admit(&Retry{Item: it, Attempt: 1, Due: time.Now(), Body: []byte{1, 'a'}}, 0); err != nil {
				t.Fatal(err)
			}
		}
		g := x.group()
		if len(g.Rows) != 1 || x.feed.pacing.parkedCount != 2 {
			t.Fatalf("%d intents, %d parked", len(g.Rows), x.feed.pacing.parkedCount)
		}
		x.feed.Grant(g)
		x.want(x.take(9), "0/1")
		x.feed.EndKey(&Item{Pace: x.feed.PaceKey(&jobs.Record{Raw: []byte("a"), Shape: shape})})
		if g = x.group(); len(g.Rows) != 1 || g.Rows[0].First != 1 {
			t.Errorf("%+v", g.Rows)
		}
		// One that ends without having been in flight lets the next go on as well.
		x.feed.PassBy(&Item{Pace: x.feed.PaceKey(&jobs.Record{Raw: []byte("a"), Shape: shape})})
		x.feed.mu.Lock()
		parked := x.feed.pacing.parkedCount
		x.feed.mu.Unlock()
		if parked != 0 {
			t.Errorf("%d parked", parked)
		}
	})
}

// Who waits because of a record: everybody, or those of its key.
func TestSlow(t *testing.T) {
	for _, c := range []struct {
		name   string
		pace   pace.Spec
		delays jobs.Delays
		others bool // those of other keys wait as well
		news   bool
	}{
		{"a throttle holds all up", pace.Spec{}, jobs.DelaysDefault, true, true},
		{"but for the key's, where pace goes by key", pace.Spec{MaxPerKey: 9}, jobs.DelaysDefault, false, false},
		{"the key", pace.Spec{MaxPerKey: 9}, jobs.DelaysKey, false, false},
		{"all", pace.Spec{MaxPerKey: 9}, jobs.DelaysAll, true, true},
		{"the record alone", pace.Spec{MaxPerKey: 9}, jobs.DelaysRecord, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newFixture(t, Config{Pace: c.pace, PaceKey: spec.PaceKey{Column: "line"}})
				guilty := Item{Pace: x.feed.PaceKey(&jobs.Record{Raw: []byte("a"), Shape: shape})}
				if news := x.feed.Slow(&guilty, time.Minute, c.delays); news != c.news {
					t.Errorf("news for everybody: %v", news)
				}
				if x.feed.Slow(&guilty, time.Second, c.delays) {
					t.Error("a shorter wait within it is no news")
				}
				if c.pace.Keyed() {
					x.loose("b", "a")
				} else {
					x.push("b", "a")
				}
				before := x.take(9)
				if got := len(before) > 0; got == c.others {
					t.Errorf("%q left at once", before)
				}
				time.Sleep(time.Minute + time.Second)
				if all := append(before, x.take(9)...); len(all) != 2 {
					t.Errorf("%q have left after that", all)
				}
			})
		})
	}
}

// Retries count against the rate and the quota as new ones do.
func TestRetriesArePaced(t *testing.T) {
	for want, limit := range map[string]pace.Spec{"0/2": {Rate: rate(t, "1/s"), Burst: 1}, "0/2 1/2 2/2": {Quota: 3}} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newFixture(t, Config{Pace: limit})
				for seq := range jobs.Seq(5) {
					x.again(retry(seq, time.Now()))
				}
				x.want(x.take(9), want)
				x.want(x.take(9), "")
				x.push("a")
				x.want(x.take(9), "")
			})
		})
	}
}

// A throttle is not shortened by one that ends before it, but goes on with one that ends later.
func TestSlowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		x.push("a")
		slow := func(d time.Duration, want bool) {
			t.Helper()
			if news := x.feed.Slow(&Item{}, d, jobs.DelaysAll); news != want {
				t.Errorf("%s are news: %v", d, news)
			}
		}
		slow(time.Minute, true)
		slow(time.Second, false)
		time.Sleep(2 * time.Second)
		x.want(x.take(1), "")
		slow(2*time.Minute, false) // it is held back already
		time.Sleep(time.Minute)
		x.want(x.take(1), "")
		time.Sleep(time.Minute)
		x.want(x.take(1), "0/1")
		time.Sleep(time.Second)
		slow(time.Second, true)
	})
}

// Wherever the one of a key stands, the next of that key needs no intent yet; and of a key
// that is done with nothing is kept.
func TestParkedBehindEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Pace: pace.Spec{MaxPerKey: 1}, PaceKey: spec.PaceKey{Column: "line"}})
		it := Item{Pace: x.feed.PaceKey(&jobs.Record{Raw: []byte("a"), Shape: shape})}
		seq := jobs.Seq(0)
		admit := func() {
			t.Helper()
			r := &Retry{Item: Item{Seq: seq, Pace: it.Pace}, Attempt: 1, Due: time.Now(), Body: []byte{1, 'a'}}
			if err := x.feed.Admit(r, 0); err != nil {
				t.Fatal(err)
			}
			seq++
		}
		none := func(where string) {
			t.Helper()
			admit()
			if g := x.group(); !g.empty() {
				t.Errorf("%s, and there are intents for %s", where, rows(g))
			}
		}
		admit()
		g := x.group()
		none("one waits for its intent")
		x.feed.Grant(g)
		none("one is due")
		x.want(x.take(9), "0/1")
		none("one is in flight")
		for next := range 3 {
			x.feed.EndKey(&it)
			g := x.group()
			if got, want := rows(g), fmt.Sprintf("%d+1/1", next+1); got != want {
				t.Fatalf("intents for %s, want %s", got, want)
			}
			x.feed.Grant(g)
			x.want(x.take(9), fmt.Sprintf("%d/1", next+1))
		}
		x.feed.EndKey(&it)
		if p := x.feed.pacing; len(p.parked) > 0 || len(p.queued) > 0 || p.parkedCount != 0 {
			t.Errorf("kept are %v, %v, %d", p.parked, p.queued, p.parkedCount)
		}
	})
}

// One that was granted and then had to wait for another of its key keeps its intent.
func TestParkedKeepsItsIntent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Pace: pace.Spec{MaxPerKey: 1}, PaceKey: spec.PaceKey{Column: "line"}})
		it := Item{Pace: x.feed.PaceKey(&jobs.Record{Raw: []byte("a"), Shape: shape})}
		first, back := retry(0, time.Now()), retry(1, time.Now())
		first.Pace, first.HasIntent, back.Pace = it.Pace, false, it.Pace
		x.again(first)
		g := x.group()
		x.again(back) // it has its intent
		x.want(x.take(9), "1/2")
		x.feed.Grant(g)
		x.want(x.take(9), "")
		x.feed.EndKey(&it)
		if g := x.group(); !g.empty() {
			t.Errorf("another intent for %s", rows(g))
		}
		x.want(x.take(9), "0/2")
	})
}

// TestSetPace: what waits an hour for its key begins when the key may begin more often; what waits for another try waits on.
func TestSetPace(t *testing.T) {
	for _, intents := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			x := newFixture(t, Config{Pace: pace.Spec{By: rate(t, "1/h")}, Intents: intents})
			for seq := range 4 {
				it := Item{Seq: jobs.Seq(seq), Pace: 7}
				r := &Retry{Item: it, Attempt: 1, Due: x.feed.Schedule(&it), Body: []byte("x")}
				if seq == 3 {
					r.Attempt, r.Waited, r.Due = 2, true, time.Now().Add(2*time.Hour)
				}
				if err := x.feed.Admit(r, 0); err != nil {
					t.Fatal(err)
				}
			}
			x.feed.SetPace(&pace.Spec{By: rate(t, "100/s")})
			var dues []time.Duration
			for _, q := range []retries{x.feed.waiting, retriesOf(x.feed.intents)} {
				for len(q) > 0 {
					dues = append(dues, time.Until(heap.Pop(&q).(*Retry).Due))
				}
			}
			if len(dues) != 4 || dues[2] > time.Second || dues[3] != 2*time.Hour {
				t.Errorf("intents %v: they wait for %v", intents, dues)
			}
		})
	}
}

func retriesOf(in *intents) retries {
	if in == nil {
		return nil
	}
	return in.later
}
