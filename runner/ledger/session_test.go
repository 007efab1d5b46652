package ledger

import (
	"brood/jobs"
	"fmt"
	"slices"
	"testing"
	"time"
)

func session(n int) Session {
	return Session{StartedAt: after(time.Duration(n) * time.Hour), Version: "v1", PID: 100 + n, Host: "h", BootID: "b", Slots: 2}
}

func beginSession(t *testing.T, l *Ledger, n int, left ...Note) {
	t.Helper()
	got, err := l.BeginSession(t.Context(), session(n), left)
	if err != nil || got != int64(n) {
		t.Fatalf("session %d: %v; want %d", got, err, n)
	}
}

// TestSessions: a run has an owner from the beginning of a session to its end, and
// the next session tells from the last whether that ended with all in the ledger.
func TestSessions(t *testing.T) {
	l := create(t)
	ctx, r := t.Context(), l.Reader()
	if n, _, err := r.LastSession(ctx); n != 0 || err != nil {
		t.Errorf("before the first session: %d, %v", n, err)
	}
	if o, err := r.Owner(ctx); o != nil || err != nil {
		t.Errorf("before the first session the owner is %+v, %v", o, err)
	}

	beginSession(t, l, 1)
	same(t, "owner", must[*Owner](t)(r.Owner(ctx)), &Owner{Session: 1, Host: "h", BootID: "b", PID: 101, Beat: after(time.Hour)})
	commit(t, l, &Commit{Beat: true, Slots: 5})
	commit(t, l, &Commit{Slots: 3})
	if o := must[*Owner](t)(r.Owner(ctx)); time.Since(o.Beat).Abs() > time.Minute {
		t.Errorf("after a beat the last sign of life is of %s", o.Beat)
	}
	_, s, err := r.LastSession(ctx)
	want := session(1)
	want.Slots = 5 // the most it had
	same(t, "session", s, want)
	if err != nil || s.Clean {
		t.Errorf("clean %v while it works, %v", s.Clean, err)
	}

	if err := l.EndSession(ctx, StateInterrupted, "signal", true, Usage{Workers: 3, CPU: time.Second, MaxRSS: 1}); err != nil {
		t.Fatal(err)
	}
	if o, err := r.Owner(ctx); o != nil || err != nil {
		t.Errorf("after the session the owner is %+v, %v", o, err)
	}
	if _, s, _ := r.LastSession(ctx); !s.Clean {
		t.Error("a clean end is not known as one")
	}
	if sum := must[Summary](t)(r.Summary(ctx)); sum.State != StateInterrupted || sum.Reason != "signal" || sum.FinishedAt == "" {
		t.Errorf("after the session: %+v", sum)
	}

	// The next one is killed: the third finds its owner, and replaces it.
	beginSession(t, l, 2)
	if sum := must[Summary](t)(r.Summary(ctx)); sum.State != StateRunning || sum.Reason != "" || sum.FinishedAt != "" {
		t.Errorf("in the second session: %+v", sum)
	}
	beginSession(t, l, 3)
	if o := must[*Owner](t)(r.Owner(ctx)); o.Session != 3 || o.PID != 103 {
		t.Errorf("the owner is %+v", o)
	}
	if n, s, _ := r.LastSession(ctx); n != 3 || s.Clean {
		t.Errorf("the last session is %d, clean %v", n, s.Clean)
	}
}

func TestSetConfig(t *testing.T) {
	l := create(t)
	if err := l.SetConfig(t.Context(), []byte(`{"b":2}`)); err != nil {
		t.Fatal(err)
	}
	same(t, "configuration", string(must[Summary](t)(l.Reader().Summary(t.Context())).Config), `{"b":2}`)
}

// open lists the open intents of an epoch as seq:attempt@seconds after noon.
func open(t *testing.T, r *Reader, epoch int64) []string {
	t.Helper()
	var out []string
	err := r.OpenIntents(t.Context(), epoch, func(seq jobs.Seq, attempt int, sent time.Time) {
		out = append(out, fmt.Sprintf("%d:%d@%.0f", seq, attempt, sent.Sub(noon).Seconds()))
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func intent(epoch int64, first jobs.Seq, count, attempt, at int) Intent {
	return Intent{Epoch: epoch, At: after(time.Duration(at) * time.Second), First: first, Count: count, Attempt: attempt}
}

func waits(seq jobs.Seq) Retry { return Retry{Seq: seq, Attempts: 1, Due: noon, First: noon} }

// TestOpenIntents: an intent is open until the record's try is answered; that of
// another try, or of another epoch, says nothing.
func TestOpenIntents(t *testing.T) {
	l := create(t)
	r := l.Reader()
	step := func(what string, c Commit, epoch int64, want ...string) {
		t.Helper()
		commit(t, l, &c)
		if got := open(t, r, epoch); !slices.Equal(got, want) {
			t.Errorf("%s: open are %v, want %v", what, got, want)
		}
	}
	step("none yet", Commit{}, 1)
	step("a row for two", Commit{Intents: []Intent{intent(1, 4, 2, 1, 1)}}, 1, "4:1@1", "5:1@1")
	step("one is answered, and waits", Commit{Retries: []Retry{waits(5)}}, 1, "4:1@1")
	step("its second try", Commit{Intents: []Intent{intent(1, 5, 1, 2, 2)}}, 1, "4:1@1", "5:2@2")
	// The answer and the next intent may come in one commit: the answer is to
	// what was before.
	step("answered and sent at once", Commit{Retries: []Retry{waits(5)}, Intents: []Intent{intent(1, 5, 1, 3, 3)}}, 1, "4:1@1", "5:3@3")
	step("another epoch", Commit{Intents: []Intent{intent(2, 9, 1, 1, 4)}}, 2, "9:1@4")
	if got, want := open(t, r, 1), []string{"4:1@1", "5:3@3"}; !slices.Equal(got, want) {
		t.Errorf("of the first epoch are open %v, want %v", got, want)
	}
}

// TestOpenIntentsOfChunks: intents of a chunk that is closed are not looked at,
// those of the ones behind it are.
func TestOpenIntentsOfChunks(t *testing.T) {
	l := create(t)
	commit(t, l, &Commit{
		Chunks:  []Chunk{{Chunk: 0, Closed: true, OK: ChunkSize}, {Chunk: 2, Bits: make([]byte, ChunkSize/8)}},
		Intents: []Intent{intent(1, ChunkSize-1, 1, 1, 1), intent(1, ChunkSize, 1, 1, 2), intent(1, 3*ChunkSize, 1, 1, 4), intent(1, 2*ChunkSize+7, 1, 1, 3)},
	})
	want := []string{"65536:1@2", "131079:1@3", "196608:1@4"}
	if got := open(t, l.Reader(), 1); !slices.Equal(got, want) {
		t.Errorf("open are %v, want %v", got, want)
	}
}

// TestNotes: what a session has taken over stays until it is settled, and a later
// takeover, which may know less, does not replace it.
func TestNotes(t *testing.T) {
	l := create(t)
	ctx, r := t.Context(), l.Reader()
	answer := Note{Seq: 3, Attempt: 2, Kind: NoteAnswer, Payload: []byte{0, 1}, First: noon}
	loss := Note{Seq: 4, Attempt: 1, Kind: NoteLoss, First: noon}
	unknown := Note{Seq: 5, Attempt: 1, Kind: NoteUnknown, Payload: []byte("why"), First: noon}
	beginSession(t, l, 1, answer, loss)
	lessKnown := answer
	lessKnown.Kind, lessKnown.Payload = NoteUnknown, nil
	beginSession(t, l, 2, lessKnown, unknown)
	same(t, "notes", must[[]Note](t)(r.Notes(ctx)), []Note{answer, loss, unknown})
	commit(t, l, &Commit{SettledNotes: []jobs.Seq{4, 77}})
	same(t, "notes", must[[]Note](t)(r.Notes(ctx)), []Note{answer, unknown})

	// Decisions about notes: one becomes an answer, one is done again.
	if err := l.DecideNotes(ctx, []Resolution{
		{Seq: 3, At: noon, By: "me", Decision: DecideRetry, Reason: "not there"},
		{Seq: 5, At: noon, By: "me", Decision: DecideOK, Reason: "it is there", Was: "why"},
	}, [][]byte{nil, {7}}); err != nil {
		t.Fatal(err)
	}
	unknown.Kind, unknown.Payload = NoteAnswer, []byte{7}
	same(t, "notes", must[[]Note](t)(r.Notes(ctx)), []Note{unknown})
	same(t, "events", must[[]Event](t)(r.Events(ctx, 3)), []Event{{At: "2026-11-23T12:00:00.005Z", What: "resolved", Class: "retry", By: "me", Text: "not there"}})
}
