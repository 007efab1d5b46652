package ledger

import (
	"brood/jobs"
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"
)

// delivering is the ledger of a run that works off a queue.
func delivering(t *testing.T) *Ledger {
	t.Helper()
	l, err := Create(t.Context(), filepath.Join(t.TempDir(), FileName), Run{Name: "q", Job: "exec", Effect: "none", Config: []byte(`{}`), StartedAt: time.Now(), Output: "-", OutputFormat: "text"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for range 2 { // a second time it does nothing
		if err := l.KeepDeliveries(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// owed is the answer to a record that was final some time ago.
func owed(seq jobs.Seq, status jobs.Status, ago time.Duration) Owed {
	return Owed{
		Seq: seq, Known: "id" + string('a'+rune(seq)), Sum: uint64(seq) + 1, ID: "id", Token: "t", Tries: 2, Verb: "done", After: 3 * time.Second,
		Status: status, Error: "why", Result: []byte(`{}`), At: time.Now().Add(-ago),
	}
}

// TestDeliveries: what is owed is in the ledger with the outcome, is found by what it is known by, and is owed until a reply has come.
func TestDeliveries(t *testing.T) {
	ctx := context.Background()
	l := delivering(t)
	c := Commit{
		Totals: Totals{Input: 2, OK: 2}, Owed: []Owed{owed(0, jobs.StatusOK, 0), owed(1, jobs.StatusFailed, 0)},
		Day: &Day{Day: "2026-11-30", Input: 2, OK: 1, Failed: 1},
	}
	if err := l.Commit(ctx, &c); err != nil {
		t.Fatal(err)
	}
	list, err := l.Reader().Owed(ctx)
	if err != nil || len(list) != 2 || list[1].Status != jobs.StatusFailed || list[1].After != 3*time.Second || string(list[1].Result) != "{}" || list[1].Sum != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	if err := l.Commit(ctx, &Commit{Totals: c.Totals, Replied: []Replied{{0, ReplyConfirmed}}, Day: &Day{Day: "2026-11-30", Skipped: 1, Released: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := l.SetReplied(ctx, []Replied{{1, ReplyLost}}); err != nil {
		t.Fatal(err)
	}
	if list, err := l.Reader().Owed(ctx); err != nil || len(list) != 0 {
		t.Errorf("%+v %v are owed still", list, err)
	}
	d, err := l.Reader().Deliveries(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for _, x := range []struct {
		known string
		sum   uint64
		found bool
	}{{"ida", 1, true}, {"ida", 0, true}, {"ida", 2, false}, {"idz", 0, false}} {
		if o, err := d.Delivered(ctx, x.known, x.sum); err != nil || (o != nil) != x.found || (o != nil && (o.Answered != ReplyConfirmed || o.Result != nil)) {
			t.Errorf("%+v: %+v %v", x, o, err)
		}
	}
	days, err := l.Reader().Days(ctx, 5)
	if err != nil || len(days) != 1 || days[0] != (Day{Day: "2026-11-30", Input: 2, OK: 1, Failed: 1, Skipped: 1, Released: 1}) {
		t.Errorf("%+v %v", days, err)
	}
	replies, err := l.Reader().Replies(ctx)
	if err != nil || replies[ReplyConfirmed] != 1 || replies[ReplyLost] != 1 {
		t.Errorf("%v %v", replies, err)
	}
}

// TestSettled: records are let go of in their order, up to the first that is not old enough, not answered, unknown, or not final.
func TestSettled(t *testing.T) {
	ctx := context.Background()
	const old = time.Hour
	confirmed := func(o Owed) (Owed, Replied) { return o, Replied{o.Seq, ReplyConfirmed} }
	for name, x := range map[string]struct {
		third  func(c *Commit)
		upTo   jobs.Seq
		failed uint64
	}{
		"old": {func(c *Commit) {
			o, r := confirmed(owed(2, jobs.StatusOK, old))
			c.Owed, c.Replied = append(c.Owed, o), append(c.Replied, r)
		}, 4, 1},
		"young": {func(c *Commit) {
			o, r := confirmed(owed(2, jobs.StatusOK, 0))
			c.Owed, c.Replied = append(c.Owed, o), append(c.Replied, r)
		}, 2, 1},
		"owed":      {func(c *Commit) { c.Owed = append(c.Owed, owed(2, jobs.StatusOK, old)) }, 2, 1},
		"not final": {func(*Commit) {}, 2, 1},
		"unknown": {func(c *Commit) {
			o, r := confirmed(owed(2, jobs.StatusUnknown, old))
			c.Owed, c.Replied = append(c.Owed, o), append(c.Replied, r)
		}, 2, 1},
		"without an answer": {func(c *Commit) {
			c.Outcomes = append(c.Outcomes, Outcome{Seq: 2, Status: jobs.StatusSkipped, Class: jobs.ClassDuplicate, At: time.Now().Add(-old)})
		}, 4, 1},
	} {
		l := delivering(t)
		c := &Commit{Totals: Totals{Input: 4}, Outcomes: []Outcome{{Seq: 1, Status: jobs.StatusFailed, At: time.Now().Add(-old)}}}
		for _, seq := range []jobs.Seq{0, 1, 3} {
			status := jobs.StatusOK
			if seq == 1 {
				status = jobs.StatusFailed
			}
			o, r := confirmed(owed(seq, status, old))
			c.Owed, c.Replied = append(c.Owed, o), append(c.Replied, r)
		}
		x.third(c)
		if _, err := l.BeginSession(ctx, Session{StartedAt: time.Now()}, nil); err != nil {
			t.Fatal(err)
		}
		c.Course = []Stretch{{At: time.Now().Add(-old), OK: 3}, {At: time.Now(), OK: 1}}
		if err := l.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
		before := time.Now().Add(-old / 2)
		upTo, err := l.Reader().Settled(ctx, 0, before, 100)
		if err != nil || upTo != x.upTo {
			t.Errorf("%s: up to %d, %v, want %d", name, upTo, err, x.upTo)
			continue
		}
		if err := l.Commit(ctx, &Commit{Totals: c.Totals, Bygone: &Bygone{Records: upTo, Offset: 77, Before: before}}); err != nil {
			t.Fatal(err)
		}
		var left []uint64
		if _, err := l.Reader().Course(ctx, func(_ int64, s *Stretch) { left = append(left, s.OK) }); err != nil || !slices.Equal(left, []uint64{1}) {
			t.Errorf("%s: of the course %v is left, %v", name, left, err)
		}
		g, err := l.Reader().Bygone(ctx)
		if err != nil || g.Records != upTo || g.Offset != 77 || g.Failed != x.failed {
			t.Errorf("%s: %+v %v", name, g, err)
		}
		var rows int
		if err := l.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM deliveries WHERE seq < ?1) + (SELECT count(*) FROM outcomes WHERE seq < ?1)`, uint64(upTo)).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%s: %d rows are left, %v", name, rows, err)
		}
	}
}

// TestMany: many deliveries, plain ones and others, are each as they were told, also where a record has another one later; and so
// are their replies.
func TestMany(t *testing.T) {
	ctx := context.Background()
	l := delivering(t)
	want := make(map[jobs.Seq]Owed)
	commit := func(c *Commit) {
		t.Helper()
		for _, o := range c.Owed {
			o.Answered = ReplyOwed
			want[o.Seq] = o
		}
		for _, r := range c.Replied {
			o := want[r.Seq]
			o.Answered, o.Result = r.Reply, nil
			want[r.Seq] = o
		}
		if err := l.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Unix(1_800_000_000, 0)
	c := &Commit{}
	for i := range 3*doneRows + 5 {
		o := Owed{Seq: jobs.Seq(i), Known: fmt.Sprint(i + 1), Sum: uint64(i), ID: fmt.Sprint(i + 1), Token: "t", Tries: i, Verb: "done", Status: jobs.StatusOK, At: at}
		if i%7 == 3 {
			o.Verb, o.Status, o.Error, o.Result = "failed", jobs.StatusFailed, "why", []byte("{}")
		}
		c.Owed = append(c.Owed, o)
	}
	commit(c)
	next := &Commit{Owed: []Owed{{Seq: 4, Known: "5", ID: "5", Verb: "park", Status: jobs.StatusUnknown, At: at}}}
	for _, seq := range []jobs.Seq{9, 2, 1, 3, 11, 12, 10, 40, 30, 20} {
		reply := ReplyConfirmed
		if seq == 10 || seq == 3 {
			reply = ReplyLost
		}
		next.Replied = append(next.Replied, Replied{seq, reply})
	}
	commit(next)
	d, err := l.Reader().Deliveries(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for _, o := range want {
		got, err := d.Delivered(ctx, o.Known, 0)
		if err != nil || got == nil || !reflect.DeepEqual(*got, o) {
			t.Errorf("%+v %v, want %+v", got, err, o)
		}
	}
}

// TestComes: a job is the first with its name if that is a number higher than all that are known, here or in the ledger; and only
// if all that are there were counted.
func TestComes(t *testing.T) {
	ctx := context.Background()
	l := delivering(t)
	open := func() *Deliveries {
		t.Helper()
		d, err := l.Reader().Deliveries(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	commit := func(seq jobs.Seq, known string) {
		t.Helper()
		if err := l.Commit(ctx, &Commit{Owed: []Owed{{Seq: seq, Known: known, Verb: "done", Status: jobs.StatusOK, At: time.Now()}}}); err != nil {
			t.Fatal(err)
		}
	}
	comes := func(d *Deliveries, known string, want bool) {
		t.Helper()
		if got := d.Comes(known); got != want {
			t.Errorf("%s is the first one: %v", known, got)
		}
	}
	d := open()
	for _, known := range []string{"", "07", "-7", "+7", "7 ", "7.0", "١", "1e3", "9999999999999999999"} {
		comes(d, known, false)
	}
	comes(d, "0", true)
	comes(d, "7", true)
	comes(d, "7", false)
	comes(d, "5", false)
	commit(0, "7")
	commit(1, "a name")
	d = open()
	comes(d, "7", false)
	comes(d, "8", true)
	// A brood that does not count goes on with it, also with records from before, and then this one again.
	for _, known := range []string{"900", "0901", "+902", "9x3", "999999999999999999999", ""} {
		if err := l.tx(ctx, func(exec func(string, ...any) int64) error {
			exec(`INSERT INTO deliveries SELECT -count(*), ?, 0, '1', '', 0, 'done', 0, 'ok', '', NULL, 'confirmed', 0 FROM deliveries`, known)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // the second was the other's
		if _, err := l.BeginSession(ctx, Session{StartedAt: time.Now()}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.KeepDeliveries(ctx); err != nil {
		t.Fatal(err)
	}
	commit(2, "30") // the queue's numbers have begun again
	if err := l.KeepDeliveries(ctx); err != nil {
		t.Fatal(err)
	}
	d = open()
	comes(d, "900", false)
	comes(d, "901", false) // as 0901 may be counted
	comes(d, "902", true)
}

func FuzzNumberOf(f *testing.F) {
	f.Add("0")
	f.Add("12345")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := numberOf(text); ok && fmt.Sprint(n) != text {
			t.Fatalf("%q is %d", text, n)
		}
	})
}
