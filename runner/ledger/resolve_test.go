package ledger

import (
	"brood/jobs"
	"testing"
	"time"
)

// unknowns makes a run that is done, in which the records of seqs are unknown and
// all others of their chunks are ok.
func unknowns(t *testing.T, seqs ...jobs.Seq) *Ledger {
	t.Helper()
	l := create(t)
	beginSession(t, l, 1)
	c := &Commit{InputDone: true}
	chunks := map[uint64]*Chunk{}
	for _, seq := range seqs {
		n := uint64(seq / ChunkSize)
		if chunks[n] == nil {
			bits := make([]byte, ChunkSize/8)
			for i := range bits {
				bits[i] = 0xff
			}
			chunks[n] = &Chunk{Chunk: n, Closed: true, OK: ChunkSize, Bits: bits}
		}
		chunks[n].OK--
		chunks[n].Bits[seq%ChunkSize/8] &^= 1 << (seq % 8)
		c.Outcomes = append(c.Outcomes, Outcome{Seq: seq, Status: jobs.StatusUnknown, Class: "crash", Error: "gone", Attempts: 2, Crashes: 2, At: noon})
	}
	for _, chunk := range chunks {
		c.Chunks = append(c.Chunks, *chunk)
		c.Totals.Input += ChunkSize
	}
	c.Totals.Unknown = uint64(len(seqs))
	c.Totals.OK = c.Totals.Input - c.Totals.Unknown
	commit(t, l, c)
	if err := l.EndSession(t.Context(), StateDone, "", true, Usage{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func resolve(t *testing.T, l *Ledger, list ...Resolution) {
	t.Helper()
	if err := l.Resolve(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

func decided(seq jobs.Seq, d Decision) Resolution {
	return Resolution{Seq: seq, At: after(time.Minute), By: "me@here", Decision: d, Reason: "I looked", Was: "gone"}
}

// TestResolve: a decision changes the books and leaves an amendment for the output;
// only a record that is tried again opens its chunk and the run.
func TestResolve(t *testing.T) {
	const a, b, c, d = 5, 6, ChunkSize + 1, 2*ChunkSize - 1
	l := unknowns(t, a, b, c, d)
	ctx, r := t.Context(), l.Reader()
	before := must[Summary](t)(r.Summary(ctx))

	resolve(t, l, decided(a, DecideOK), decided(b, DecideOK))
	sum := must[Summary](t)(r.Summary(ctx))
	if sum.State != StateDone || sum.Totals.OK != before.Totals.OK+2 || sum.Totals.Unknown != 2 || sum.Totals.Pending() != 0 {
		t.Errorf("after two that are ok: %+v", sum)
	}
	// All of that chunk are ok now, and that needs no bits.
	same(t, "chunk 0", must[[]Chunk](t)(r.Chunks(ctx, BitsOfAll))[0], Chunk{Closed: true, OK: ChunkSize})

	resolve(t, l, decided(c, DecideFailed), decided(d, DecideRetry))
	sum = must[Summary](t)(r.Summary(ctx))
	if sum.State != StateInterrupted || sum.Totals.Failed != 1 || sum.Totals.Unknown != 0 || sum.Totals.Pending() != 1 {
		t.Errorf("after one that failed and one to be tried again: %+v", sum)
	}
	if chunk := must[[]Chunk](t)(r.Chunks(ctx, BitsOfAll))[1]; chunk.Closed || chunk.OK != ChunkSize-2 || len(chunk.Bits) != ChunkSize/8 {
		t.Errorf("chunk 1: closed %v, %d ok, %d bytes of bits", chunk.Closed, chunk.OK, len(chunk.Bits))
	}
	for seq, want := range map[jobs.Seq]jobs.Status{a: jobs.StatusOK, b: jobs.StatusOK, c: jobs.StatusFailed, d: jobs.StatusPending} {
		if got, err := r.StatusOf(ctx, seq); got != want || err != nil {
			t.Errorf("record %d is %s, want %s: %v", seq, got, want, err)
		}
	}
	if o := must[*Outcome](t)(r.Outcome(ctx, c)); o.Class != jobs.ClassResolved || o.Error != "I looked" || o.Attempts != 2 {
		t.Errorf("the failed one: %+v", o)
	}
	// Its tries count on, its crashes do not: they were what nobody understood.
	same(t, "retries", must[[]Retry](t)(r.Retries(ctx)), []Retry{{Seq: d, Attempts: 2, Due: after(time.Minute), First: after(time.Minute)}})
	same(t, "unknowns", must[[]Outcome](t)(r.Unknowns(ctx)), []Outcome(nil))
	same(t, "events", must[[]Event](t)(r.Events(ctx, d)), []Event{{At: "2026-11-23T12:01:00.005Z", What: "resolved", Class: "retry", By: "me@here", Text: "I looked"}})
	same(t, "redone", must[map[jobs.Seq]bool](t)(r.Redone(ctx)), map[jobs.Seq]bool{d: true})
}

// TestResolveAnswersIntents: what is tried again is not open as of its old intent.
func TestResolveAnswersIntents(t *testing.T) {
	l := unknowns(t, 5)
	commit(t, l, &Commit{Chunks: []Chunk{{Chunk: 0, Bits: make([]byte, ChunkSize/8)}}, Intents: []Intent{intent(1, 5, 1, 1, 1)}})
	resolve(t, l, decided(5, DecideRetry))
	if got := open(t, l.Reader(), 1); got != nil {
		t.Errorf("open are %v", got)
	}
}

// TestResolveOfNothing: a decision whose chunk the ledger does not know, or has
// damaged, changes nothing, not even for the others of the list.
func TestResolveOfNothing(t *testing.T) {
	for name, damage := range map[string]Chunk{"no chunk": {Chunk: 9}, "short bits": {Chunk: 1, Bits: []byte{1}}} {
		t.Run(name, func(t *testing.T) {
			l := unknowns(t, 5)
			commit(t, l, &Commit{
				Totals: Totals{Input: 3, Unknown: 2}, Chunks: []Chunk{damage},
				Outcomes: []Outcome{{Seq: ChunkSize, Status: jobs.StatusUnknown, At: noon}},
			})
			if err := l.Resolve(t.Context(), []Resolution{decided(5, DecideOK), decided(ChunkSize, DecideOK)}); err == nil {
				t.Fatal("a record of a chunk that cannot be read is ok now")
			}
			r := reader(t, l)
			if n := len(must[[]Outcome](t)(r.Unknowns(t.Context()))); n != 2 {
				t.Errorf("%d are unknown, want the 2 that were", n)
			}
			same(t, "totals", must[Summary](t)(r.Summary(t.Context())).Totals, Totals{Input: 3, Unknown: 2})
			same(t, "events", must[[]Event](t)(r.Events(t.Context(), 5)), []Event(nil))
		})
	}
}

// TestAmend: rows of the output are replaced once it is known by what; the ledger
// says which file has to take the output's place until that is done.
func TestAmend(t *testing.T) {
	l := unknowns(t, 1, 2, 3, 4)
	ctx, r := t.Context(), l.Reader()
	resolve(t, l, decided(1, DecideOK), decided(2, DecideFailed), decided(3, DecideRetry), decided(4, DecideRetry))
	// A row of no bytes is known, too: as text, a record that failed has none.
	commit(t, l, &Commit{Amended: []Amendment{{Seq: 4, Bytes: nil}}, OutputBytes: 50})
	want := []Amendment{{Seq: 1, Decision: DecideOK, Reason: "I looked"}, {Seq: 2, Decision: DecideFailed, Reason: "I looked"}, {Seq: 4, Decision: DecideRetry, Reason: "I looked"}}
	same(t, "amendments", must[[]Amendment](t)(r.Amendments(ctx)), want)

	if err := l.Amend(ctx, 77, nil, "/out.csv.new"); err != nil {
		t.Fatal(err)
	}
	if out, err := r.Output(ctx); out.Bytes != 77 || err != nil {
		t.Errorf("the output has %d bytes, %v", out.Bytes, err)
	}
	same(t, "replacement", must[string](t)(r.Replacement(ctx)), "/out.csv.new")
	same(t, "amendments", must[[]Amendment](t)(r.Amendments(ctx)), []Amendment(nil))
	same(t, "redone", must[map[jobs.Seq]bool](t)(r.Redone(ctx)), map[jobs.Seq]bool{3: true})
	if err := l.Amended(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, "replacement", must[string](t)(r.Replacement(ctx)), "")
	if err := l.Amend(ctx, 78, nil, ""); err != nil {
		t.Fatal(err)
	}
	same(t, "replacement of an output that was amended in place", must[string](t)(r.Replacement(ctx)), "")
}
