package feed

import (
	"brood/jobs"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// readAll hands records over as the source does, of which those with the same letter ask the same. A
// dash asks what no other does.
func (x *fixture) readAll(letters string) {
	x.t.Helper()
	b := x.feed.Blank(x.t.(*testing.T).Context())
	for _, key := range letters {
		seq := x.next
		x.next++
		if key != '-' {
			parked, err := x.feed.Park(seq, []byte(string(key)), func() *Retry {
				return &Retry{Item: Item{Seq: seq}, Attempt: 1, Body: []byte("\x01" + string(key))}
			})
			if err != nil {
				x.t.Fatal(err)
			}
			if parked {
				continue
			}
		}
		b.Add(&Item{Seq: seq}, shape, []byte(string(key)), nil, false, nil)
	}
	x.feed.Push(b)
}

func answered(seqs ...jobs.Seq) (out []Ending) {
	for _, s := range seqs {
		out = append(out, Ending{Seq: s, Answered: true})
	}
	return out
}

// Of those that ask the same the first goes, and when it has its answer the others go together.
func TestTogether(t *testing.T) {
	x := newFixture(t, Config{Together: true})
	x.readAll("abaa-b")
	x.want(x.take(9), "0/1 1/1 4/1")
	if n := x.feed.Depth(); n != 3 {
		t.Errorf("%d are in the feed", n)
	}
	x.feed.EndLeads(answered(4)) // nobody waits for it
	x.want(x.take(9), "")
	x.feed.EndLeads(answered(0))
	x.want(x.take(9), "2/1 3/1")
	x.feed.EndLeads(answered(2, 3))
	x.want(x.take(9), "")
	x.feed.EndLeads(answered(1))
	x.want(x.take(9), "5/1")
	x.readAll("aab")
	x.want(x.take(9), "6/1 8/1") // what was known may have been forgotten
	x.feed.EndLeads(answered(6))
	x.want(x.take(9), "7/1")
	if len(x.feed.together.leads) != 1 || len(x.feed.together.behind) != 1 || x.feed.together.parked != 0 {
		t.Errorf("%+v", x.feed.together)
	}
}

// If the first has ended without an answer, the next one asks.
func TestNextLeads(t *testing.T) {
	x := newFixture(t, Config{Together: true})
	x.readAll("aaaa")
	x.want(x.take(9), "0/1")
	x.feed.EndLeads([]Ending{{Seq: 0}})
	x.want(x.take(9), "1/1")
	x.readAll("a")
	x.want(x.take(9), "")
	x.feed.EndLeads(answered(1))
	x.want(x.take(9), "2/1 3/1 4/1")
	x.feed.EndLeads([]Ending{{Seq: 2}, {Seq: 3}, {Seq: 4}})
	if n := x.feed.Depth(); n != 0 || len(x.feed.together.leads) != 0 || len(x.feed.together.behind) != 0 {
		t.Errorf("%d, %+v", n, x.feed.together)
	}
}

// A record that waits for another try is waited for, also one of an earlier session; of two such
// records both go.
func TestRetryLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Together: true})
		x.readAll("aa")
		x.want(x.take(9), "0/1")
		x.next = 11
		for _, seq := range []jobs.Seq{9, 10} {
			x.feed.Lead(seq, []byte("b"))
			if err := x.feed.Admit(retry(seq, time.Now().Add(time.Hour)), 0); err != nil {
				t.Fatal(err)
			}
		}
		again := retry(0, time.Now().Add(2*time.Hour))
		if err := x.feed.Again(again); err != nil {
			t.Fatal(err)
		}
		x.readAll("ab")
		x.want(x.take(9), "")
		time.Sleep(time.Hour)
		x.want(x.take(9), "9/2 10/2")
		x.feed.EndLeads(answered(10))
		x.want(x.take(9), "")
		x.feed.EndLeads(answered(9))
		x.want(x.take(9), "12/1")
		time.Sleep(time.Hour)
		x.want(x.take(9), "0/2")
		x.feed.EndLeads(answered(0))
		x.want(x.take(9), "1/1 11/1")
	})
}

// A slot that waits has the record as soon as that may go, and its end when there is none.
func TestTogetherWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Together: true})
		x.readAll("aaa")
		x.want(x.take(1), "0/1")
		x.feed.End()
		one, two := x.waiting(t.Context(), x.feed.Seat(1), nil), x.waiting(t.Context(), x.feed.Seat(1), nil)
		three := x.waiting(t.Context(), x.feed.Seat(1), nil)
		x.feed.CloseRecords(1)
		one.still()
		x.feed.EndLeads(answered(0))
		one.has("1/1")
		two.has("2/1")
		three.still()
		x.feed.CloseRecords(2)
		three.has("")
	})
}

// Those that are parked have no intent, and get one when they may go.
func TestTogetherWithIntents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Together: true, Intents: true})
		x.readAll("aab")
		g := x.feed.NextGroup(t.Context(), 1)
		x.feed.Grant(g)
		x.want(x.take(9), "0/1 2/1")
		x.feed.mu.Lock()
		none, _ := x.feed.collect(1, time.Now())
		x.feed.mu.Unlock()
		if !none.empty() {
			t.Errorf("%+v", none.Rows)
		}
		x.feed.EndLeads(answered(0))
		x.want(x.take(9), "")
		g = x.feed.NextGroup(t.Context(), 1)
		if got := fmt.Sprint(g.Rows[0].First, g.Rows[0].Count, len(g.Rows)); got != "1 1 1" {
			t.Error(got)
		}
		x.feed.Grant(g)
		x.want(x.take(9), "1/1")
	})
}

// What is parked lies on the disk beyond a bound, and the source waits if it is too much.
func TestTogetherSpills(t *testing.T) {
	x := newFixture(t, Config{Together: true, Dir: t.TempDir()})
	body := make([]byte, spillMemory/2+1)
	body[0] = 1
	x.readAll("a")
	for seq := jobs.Seq(1); seq < 4; seq++ {
		if parked, err := x.feed.Park(seq, []byte("a"), func() *Retry {
			return &Retry{Item: Item{Seq: seq}, Attempt: 1, Body: body}
		}); !parked || err != nil {
			t.Fatal(parked, err)
		}
	}
	if x.feed.spill.stored != 2 {
		t.Errorf("%d bodies are in the file", x.feed.spill.stored)
	}
	if x.feed.crowded() {
		t.Error("it is crowded")
	}
	x.feed.together.parked += maxWaiting - 3
	if !x.feed.crowded() {
		t.Error("it is not crowded")
	}
	x.feed.Close()
}

func BenchmarkPark(b *testing.B) {
	f := New(Config{Together: true, Slots: 1, Tell: func(string, time.Time) {}, Waited: func() {}})
	key := []byte("1 main street|springfield|us")
	for i := range b.N {
		seq := jobs.Seq(i)
		_, _ = f.Park(seq, key, nil)
		f.EndLeads([]Ending{{Seq: seq, Answered: true}})
	}
}
