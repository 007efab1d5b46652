package ledger

import (
	"brood/jobs"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"
)

// noon is a time that the ledger keeps exactly: whole milliseconds of UTC.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 5e6, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }

func create(t *testing.T) *Ledger {
	t.Helper()
	l, err := Create(t.Context(), filepath.Join(t.TempDir(), FileName), Run{
		Name: "demo", Job: "echo", Effect: "once", Config: json.RawMessage(`{"a":1}`), StartedAt: noon,
		Inputs: []Input{{Path: "-"}}, Output: "/out.csv", OutputFormat: "csv",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// reader opens the ledger a second time, as another process would.
func reader(t *testing.T, l *Ledger) *Reader {
	t.Helper()
	r, err := OpenReader(t.Context(), l.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func commit(t *testing.T, l *Ledger, c *Commit) {
	t.Helper()
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// must returns what was read; reading must not fail.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// TestCreate: what is known when a run begins can be read at once by another
// process, and standard input has no size, time or hash.
func TestCreate(t *testing.T) {
	size, mtime, hash, whole := int64(7), "2026-11-23T12:00:00.123456789Z", "abc", true
	inputs := []Input{{Path: "/in.csv", Size: &size, ModTime: &mtime, Hash: &hash, Whole: &whole}, {Path: "-"}}
	path := filepath.Join(t.TempDir(), "with space?#%", FileName)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := Create(t.Context(), path, Run{
		Name: "n", Job: "j", Effect: "none", Config: json.RawMessage(`{}`), StartedAt: noon.In(time.FixedZone("", 3600)),
		Inputs: inputs, Output: "-", OutputFormat: "text",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r := reader(t, l)
	same(t, "the run", must[Summary](t)(r.Summary(t.Context())), Summary{
		Name: "n", Job: "j", Effect: "none", Config: json.RawMessage(`{}`), State: StateRunning, StartedAt: "2026-11-23T12:00:00.005Z",
	})
	same(t, "inputs", must[[]Input](t)(r.Inputs(t.Context())), inputs)
	out, err := r.Output(t.Context())
	if out != (Output{Path: "-"}) || err != nil {
		t.Errorf("output %+v: %v", out, err)
	}
	// A second run must not take the place of the first.
	if again, err := Create(t.Context(), path, Run{Config: json.RawMessage(`{}`)}); err == nil {
		_ = again.Close()
		t.Error("a ledger was made where there is one")
	}
	same(t, "the name", must[Summary](t)(r.Summary(t.Context())).Name, "n")
}

// full is a commit with a row of every kind.
func full() *Commit {
	seven := jobs.Seq(7)
	bits := make([]byte, ChunkSize/8)
	bits[0] = 0b10000001
	key := make([]byte, 2*KeySize)
	key[KeySize] = 9
	return &Commit{
		Totals:    Totals{Input: 10, OK: 3, Failed: 2, Skipped: 1, Unknown: 1},
		InputDone: true,
		Chunks:    []Chunk{{Chunk: 0, File: 0, Offset: 3, Line: 2, OK: 2, Bits: bits}, {Chunk: 1, File: 1, Offset: 1 << 40, Line: 1 << 33, Closed: true, OK: ChunkSize}},
		Outcomes: []Outcome{
			{Seq: 3, Status: jobs.StatusFailed, Class: "exit:1", Error: "it's \"so\"\nreally \x00 ☃", Attempts: 4, Crashes: 1, Place: Place{1, 5, 99}, At: noon},
			{Seq: 4, Status: jobs.StatusUnknown, Class: jobs.ClassCrash, Attempts: 1, Crashes: 1, Place: Place{0, 6, 120}, At: noon},
		},
		Attempts:    []Attempt{{Seq: 7, Attempt: 1, At: after(2 * time.Second), Verdict: "retry", Class: "busy", Error: "later", Elapsed: 15 * time.Millisecond, Slot: 2}},
		Retries:     []Retry{{Seq: 8, Attempts: 2, Crashes: 1, Due: after(time.Hour), First: noon}},
		Held:        []Held{{First: 7, Count: 1, Bytes: nil}, {First: 8, Count: 2, Bytes: []byte("rows\n")}},
		Deaths:      []Death{{At: after(3 * time.Second), Slot: 2, PID: 4711, How: "signal: killed", Seq: &seven, CPU: time.Second, MaxRSS: 1 << 30, Said: "oops"}, {At: noon, How: "timeout"}},
		Intents:     []Intent{{Epoch: 1, At: after(time.Second), First: 6, Count: 2, Attempt: 1, Keys: key}},
		Freed:       []string{"b", "a", "a"},
		QuotaDay:    "2026-11-23",
		QuotaUsed:   5,
		OutputBytes: 321,
		NextSeq:     7,
	}
}

// TestCommit: every kind of row is read back as it was given, by another process
// and by the ledger when it is opened again.
func TestCommit(t *testing.T) {
	l := create(t)
	commit(t, l, full())
	checkFull(t, reader(t, l))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), l.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	checkFull(t, again.Reader())
}

func checkFull(t *testing.T, r *Reader) {
	t.Helper()
	ctx, want := t.Context(), full()
	s := must[Summary](t)(r.Summary(ctx))
	if s.Totals != want.Totals || !s.InputDone || s.Totals.Pending() != 3 {
		t.Errorf("totals %+v, done %v, pending %d", s.Totals, s.InputDone, s.Totals.Pending())
	}
	if out, err := r.Output(ctx); out.Bytes != 321 || out.Next != 7 || err != nil {
		t.Errorf("output has %d bytes, next %d: %v", out.Bytes, out.Next, err)
	}
	same(t, "chunks", must[[]Chunk](t)(r.Chunks(ctx, BitsOfAll)), want.Chunks)
	outcomes := want.Outcomes
	for i := range outcomes {
		o := must[*Outcome](t)(r.Outcome(ctx, outcomes[i].Seq))
		same(t, "an outcome", *o, outcomes[i])
		outcomes[i].At = time.Time{} // a list leaves that out
	}
	same(t, "outcomes", must[[]Outcome](t)(r.OutcomesIn(ctx, 0)), outcomes)
	same(t, "outcomes of another chunk", must[[]Outcome](t)(r.OutcomesIn(ctx, 1)), []Outcome(nil))
	same(t, "retries", must[[]Retry](t)(r.Retries(ctx)), want.Retries)
	same(t, "unknowns", must[[]Outcome](t)(r.Unknowns(ctx)), []Outcome{{Seq: 4, Status: jobs.StatusUnknown, Class: jobs.ClassCrash, Attempts: 1}})
	// Neither the crash of record 3, which failed otherwise in the end, counts.
	same(t, "quarantined", must[uint64](t)(r.Quarantined(ctx)), uint64(1))
	same(t, "freed", must[[]string](t)(r.Freed(ctx)), []string{"a", "b"})
	if day, used, err := r.Quota(ctx); day != "2026-11-23" || used != 5 || err != nil {
		t.Errorf("quota %s %d %v", day, used, err)
	}
	same(t, "events of record 7", must[[]Event](t)(r.Events(ctx, 7)), []Event{
		{At: "2026-11-23T12:00:01.005Z", What: "intent", Attempt: 1, Session: 1},
		{At: "2026-11-23T12:00:02.005Z", What: "retry", Attempt: 1, Slot: 2, MS: 15, Class: "busy", Text: "later"},
		{At: "2026-11-23T12:00:03.005Z", What: "worker died", Slot: 2, Text: "process 4711: signal: killed"},
	})
	same(t, "events of record 5", must[[]Event](t)(r.Events(ctx, 5)), []Event(nil))
}

// TestHeld: what has been written is not held any more, and what is held comes
// back in order; a result of no bytes is one all the same.
func TestHeld(t *testing.T) {
	l := create(t)
	r := reader(t, l)
	commit(t, l, &Commit{NextSeq: 1, Held: []Held{{First: 2, Count: 1, Bytes: []byte("early")}}})
	commit(t, l, full())
	same(t, "held", must[[]Held](t)(r.HeldIndex(t.Context())), []Held{{First: 7, Count: 1}, {First: 8, Count: 2}})
	for first, want := range map[jobs.Seq]string{7: "", 8: "rows\n"} {
		if b, err := r.Held(t.Context(), first); err != nil || string(b) != want {
			t.Errorf("held from %d: %q, %v", first, b, err)
		}
	}
	if b, err := r.Held(t.Context(), 2); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("what was written is still held: %q, %v", b, err)
	}
	commit(t, l, &Commit{NextSeq: 7}) // nothing new was written
	same(t, "held", must[[]Held](t)(r.HeldIndex(t.Context())), []Held{{First: 7, Count: 1}, {First: 8, Count: 2}})
	commit(t, l, &Commit{NextSeq: 10})
	same(t, "held at the end", must[[]Held](t)(r.HeldIndex(t.Context())), []Held(nil))
}

// TestChanges: a later commit replaces the rows of the same record or chunk, and
// takes away what is done with.
func TestChanges(t *testing.T) {
	l := create(t)
	ctx, r := t.Context(), l.Reader()
	commit(t, l, full())
	bits := make([]byte, ChunkSize/8)
	commit(t, l, &Commit{
		Chunks:      []Chunk{{Chunk: 0, File: 5, Offset: 5, Line: 5, Closed: true, OK: ChunkSize}, {Chunk: 2, Bits: bits}},
		Outcomes:    []Outcome{{Seq: 3, Status: jobs.StatusSkipped, At: noon}},
		Retries:     []Retry{{Seq: 9, Attempts: 1, Due: noon, First: noon}, {Seq: 8, Attempts: 3, Due: after(time.Minute), First: noon}},
		LeftRetries: []jobs.Seq{9, 1000},
		Freed:       []string{"c"}, GivenBack: []string{"a", "nobody's"},
		QuotaDay: "2026-11-24", QuotaUsed: 1,
	})
	// Where a chunk begins does not change, whatever is said later.
	chunks := must[[]Chunk](t)(r.Chunks(ctx, BitsOfOpen))
	same(t, "chunks", chunks, []Chunk{
		{Chunk: 0, Offset: 3, Line: 2, Closed: true, OK: ChunkSize},
		{Chunk: 1, File: 1, Offset: 1 << 40, Line: 1 << 33, Closed: true, OK: ChunkSize},
		{Chunk: 2, Bits: bits},
	})
	same(t, "status", must[*Outcome](t)(r.Outcome(ctx, 3)).Status, jobs.StatusSkipped)
	same(t, "retries", must[[]Retry](t)(r.Retries(ctx)), []Retry{{Seq: 8, Attempts: 3, Due: after(time.Minute), First: noon}})
	same(t, "freed", must[[]string](t)(r.Freed(ctx)), []string{"b", "c"})
	if day, used, err := r.Quota(ctx); day != "2026-11-24" || used != 1 || err != nil {
		t.Errorf("quota %s %d %v", day, used, err)
	}
	commit(t, l, &Commit{})
	if day, used, _ := r.Quota(ctx); day != "2026-11-24" || used != 1 {
		t.Errorf("a commit without a quota made it %s %d", day, used)
	}
}

// TestStatusOf: a row of outcomes counts first, then the bits of the chunk; a chunk
// without bits is one in which all are ok.
func TestStatusOf(t *testing.T) {
	l := create(t)
	commit(t, l, full())
	for seq, want := range map[jobs.Seq]jobs.Status{
		0: jobs.StatusOK, 1: jobs.StatusPending, 7: jobs.StatusOK, 8: jobs.StatusPending, ChunkSize - 1: jobs.StatusPending,
		3: jobs.StatusFailed, 4: jobs.StatusUnknown,
		ChunkSize: jobs.StatusOK, 2*ChunkSize - 1: jobs.StatusOK, 2 * ChunkSize: jobs.StatusPending,
	} {
		if got, err := l.Reader().StatusOf(t.Context(), seq); got != want || err != nil {
			t.Errorf("record %d is %s, want %s: %v", seq, got, want, err)
		}
	}
}

// TestFindKey: a key is found in the middle of an intent, and only at the places
// of whole keys.
func TestFindKey(t *testing.T) {
	l := create(t)
	commit(t, l, full())
	find := func(key [KeySize]byte) (jobs.Seq, bool) {
		seq, found, err := l.Reader().FindKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return seq, found
	}
	if seq, found := find([KeySize]byte{9}); !found || seq != 7 {
		t.Errorf("the second key of the intent: %d, %v", seq, found)
	}
	if seq, found := find([KeySize]byte{1: 9}); found {
		t.Errorf("a key that begins one byte before another is that of record %d", seq)
	}
}

// TestFailedCommit: of a commit that fails in the middle nothing counts, and this
// process records nothing more; another one goes on from what was there.
func TestFailedCommit(t *testing.T) {
	for name, c := range map[string]struct {
		fault string // on the writer's connection
		want  error
	}{
		"refused row": {`CREATE TRIGGER no BEFORE INSERT ON deaths BEGIN SELECT raise(ABORT, 'no'); END`, nil},
		"full disk":   {`PRAGMA max_page_count = 1`, syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			l := create(t)
			commit(t, l, full())
			if _, err := l.write.ExecContext(t.Context(), c.fault); err != nil {
				t.Fatal(err)
			}
			bad := full()
			bad.Totals.OK, bad.OutputBytes, bad.Deaths[0].Said = 5, 1000, string(make([]byte, 1<<20))
			bad.Freed, bad.Outcomes = []string{"lost"}, nil
			bad.Retries, bad.LeftRetries = nil, []jobs.Seq{8}
			if err := l.Commit(t.Context(), bad); err == nil || !errors.Is(err, c.want) && c.want != nil {
				t.Fatalf("the commit has said: %v", err)
			}
			checkFull(t, reader(t, l))
			if err := l.Commit(t.Context(), &Commit{}); !errors.Is(err, errBroken) {
				t.Errorf("the next commit: %v", err)
			}
			if err := l.SetConfig(t.Context(), []byte("{}")); !errors.Is(err, errBroken) {
				t.Errorf("another write: %v", err)
			}
			database(t, l.path, `UPDATE run SET reason = 'somebody else may write'`)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			next, err := Open(t.Context(), l.path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = next.Close() })
			commit(t, next, &Commit{Totals: Totals{Input: 11}})
			same(t, "input", must[Summary](t)(next.Reader().Summary(t.Context())).Totals.Input, uint64(11))
		})
	}
}

// TestFailedChange: the same for what is written outside of commits.
func TestFailedChange(t *testing.T) {
	l := create(t)
	if _, err := l.write.ExecContext(t.Context(), `CREATE TRIGGER no BEFORE INSERT ON owner BEGIN SELECT raise(ABORT, 'no'); END`); err != nil {
		t.Fatal(err)
	}
	if _, err := l.BeginSession(t.Context(), Session{StartedAt: noon}, nil); err == nil {
		t.Fatal("a session began without an owner")
	}
	if n, _, err := l.Reader().LastSession(t.Context()); n != 0 || err != nil {
		t.Errorf("there is a session %d: %v", n, err)
	}
	if err := l.Commit(t.Context(), &Commit{}); !errors.Is(err, errBroken) {
		t.Errorf("a commit after that: %v", err)
	}
}

func TestCommitWhenClosed(t *testing.T) {
	l := create(t)
	commit(t, l, full())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Commit(t.Context(), &Commit{Totals: Totals{Input: 99}}); err == nil {
		t.Fatal("a closed ledger took a commit")
	}
	r, err := OpenReader(t.Context(), l.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	checkFull(t, r)
}
