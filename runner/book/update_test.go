package book

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/sink"
	"fmt"
	"hash/crc32"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// set are the names of the fields of a struct that are not zero, and the others.
func set(s any) (yes, no []string) {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() {
			no = append(no, name)
		} else {
			yes = append(yes, name)
		}
	}
	return yes, no
}

var day = time.Date(2026, 11, 5, 6, 7, 8, 0, time.UTC)

// fillUpdate fills every field of an update: record 3 is ok, 4 has failed, 6 is ok and early,
// and 1 is amended.
func fillUpdate(t *testing.T, u *Update, a Ack) {
	t.Helper()
	for _, seq := range []jobs.Seq{3, 4, 6} {
		u.Buf = append(u.Buf, "row\n"...)
		u.Final(seq, false)
	}
	u.Buf = append(u.Buf, "other\n"...)
	u.Final(1, true)
	u.Pass(8, false)
	u.Joblog = append(u.Joblog, "line\n"...)
	u.Printed = append(u.Printed, sink.Printed{Seq: 4})
	inHand := jobs.Seq(8)
	u.Outcomes = append(u.Outcomes, ledger.Outcome{Seq: 4, Status: jobs.StatusFailed, Class: "wrong", Error: "no", Attempts: 2, Crashes: 1, Place: ledger.Place{Line: 5}, At: day})
	u.Attempts = append(u.Attempts, ledger.Attempt{Seq: 4, Attempt: 2, At: day, Verdict: "failed", Class: "wrong", Error: "no", Elapsed: 7, Slot: 1})
	u.Retries = append(u.Retries, ledger.Retry{Seq: 7, Attempts: 1, Crashes: 1, Due: day, First: day})
	u.LeftRetries = append(u.LeftRetries, 4)
	u.Deaths = append(u.Deaths, ledger.Death{At: day, Slot: 1, PID: 4711, How: "panic", Seq: &inHand, CPU: 1, MaxRSS: 2, Said: "oh"})
	u.SettledNotes = append(u.SettledNotes, 9)
	u.Freed = append(u.Freed, "ann")
	u.Bygone = &ledger.Bygone{Records: 2, Offset: 20, Sum: 7}
	u.Owed = append(u.Owed, ledger.Owed{Seq: 3, Known: "17", ID: "17", Tries: 1, Verb: "done", Status: jobs.StatusOK, At: day})
	u.Slots, u.Throttled, u.Config = 5, 1, []byte(`{}`)
	u.Took(time.Second)
	u.Intents = append(u.Intents, ledger.Intent{Epoch: 2, At: day, First: 10, Count: 3, Attempt: 1, Keys: []byte("k")})
	u.Durable = make(chan struct{})
	u.Ack, u.AckUpTo = a, 12
	if _, no := set(*u); len(no) > 0 {
		t.Fatalf("not filled: %q", no)
	}
}

// differ says in what a commit is not what it should be.
func differ(t *testing.T, got, want *ledger.Commit) {
	t.Helper()
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s: %.300s\nwant %.300s", g.Type().Field(i).Name, fmt.Sprintf("%+v", g.Field(i)), fmt.Sprintf("%+v", w.Field(i)))
		}
	}
}

// What an update says is in the next commit, every field of it.
func TestUpdateReachesTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []ledger.Owed
		var rebased []int64
		replied := []ledger.Replied{{Seq: 2, Reply: ledger.ReplyConfirmed}}
		x := open(t, func(c *Config, _ *world) {
			c.NextSeq, c.Totals, c.Freed = 3, ledger.Totals{Input: 3, OK: 2}, []string{"old"}
			c.Joblog, c.Folder = output{&world{t: t}}, &folder{}
			c.Rebase = func(offset int64, sum uint32) { rebased = append(rebased, offset, int64(sum)) }
			c.Owed, c.Replied = func(list []ledger.Owed) { told = slices.Clone(list) }, func() []ledger.Replied {
				out := replied
				replied = nil
				return out
			}
		})
		x.book.NoteStart(0, dataset.Position{File: 1, Offset: 20, Line: 3})
		x.book.NoteInput(11, 0)
		x.book.InputEnds()
		x.updates <- NewUpdate() // the book wakes up, and gives the old key back
		synctest.Wait()
		var a acks
		u := &Update{}
		fillUpdate(t, u, &a)
		logged := int64(len("line\n"))
		want := ledger.Commit{
			Totals: ledger.Totals{Input: 11, OK: 5, Failed: 1}, InputDone: true,
			Outcomes: slices.Clone(u.Outcomes), Attempts: slices.Clone(u.Attempts), Retries: slices.Clone(u.Retries), LeftRetries: []jobs.Seq{4},
			Held:   []ledger.Held{{First: 6, Count: 1, Bytes: []byte("row\n")}},
			Deaths: slices.Clone(u.Deaths), Intents: u.Intents, SettledNotes: []jobs.Seq{9}, Amended: []ledger.Amendment{{Seq: 1, Bytes: []byte("other\n")}},
			Bygone: u.Bygone, Owed: slices.Clone(u.Owed), Replied: []ledger.Replied{{Seq: 2, Reply: ledger.ReplyConfirmed}}, Day: &ledger.Day{Day: time.Now().Format(time.DateOnly), Input: 8, OK: 3, Failed: 1},
			Freed: []string{"ann"}, GivenBack: []string{"old"}, Slots: 5, Config: []byte(`{}`),
			QuotaDay: "today", QuotaUsed: 7, Beat: true, OutputBytes: int64(len("row\nrow\n")), NextSeq: 5,
			OutputSum: crc32.ChecksumIEEE([]byte("row\nrow\n")), Spool: ledger.Spooled{Bytes: 9, Sum: 3}, Issued: 13, JoblogBytes: &logged, Printed: true,
			Acked: append(make([]byte, 16), 12, 0, 0, 0, 0, 0, 0, 0),
		}
		var bits Bitmap
		bits.set(1, 1)
		bits.set(3, 1)
		bits.set(6, 1)
		want.Chunks = []ledger.Chunk{{File: 1, Offset: 20, Line: 3, OK: 3, Bits: bits.bytes()}}
		if _, no := set(want); !slices.Equal(no, []string{"Soft", "Course"}) { // see TestSoft, TestCourse
			t.Errorf("of a commit this says nothing: %q", no)
		}
		durable := u.Durable
		x.updates <- u
		synctest.Wait() // at once, as somebody waits
		made := x.made()
		if !slices.Equal(rebased, []int64{20, 7}) {
			t.Errorf("the spool was told %d", rebased)
		}
		if len(told) != 1 || told[0].Seq != 3 {
			t.Errorf("of what is owed was told: %+v", told)
		}
		if len(made) != 1 {
			t.Errorf("%d commits", len(made))
		}
		differ(t, made[0], &want)
		if _, waits := <-durable; waits || !slices.Equal(a.all(), []uint64{12}) || !slices.Equal(x.tried, []ledger.TryVerdict{"failed"}) {
			t.Errorf("acknowledged %v, tried %v", a.all(), x.tried)
		}
		if keys, _ := x.givenBack(); !slices.Equal(keys, []string{"old", "ann"}) {
			t.Errorf("%q were given back", keys)
		}
		// The next says nothing of it again.
		x.updates <- final(2000 * ledger.ChunkSize)
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		next := *x.made()[1]
		yes, _ := set(next)
		if !slices.Equal(yes, []string{"Totals", "InputDone", "Chunks", "Held", "Course", "Day", "GivenBack", "QuotaDay", "QuotaUsed", "Beat", "OutputBytes", "OutputSum", "JoblogBytes", "Spool", "Issued", "NextSeq"}) {
			t.Errorf("the next commit says %q", yes)
		}
		if len(next.Chunks) != 1 || next.Chunks[0].Chunk != 2000 || len(next.Held) != 1 || !slices.Equal(next.GivenBack, []string{"ann"}) {
			t.Errorf("%d chunks, %d held, given back %q", len(next.Chunks), len(next.Held), next.GivenBack)
		}
		if x.book.acking != nil || x.book.notifying != nil || x.book.stored != nil {
			t.Error("what is done is kept")
		}
	})
}

// An update that is used again says nothing of what it said before.
func TestFreedUpdateIsEmpty(t *testing.T) {
	u := NewUpdate()
	fillUpdate(t, u, &acks{})
	u.Free()
	v := reflect.ValueOf(*u)
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case name == "AckUpTo": // says nothing without Ack
		case f.Kind() == reflect.Slice && f.Len() > 0, f.Kind() != reflect.Slice && !f.IsZero():
			t.Errorf("%s is still %v", name, f)
		}
	}
	u = &Update{Buf: make([]byte, 5<<20)}
	if u.Free(); cap(u.Buf) > 0 {
		t.Errorf("%d bytes are kept for the next", cap(u.Buf))
	}
}

// Whatever the ledger must know is a reason to send an update.
func TestEmpty(t *testing.T) {
	for name, u := range map[string]*Update{
		"a record":       final(0),
		"a try":          {Attempts: make([]ledger.Attempt, 1)},
		"a retry":        {Retries: make([]ledger.Retry, 1)},
		"a death":        {Deaths: make([]ledger.Death, 1)},
		"an intent":      {Intents: make([]ledger.Intent, 1)},
		"a settled note": {SettledNotes: make([]jobs.Seq, 1)},
		"an ack":         {Ack: &acks{}},
	} {
		if u.Empty() {
			t.Errorf("an update with %s is said to be empty", name)
		}
	}
	if !(&Update{}).Empty() {
		t.Error("an update without anything is not empty")
	}
}

func TestLarge(t *testing.T) {
	for i, c := range []struct {
		u    *Update
		want bool
	}{
		{nil, false},
		{&Update{}, false},
		{&Update{Outcomes: make([]ledger.Outcome, 4095)}, false},
		{&Update{Outcomes: make([]ledger.Outcome, 4096)}, true},
		{&Update{Buf: make([]byte, updateBytes-1)}, false},
		{&Update{Buf: make([]byte, updateBytes)}, true},
	} {
		if c.u.Large() != c.want {
			t.Errorf("case %d: large: %v", i, !c.want)
		}
	}
}

// Records that follow one another are one span, but not those that amend a row.
func TestSpans(t *testing.T) {
	u := &Update{}
	for _, r := range []struct {
		seq    jobs.Seq
		amends bool
	}{{1, false}, {2, false}, {3, true}, {4, true}, {5, false}, {6, false}, {8, false}, {7, false}} {
		u.Buf = append(u.Buf, '\n')
		u.Final(r.seq, r.amends)
	}
	want := []span{{1, 2, 2, false}, {3, 1, 3, true}, {4, 1, 4, true}, {5, 2, 6, false}, {8, 1, 7, false}, {7, 1, 8, false}}
	if !slices.Equal(u.spans, want) || u.Count() != 8 {
		t.Errorf("%d records, %+v\nwant %+v", u.Count(), u.spans, want)
	}
}
